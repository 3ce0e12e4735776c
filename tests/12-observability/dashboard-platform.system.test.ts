import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { axe } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startSystem, type TestSystem } from '../support/system.ts';

/** The platform admin's own pages in a browser against the Worker: tenants, their quotas, their first key. */

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

async function fresh(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
}
beforeEach(() => fresh());
afterEach(async () => {
  await context.close();
  expect(problems.splice(0)).toEqual([]);
});

const heading = (name: string) => page.getByRole('heading', { name, exact: true });
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
async function giveKey(key: string): Promise<void> {
  await page.getByLabel('Platform key').fill(key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}
async function asPlatform(path = '/platform'): Promise<void> {
  await page.goto(system.url + path);
  await giveKey(system.keys.platform);
  await page.getByRole('button', { name: 'Sign out of the platform' }).waitFor();
}
/** How far the page is wider than the screen, in pixels. */
const tooWide = (): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('the platform admin', () => {
  it('TEN-3, SEC-1: signs in with the platform’s key alone, into a cookie that no script reads; signing out ends it', async () => {
    await page.goto(`${system.url}/signin`);
    await page.getByRole('link', { name: 'platform admin’s' }).click();
    await heading('Platform admin').waitFor();
    expect(await axe(page)).toEqual([]);
    await giveKey(system.keys.approver);
    await page.getByRole('alert').getByText('This is not the platform admin’s key.').waitFor();
    await giveKey(system.keys.platform);
    await heading('Tenants').waitFor();
    await page.getByText(/signed in until/).waitFor();
    const [cookie, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'ags_platform', httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
      'agsp_',
    );
    // It is nobody's session of a tenant.
    expect((await page.request.get(`${system.url}/api/auth/whoami`)).status()).toBe(401);
    await page.getByRole('button', { name: 'Sign out of the platform' }).click();
    await heading('Platform admin').waitFor();
    const headers = { cookie: `ags_platform=${cookie?.value}` };
    expect((await fetch(`${system.url}/api/tenants`, { headers })).status).toBe(401);
  });

  it('TEN-1, TEN-4: a tenant’s admin is shown the sign-in and nothing behind it', async () => {
    const { token } = await system.client(system.keys.approver).createSignInLink();
    await page.goto(`${system.url}/signin?token=${encodeURIComponent(token)}`);
    await heading('Pipelines').waitFor();
    expect(
      await page
        .getByRole('navigation')
        .getByRole('link', { name: /Tenants|Platform/ })
        .count(),
    ).toBe(0);
    for (const path of ['/platform', '/platform/tenants/local']) {
      await page.goto(system.url + path);
      await heading('Platform admin').waitFor();
      expect(await page.getByText('local').count()).toBe(0);
    }
    expect((await page.request.get(`${system.url}/api/tenants`)).status()).toBe(403);
    // Looking there has ended nothing of their own.
    await page.goto(system.url);
    await heading('Pipelines').waitFor();
  });

  it('TEN-1, TEN-2, UI-1: makes a tenant, whose first key is shown once and opens it; another is made after a second click', async () => {
    await asPlatform();
    await page.getByRole('rowheader', { name: 'Local' }).waitFor();
    await page.getByRole('button', { name: 'New tenant' }).click();
    const make = dialog('New tenant');
    await make.getByLabel('Name').fill('Acme Payments');
    expect(await make.getByLabel('Id').inputValue()).toBe('acme-payments');
    await make.getByLabel('Id').fill('Acme!');
    await make.getByText('This cannot be an id.').waitFor();
    expect(await make.getByRole('button', { name: 'Make the tenant' }).isDisabled()).toBe(true);
    await make.getByLabel('Id').fill('local');
    await make.getByRole('button', { name: 'Make the tenant' }).click();
    // What is there already is refused in the dialog, with what was filled in.
    await make.getByRole('alert').waitFor();
    expect(await axe(page)).toEqual([]);
    await make.getByLabel('Id').fill('acme');
    await make.getByRole('button', { name: 'Make the tenant' }).click();
    const shown = dialog('An admin’s key for acme');
    const secret = (await shown.getByRole('status').textContent()) ?? '';
    expect(secret).toMatch(/^ags_acme_k/);
    expect(await axe(page)).toEqual([]);
    await shown.getByRole('button', { name: 'I have kept it' }).click();
    const row = page.getByRole('row', { name: /Acme Payments/ });
    await row.getByText('within its quotas').waitFor();
    await row.getByText('of 100').waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await system.client(secret).whoami()).toMatchObject({ tenant: 'acme', role: 'admin' });

    await row.getByRole('link', { name: 'Acme Payments' }).click();
    await page.getByRole('button', { name: 'New admin’s key…' }).click();
    const asks = dialog('An admin’s key for acme?');
    await asks.getByRole('button', { name: 'Make the key' }).click();
    const again = (await dialog('An admin’s key for acme').getByRole('status').textContent()) ?? '';
    expect(again).not.toBe(secret);
    expect((await system.client(again).whoami()).tenant).toBe('acme');
    await page.keyboard.press('Escape');
    // Both are on record in the tenant's own log, which the ledger copies.
    const makers = async () =>
      (await system.client(secret).ledger({ type: 'key_created' })).items.map(({ actor }) => actor);
    await expect.poll(makers, { timeout: 30_000 }).toEqual(['platform:admin', 'platform:admin']);
  });

  it('TEN-1: sets a quota after being told what it would do; the tenant’s own admin sees the bound, and goes below it', async () => {
    const made = await system.client(system.keys.platform).createTenant({ tenant: 'globex', name: 'Globex' });
    const tenant = system.client(made.bootstrap.secret);
    await asPlatform('/platform/tenants/globex');
    await heading('Globex').waitFor();
    const change = async (label: string) => {
      await page.getByRole('button', { name: `Change: ${label}` }).click();
      return dialog(label);
    };
    const atOnce = await change('Pipelines at once');
    await atOnce.getByLabel('Limit').fill('-1');
    expect(await atOnce.getByRole('button', { name: 'Set it' }).isDisabled()).toBe(true);
    await atOnce.getByLabel('Limit').fill('0');
    await atOnce.getByText('No pipeline is begun at all.').waitFor();
    expect(await axe(page)).toEqual([]);
    await atOnce.getByRole('button', { name: 'Set it' }).click();
    await atOnce.waitFor({ state: 'detached' });
    await page.getByText('used up').waitFor();
    const plan = 'name: p\nversion: 1.0.0\ntier: 1\nobjective: Is it on?\n';
    await expect(tenant.spawn({ plan: { source: plan } })).rejects.toMatchObject({
      problem: { code: 'quota_exceeded' },
    });

    const back = await change('Pipelines at once');
    await back.getByRole('checkbox', { name: 'The default: 100' }).check();
    await back.getByRole('button', { name: 'Set it' }).click();
    await back.waitFor({ state: 'detached' });
    await expect.poll(async () => (await tenant.quotas()).quotas.live_pipelines).toBe(100);

    const kept = await change('Days that the ledger is kept');
    await kept.getByLabel('Limit').fill('400');
    await kept.getByRole('button', { name: 'Set it' }).click();
    await kept.waitFor({ state: 'detached' });
    const shorter = await change('Days that the ledger is kept');
    await shorter.getByLabel('Limit').fill('365');
    await shorter.getByText('do not come back by raising it again').waitFor();
    await shorter.getByRole('button', { name: 'Cancel' }).click();

    await fresh();
    await page.goto(`${system.url}/signin?next=/quotas`);
    await page.getByLabel('API key').fill(made.bootstrap.secret);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading('Quotas and usage').waitFor();
    const own = await change('Days that the ledger is kept');
    await own.getByText('what is laxer than the platform allows, 400, changes nothing').waitFor();
    await own.getByLabel('Limit').fill('500');
    await own.getByRole('button', { name: 'Set it' }).click();
    await own.waitFor({ state: 'detached' });
    await expect.poll(async () => (await tenant.quotas()).quotas.retention_days).toBe(500);
    expect((await tenant.quotas()).allowed.retention_days).toBe(400);
  });

  it('TEN-1: an address of no tenant, and a server that is down, are told with what to do', async () => {
    await asPlatform('/platform/tenants/not-there');
    await page
      .getByRole('alert')
      .getByText(/not-there|no such|found/i)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Tenants', exact: true }).click();
    await page.getByRole('rowheader', { name: 'Local' }).waitFor();
    await page.route('**/api/tenants', (route) => route.abort());
    await page.reload();
    await page.getByText('The server cannot be reached').waitFor();
    await page.unroute('**/api/tenants');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('rowheader', { name: 'Local' }).waitFor();
    // One tenant that does not answer leaves the others standing.
    await page.route('**/api/tenants/local/quotas', (route) => route.abort());
    await page.reload();
    await page.getByRole('row', { name: /Local/ }).getByText('unknown').first().waitFor();
    // A session that ended elsewhere leads to the sign-in.
    await context.clearCookies();
    await page.reload();
    await heading('Platform admin').waitFor();
  });

  it('TEN-1: a deployment without a tenant says what one is; of many, one is found by its letters', async () => {
    const many = (n: number) => ({
      items: Array.from({ length: n }, (_, i) => ({
        tenant: `team-${i}`,
        name: `Team ${i}`,
        created_at: '2026-11-01T08:00:00.000Z',
      })),
      next_cursor: null,
    });
    await asPlatform();
    await page.route('**/api/tenants', (route) => route.fulfill({ json: many(0) }));
    await page.reload();
    await page.getByText('There is no tenant yet').waitFor();
    await page.getByRole('button', { name: 'New tenant' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.unroute('**/api/tenants');
    await page.route('**/api/tenants', (route) => route.fulfill({ json: many(120) }));
    await page.reload();
    await page.getByText('50 of 120 tenants shown').waitFor();
    await page.getByLabel('Find a tenant').fill('TEAM-117');
    await page.getByRole('rowheader', { name: 'Team 117' }).waitFor();
    expect(await page.getByRole('rowheader').count()).toBe(1);
    await page.getByLabel('Find a tenant').fill('nobody');
    await page.getByText('No tenant has these letters').waitFor();
  });

  it.each([
    ['light', { viewport: { width: 1280, height: 900 } }],
    ['dark', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ] as const)(
    'UI-2: its pages have no violation of WCAG 2.2 AA and cut nothing off: %s, %o',
    async (colorScheme, screen) => {
      await fresh({ colorScheme, ...screen });
      await asPlatform();
      await page.getByText('within its quotas').first().waitFor();
      expect([await tooWide(), await axe(page)]).toEqual([0, []]);
      await page.getByRole('link', { name: 'Local' }).click();
      await page.getByRole('button', { name: 'Change: Pipelines at once' }).waitFor();
      expect([await tooWide(), await axe(page)]).toEqual([0, []]);
    },
  );
});
