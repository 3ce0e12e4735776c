import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { buildDashboard } from '#scripts/start/dashboard.ts';
import { axe } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import {
  longRun,
  undecidedRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import {
  type DashboardServer,
  KEY,
  type Served,
  startDashboardServer,
} from '../support/fixtures/dashboard-server.ts';

/** What a real run rarely gives: lost lines, broken chains, 10,000 events, 1,000 pipelines, every state at once. */

const RUN = (n: number): string => `/pipelines/pl_demo${String(n).padStart(12, '0')}`;

let browser: Browser;
let context: BrowserContext;
let server: DashboardServer;
const problems: string[] = [];

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  await context.close();
  await server.close();
  expect(problems.splice(0)).toEqual([]);
});

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

async function open(
  runs: Served[],
  path: string,
  options: { context?: ContextOptions; server?: Parameters<typeof startDashboardServer>[1] } = {},
): Promise<Page> {
  server = await startDashboardServer(runs, options.server);
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options.context });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // The browser itself reports failed requests; those of the tests are meant to fail.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text()))
      problems.push(message.text());
  });
  await page.goto(`${server.url}/signin?token=${server.link()}`);
  await page.getByRole('heading', { name: 'Pipelines', exact: true }).waitFor();
  if (path !== '/') await page.goto(server.url + path);
  return page;
}

const allRuns = (): Served[] =>
  [verdictRun(12), violationRun(11), waitingRun(13), workingRun(14)].map((rig) => ({ rig }));

describe('sign-in', () => {
  it('TEN-3: a one-time link signs in, leaves the address bar, and does not work twice', async () => {
    const page = await open([], '/');
    expect(page.url()).toBe(`${server.url}/`);
    const token = server.link();
    await context.clearCookies();
    await page.goto(`${server.url}/signin?token=${token}`);
    await page.getByRole('heading', { name: 'Pipelines', exact: true }).waitFor();
    await context.clearCookies();
    await page.goto(`${server.url}/signin?token=${token}`);
    await page.getByRole('alert').getByText('not valid').waitFor();
    expect(page.url()).toBe(`${server.url}/signin`);
  });

  it('TEN-3: a key signs in and leads back to the page that asked for it; signing out ends it', async () => {
    const page = await open(allRuns(), '/');
    await context.clearCookies();
    await page.goto(server.url + RUN(12));
    await page.getByLabel('API key').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('not valid').waitFor();
    await page.getByLabel('API key').fill(KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'encrypt-checkout-db' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await context.cookies()).toEqual([]);
  });
});

describe('pipelines', () => {
  it('UI-2: the list changes by itself, and tells a lost connection from a live one', async () => {
    const rig = waitingRun(13);
    const page = await open([{ rig }], '/');
    const row = page.getByRole('row', { name: /encrypt-checkout-db/ });
    await row.getByText('waits for you').waitFor();
    rig.when({ kind: 'revoke', agent_id: null, reason: 'test' });
    server.publish();
    await row.getByText('FAILED', { exact: true }).waitFor();
    server.cut(true);
    await page.getByText('Reconnecting').waitFor();
    server.cut(false);
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  });

  it('UI-2: 1,000 pipelines are paged, filtered by text and by state', async () => {
    const runs = Array.from({ length: 1_000 }, (_, i) => ({
      rig: i % 10 === 0 ? violationRun(i + 1) : waitingRun(i + 1),
    }));
    const page = await open(runs, '/');
    await page.getByText('1–40 of 1,000').waitFor();
    expect(await page.getByRole('row').count()).toBe(41);
    await page.getByRole('button', { name: 'Older pipelines' }).click();
    await page.getByText('41–80 of 1,000').waitFor();
    await page.getByLabel('Ended').check({ force: true });
    await page.getByText('1–40 of 100').waitFor();
    await page.getByLabel('Search pipelines').fill('no such thing');
    await page.getByText('No pipeline fits these filters').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText('1–40 of 1,000').waitFor();
  });

  it('RUN-7: one click runs a sample and opens its page', async () => {
    const page = await open([], '/', { server: { spawn: () => workingRun(20) } });
    await page.getByText('No pipeline has run yet').waitFor();
    await page.getByRole('button', { name: 'Run A disagreement' }).click();
    await page.getByRole('heading', { name: 'rotate-search-keys' }).waitFor();
    expect(page.url()).toBe(server.url + RUN(20));
    const spawn = server.requests.find((r) => r.path === '/api/spawn');
    expect(spawn?.body).toMatchObject({ plan: { source: 'name: disagreement\n', files: {} } });
  });

  it('RUN-7: a refused spawn says why and leaves the page usable', async () => {
    const page = await open([], '/');
    await page.getByRole('button', { name: 'Run A violation' }).click();
    await page.getByText('Two live pipelines are the most').first().waitFor();
    expect(await page.getByRole('button', { name: 'Run A violation' }).isEnabled()).toBe(true);
  });

  it('DSL-1: the spawn dialog shows a mistake with its line and column, and runs once it is mended', async () => {
    const page = await open([], '/', { server: { spawn: () => waitingRun(21) } });
    await page.getByRole('button', { name: 'New pipeline' }).click();
    const plan = page.getByLabel('Plan (YAML or JSON)');
    await plan.fill('name: a\nobjectve: typo\n');
    await page.getByText('There is no field “objectve”').waitFor();
    await page.getByRole('button', { name: 'line 2, column 1' }).click();
    expect(await plan.evaluate((el: HTMLTextAreaElement) => el.selectionStart)).toBe(8);
    expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await page
      .getByLabel('Add context files')
      .setInputFiles({ name: 'note.md', mimeType: 'text/markdown', buffer: Buffer.from('# Note') });
    await plan.fill('name: a\nobjective: right\n');
    await page.getByLabel('Wait for me after the planner’s report').check();
    await page.getByText('Ready to run').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('waits for a person to read it').waitFor();
    const spawn = server.requests.find((r) => r.path === '/api/spawn');
    expect(spawn?.body).toEqual({
      plan: { source: 'name: a\nobjective: right\n', files: { 'note.md': '# Note' } },
      auto_continue: false,
    });
  });
});

describe('one pipeline', () => {
  it('UI-4: the sentence, the verdict, the dissent and a citation’s quote can be read', async () => {
    const page = await open(allRuns(), RUN(12));
    await page.getByText('Verdict: “Do not apply; split the plan in three”').waitFor();
    await page.getByText('embedded (not an LLM)').first().waitFor();
    const proposals = page.getByRole('region', { name: 'Proposals' });
    await proposals.getByText('critical objection', { exact: true }).waitFor();
    await proposals
      .getByRole('button', { name: /§ 6\. When a Terraform plan must be split/ })
      .first()
      .click();
    await page.getByText('one apply cannot be stopped halfway').waitFor();
    await page.keyboard.press('Escape');
    await page
      .getByRole('region', { name: 'Actions' })
      .getByText('egress_allow_list', { exact: true })
      .waitFor();
  });

  it('UI-4: Continue goes on, and Stop asks for a reason before it revokes', async () => {
    const page = await open([{ rig: waitingRun(13) }], RUN(13));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Round 1: no proposal yet, no verdict.').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('wrong account');
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Stop and revoke' }).click();
    await page.getByText('Failed: a person stopped it').waitFor();
    expect(server.requests.find((r) => r.path === '/api/pipeline/revoke')?.body).toMatchObject({
      reason: 'wrong account',
    });
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0);
  });

  it('TEN-2: a viewer sees everything and has no button that would be refused', async () => {
    const page = await open([{ rig: waitingRun(13) }], RUN(13), { server: { role: 'viewer' } });
    await page.getByText('waits for a person to read it').waitFor();
    expect(await page.getByRole('button', { name: /Continue|Stop/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Pipelines', exact: true }).first().click();
    await page.getByRole('row', { name: /encrypt/ }).waitFor();
    expect(await page.getByRole('button', { name: /New pipeline|Run/ }).count()).toBe(0);
  });

  it('UI-4: time travel shows the whole page as it was, by slider and by keyboard, and goes back to live', async () => {
    const rig = verdictRun(12);
    const page = await open([{ rig }], RUN(12));
    await page.getByText('chain verified').waitFor();
    const slider = page.getByRole('slider', { name: 'Event shown' });
    const firstProposal = rig.log.find((e) => e.type === 'proposal_written')!.seq;
    await slider.fill(String(firstProposal - 1));
    await page.getByText('You are looking at the past').waitFor();
    await page.getByText('ALPHA and BETA write their proposals in the first round.').waitFor();
    await slider.press('ArrowRight');
    await page
      .getByRole('heading', { name: 'Apply the safe half tonight, the database change later' })
      .waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('ArrowLeft');
    await page.getByText('ALPHA and BETA write their proposals in the first round.').waitFor();
    await page.getByRole('button', { name: 'Back to live' }).click();
    await page.getByText('Verdict: “Do not apply').waitFor();
    expect(await page.getByText('You are looking at the past').count()).toBe(0);
  });

  it('UI-2: a run goes on live after a lost connection, without gap or repeat', async () => {
    const rig = workingRun(14);
    const page = await open([{ rig }], RUN(14));
    await page.getByText(`${rig.log.length} events, chain verified`).waitFor();
    server.cut(true);
    await page.getByText('Reconnecting').waitFor();
    for (let i = 0; i < 3; i++)
      rig.when({ kind: 'log', level: 'warn', source: 'test', message: `while away ${i}`, fields: {} });
    server.cut(false);
    await page.getByText(`${rig.log.length} events, chain verified`).waitFor();
    await page.getByRole('tab', { name: /Log/ }).click();
    const log = page.getByRole('region', { name: 'Log' });
    await log.getByText('while away 2').waitFor();
    for (let i = 0; i < 3; i++) expect(await log.getByText(`while away ${i}`).count()).toBe(1);
  });

  it('LEDG-2: a changed event is found in the browser, with its place', async () => {
    const rig = verdictRun(12);
    const events = structuredClone(rig.log) as PipelineEvent[];
    const changed = events.find((e) => e.type === 'vote_cast')!;
    (changed.body as { confidence: number }).confidence += 1;
    const page = await open([{ rig, events }], RUN(12));
    await page
      .getByRole('alert')
      .getByText(`Chain broken at event ${changed.seq}: the content does not match its hash`)
      .waitFor();
  });

  it('UI-2, UI-4: 10,000 events are followed, verified and travelled', async () => {
    const rig = longRun(10_000);
    const page = await open([{ rig }], RUN(15));
    await page.getByText('10,000 events, chain verified').waitFor({ timeout: 60_000 });
    const slider = page.getByRole('slider', { name: 'Event shown' });
    await slider.fill('7777');
    await page.getByText('event 7,777 of 10,000').waitFor();
    await page.getByRole('tab', { name: /Events/ }).click();
    const list = page.getByRole('region', { name: 'Events' });
    expect(await list.getByRole('listitem').count()).toBeLessThan(60);
    await list.getByRole('button', { name: /^7777/ }).waitFor();
  });

  it('LEDG-2: the whole log can be taken away as a file', async () => {
    const page = await open([{ rig: verdictRun(12) }], RUN(12));
    await page.getByRole('tab', { name: /Events/ }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download all' }).click();
    expect((await download).suggestedFilename()).toBe('pl_demo000000000012.jsonl');
  });

  it('CONS-8, CONS-9: a failed consensus shows each seat’s reason and can be stopped', async () => {
    const page = await open([{ rig: undecidedRun(16) }], RUN(16));
    await page.getByText('The agents could not agree.').first().waitFor();
    await page
      .getByRole('region', { name: 'Minority report' })
      .getByText('It does not answer what')
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).isEnabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
  });

  it('TEN-1: a pipeline that is not there says so', async () => {
    const page = await open([], '/pipelines/pl_nothinghere');
    await page.getByText('There is nothing at this address').waitFor();
  });
});

describe('accessibility and looks', () => {
  it.each(['light', 'dark'] as const)(
    'UI-2: WCAG 2.2 AA by axe in %s mode, on every page and tab',
    async (colorScheme) => {
      const page = await open(allRuns(), '/', { context: { colorScheme } });
      await page.getByRole('row', { name: /violation/ }).waitFor();
      expect(await axe(page)).toEqual([]);
      for (const run of [11, 12, 13, 14]) {
        await page.goto(server.url + RUN(run));
        await page.getByText('chain verified').waitFor();
        expect(await axe(page)).toEqual([]);
      }
      await page.goto(server.url + RUN(12));
      for (const tab of await page.getByRole('tab').all()) {
        await tab.click();
        expect(await axe(page)).toEqual([]);
      }
      await page.getByRole('slider', { name: 'Event shown' }).fill('40');
      await page.getByText('You are looking at the past').waitFor();
      expect(await axe(page)).toEqual([]);
      await context.clearCookies();
      await page.goto(`${server.url}/signin`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await axe(page)).toEqual([]);
    },
  );

  it('UI-2: nothing is cut off at phone width', async () => {
    const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
    const page = await open(allRuns(), '/', { context: phone });
    const tooWide = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.getByRole('row', { name: /violation/ }).waitFor();
    expect(await tooWide()).toBe(0);
    await page.goto(server.url + RUN(12));
    await page.getByText('chain verified').waitFor();
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await tooWide()).toBe(0);
    }
    expect(await axe(page)).toEqual([]);
  });

  it('UI-2: the theme can be switched and is remembered', async () => {
    const page = await open([], '/', { context: { colorScheme: 'light' } });
    await page.getByRole('button', { name: 'Switch to dark mode' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light mode' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.mode)).toBe('dark');
  });
});
