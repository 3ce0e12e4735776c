import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#domain/ledger/chain.ts';
import { axe } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startSystem, type TestSystem } from '../support/system.ts';

/** The dashboard in a browser against the Worker, its objects, queues and embedded services (UI-3). */

let system: TestSystem;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  system = await startSystem({ dashboard: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  const { token } = await system.client().createSignInLink();
  await page.goto(`${system.url}/signin?token=${encodeURIComponent(token)}`);
  await page.getByRole('heading', { name: 'Pipelines', exact: true }).waitFor();
});
afterEach(async () => {
  await context.close();
  expect(problems.splice(0)).toEqual([]);
});

const run = async (title: RegExp): Promise<string> => {
  await page.getByRole('button', { name: title }).click();
  await page.waitForURL(/\/pipelines\/pl_/);
  return new URL(page.url()).pathname.split('/').at(-1)!;
};

describe('the dashboard against the real Worker', () => {
  it('UI-3, RUN-7: one click runs the sample; it is watched live from its start to its verdict', async () => {
    const id = await run(/^Run .*(encrypt|database|sample|may we)/i);
    await page.getByText('embedded (not an LLM)').first().waitFor();
    await page.getByText(/^Verdict: “/).waitFor();
    await page.getByText('All tokens are confirmed gone.').waitFor();
    const { events } = await eventsOf(id);
    await page.getByText(`${events.length} events, chain verified`).waitFor();
    expect(await axe(page)).toEqual([]);

    const firstProposal = events.find((e) => e.type === 'proposal_written')!;
    await page.getByRole('slider', { name: 'Event shown' }).fill(String(firstProposal.seq - 1));
    await page.getByText('ALPHA and BETA write their proposals in the first round.').waitFor();
    await page.getByRole('button', { name: 'Back to live' }).click();
    await page.getByText(/^Verdict: “/).waitFor();

    await page.getByRole('link', { name: 'Pipelines', exact: true }).first().click();
    await page
      .getByRole('row', { name: /encrypt-checkout-db/ })
      .getByText('COMPLETED')
      .waitFor();
  });

  it('UI-4, RUN-7: a violation shows its rule in red, and that everything was revoked', async () => {
    await run(/^Run .*violation/i);
    await page.getByText(/^CRITICAL violation/).waitFor();
    await page.getByText('Failed: a critical rule was broken').waitFor();
    await page.getByText('All tokens are confirmed gone.').waitFor();
    await page.getByRole('region', { name: 'Actions' }).getByText('denied', { exact: true }).waitFor();
  });

  it('UI-4: a plan of one’s own is checked, waits for Continue, goes on, and is stopped with a reason', async () => {
    await page.getByRole('button', { name: 'New pipeline' }).click();
    const plan = page.getByLabel('Plan (YAML or JSON)');
    await plan.fill('name: own\nversion: 1.0.0\nobjectve: x\n');
    await page
      .getByRole('button', { name: /line 3/ })
      .first()
      .waitFor();
    await plan.fill('name: own-plan\nversion: 1.0.0\ntier: 1\nobjective: Is the door shut?\n');
    await page.getByLabel('Wait for me after the planner’s report').check();
    await page.getByText('Ready to run').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('waits for a person to read it').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('enough seen');
    await page.getByRole('button', { name: 'Stop and revoke' }).click();
    await page.getByText('Failed: a person stopped it').waitFor();
    await page.getByText('All tokens are confirmed gone.').waitFor();
  });

  it('TEN-3, SEC-1: the session is an HttpOnly cookie, the page has its CSP, and signing out ends both', async () => {
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: expect.stringMatching(/Strict|Lax/) });
    const response = await page.goto(system.url);
    expect(response?.headers()['content-security-policy']).toContain("script-src 'self'");
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect((await page.request.get(`${system.url}/api/auth/whoami`)).status()).toBe(401);
  });
});

describe('an outage', () => {
  it('UI-2, REC-6: the page says that it is stale, and is live again by itself once the Worker is back', async () => {
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await system.kill();
    await page.getByText('Reconnecting').waitFor();
    await system.restart();
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await page.getByRole('row', { name: /encrypt-checkout-db/ }).waitFor();
  });
});

async function eventsOf(pipelineId: string) {
  const events = await Array.fromAsync(system.client().allEvents(pipelineId));
  expect(verifyChain(events)).toEqual({ ok: true, count: events.length });
  return { events };
}
