import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { buildDashboard } from '#scripts/start/dashboard.ts';
import { launchBrowser } from './browser.ts';
import { type DashboardServer, type Served, startDashboardServer } from './fixtures/dashboard-server.ts';

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

export interface StageOptions {
  /** A context of the test's own, e.g. a phone or a dark one. */
  context?: ContextOptions;
  server?: Parameters<typeof startDashboardServer>[1];
  /** False: nobody is signed in. */
  signedIn?: boolean;
}

export interface Stage {
  /** The stand-in server of this test. */
  readonly server: DashboardServer;
  readonly context: BrowserContext;
  /** The page `path` of a tenant that has these runs. */
  open(runs: Served[], path: string, options?: StageOptions): Promise<Page>;
}

/**
 * The built dashboard before a stand-in server. One browser, one address and one context per file, because a browser that has the
 * scripts already opens a page in a third of the time; cookies and storage begin empty in each test. What the page reports as an
 * error fails its test.
 */
export function dashboardStage(): Stage {
  let browser: Browser;
  let shared: BrowserContext;
  let context: BrowserContext;
  let server: DashboardServer | null = null;
  let port: number | undefined;
  const problems: string[] = [];

  beforeAll(async () => {
    await buildDashboard();
    browser = await launchBrowser();
    shared = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(context.pages().map((page) => page.close()));
    if (context !== shared) await context.close();
    await server?.close();
    server = null;
    expect(problems.splice(0)).toEqual([]);
  });

  async function emptyContext(options: ContextOptions | undefined): Promise<BrowserContext> {
    if (options) return browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await shared.clearCookies();
    return shared;
  }

  return {
    get server() {
      if (!server) throw new Error('open() comes first');
      return server;
    },
    get context() {
      return context;
    },
    async open(runs, path, options = {}) {
      server = await startDashboardServer(runs, { ...options.server, port });
      port = Number(new URL(server.url).port);
      context = await emptyContext(options.context);
      const page = await context.newPage();
      await page.goto(`${server.url}/favicon.svg`);
      await page.evaluate(() => localStorage.clear());
      // The fixtures' runs are half an hour old, whatever day it is.
      await page.clock.setFixedTime('2026-11-22T12:30:00.000Z');
      page.setDefaultTimeout(15_000);
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        // The browser itself reports failed requests; those of the tests are meant to fail.
        if (
          message.type() === 'error' &&
          !/Failed to load resource|WebSocket connection/.test(message.text())
        )
          problems.push(message.text());
      });
      if (options.signedIn !== false)
        await context.addCookies([
          { name: 'ags_session', value: '1', url: server.url, httpOnly: true, sameSite: 'Strict' },
        ]);
      await page.goto(server.url + path);
      return page;
    },
  };
}

/** Presses a button that asks for a reason, gives one, and confirms. */
export async function press(page: Page, button: string, confirm: string, reason?: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  // Toasts are dialogs too.
  const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Reason') });
  if (reason) await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: confirm, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** The address of the fixtures' run of this number. */
export const runPath = (n: number): string => `/pipelines/pl_demo${String(n).padStart(12, '0')}`;
