import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toOrchestration } from '#contract/views.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { buildDashboard } from '#scripts/start/dashboard.ts';
import { axe } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import {
  abortedRun,
  approvalRun,
  incidentRun,
  longRun,
  rerunRun,
  successorRun,
  undecidedRun,
  unknownRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import {
  type DashboardServer,
  KEY,
  NEW_SECRET,
  type Served,
  startDashboardServer,
} from '../support/fixtures/dashboard-server.ts';

/** What a real run rarely gives: lost lines, broken chains, 10,000 events, 1,000 pipelines, every state at once. */

const VECTORS = fileURLToPath(new URL('../../docs/evidence-vectors/', import.meta.url));
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
  // The fixtures' runs are half an hour old, whatever day it is.
  await page.clock.setFixedTime('2026-11-22T12:30:00.000Z');
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

/** Presses a button that asks for a reason, gives one, and confirms. */
async function press(page: Page, button: string, confirm: string, reason?: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  // Toasts are dialogs too.
  const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Reason') });
  if (reason) await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: confirm, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

const allRuns = (): Served[] =>
  [verdictRun(12), violationRun(11), waitingRun(13), workingRun(14)].map((rig) => ({ rig }));

const troubledRuns = (): Served[] => {
  const aborted = abortedRun(22);
  const rigs = [undecidedRun(16), approvalRun(17), rerunRun(18), unknownRun(19), aborted];
  return [...rigs, successorRun(aborted, 23)].map((rig) => ({ rig }));
};

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

  it('UI-1: what waits for a person is counted on every page, and one click lists it', async () => {
    const rigs = [verdictRun(12), waitingRun(13), undecidedRun(16), approvalRun(17), workingRun(14)];
    const page = await open(
      rigs.map((rig) => ({ rig })),
      RUN(12),
    );
    await page.getByRole('link', { name: 'Needs you 3' }).click();
    await page.getByRole('table').waitFor();
    expect(await page.getByRole('row').count()).toBe(4);
    await page.getByLabel('All').check({ force: true });
    await page.getByText('COMPLETED').waitFor();
  });

  it('REC-4: the list tells later attempts and generations from first ones', async () => {
    const aborted = abortedRun(22);
    const page = await open(
      [aborted, successorRun(aborted, 23), rerunRun(18)].map((rig) => ({ rig })),
      '/',
    );
    await page.getByText('attempt 2 of 3').waitFor();
    await page.getByText('generation 2').waitFor();
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

  it('UI-4: Continue and Stop say what they do and ask for a reason before they do it', async () => {
    const page = await open([{ rig: waitingRun(13) }], RUN(13));
    await press(page, 'Continue', 'Go on');
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

  it('PIPE-10: Pause holds the run and Resume lets it go on, each with its reason on record', async () => {
    const rig = workingRun(14);
    const page = await open([{ rig }], RUN(14));
    await press(page, 'Pause', 'Hold it', 'lunch');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).count()).toBe(0);
    await press(page, 'Resume', 'Go on', 'back again');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect(rig.last('pause_requested')?.body.reason).toBe('lunch');
    expect(rig.last('resumed')?.body.reason).toBe('back again');
  });

  it('REC-2, REC-4: Abort says that a successor goes on; attempts, synthesis and handoff are linked and shown', async () => {
    const aborted = abortedRun(22);
    const page = await open([{ rig: aborted }, { rig: successorRun(aborted, 23) }], RUN(22));
    const recovery = page.getByRole('list', { name: 'Recovery' });
    await recovery.getByText('attempt 1 of 3').waitFor();
    await recovery.getByText('synthesis by GAMMA').waitFor();
    await recovery.getByText(aborted.state.handoff!.sha256.slice(0, 12)).waitFor();
    const attempts = page.getByRole('region', { name: 'Attempts' });
    await attempts.getByText('a person ended it early; a successor goes on').waitFor();
    await page
      .getByRole('tabpanel')
      .or(page.getByRole('region', { name: 'Details' }))
      .first()
      .waitFor();
    await page.getByText('Protect first; the cutover needs a window of its own').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await attempts.getByRole('link', { name: '#23' }).click();
    await recovery.getByText('attempt 2 of 3').waitFor();
    await recovery.getByText('resumed from').waitFor();
    await recovery.getByRole('link', { name: '#22' }).waitFor();
    await page.getByRole('button', { name: 'Abort' }).click();
    await page.getByRole('dialog').getByText('attempt 3 of 3 goes on').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'End it early' }).click();
    await page.getByText('The supervisor ends the run').first().waitFor();
  });

  it('REC-4: a successor that waits for quota is told as such', async () => {
    const page = await open([{ rig: abortedRun(22) }], RUN(22));
    await page.getByText('The successor waits for quota').waitFor();
  });

  it('REC-1: accepting a proposal takes a choice and a tick that names it, and is recorded with who and why', async () => {
    const rig = undecidedRun(16);
    const page = await open([{ rig }], RUN(16));
    await page.getByRole('button', { name: 'Accept a proposal' }).click();
    const dialog = page.getByRole('dialog');
    const accept = dialog.getByRole('button', { name: 'Accept and complete' });
    await dialog.getByRole('radio', { name: /Do not apply; split the plan in three/ }).check();
    expect(await accept.isDisabled()).toBe(true);
    await dialog.getByRole('checkbox', { name: /Do not apply; split the plan in three/ }).check();
    await dialog.getByLabel('Reason').fill('BETA is right');
    expect(await axe(page)).toEqual([]);
    await accept.click();
    await page.getByText('which a person accepted without consensus').waitFor();
    expect(rig.last('partial_accepted')?.body).toMatchObject({
      proposal_id: rig.proposalOf('BETA').proposal_id,
      reason: 'BETA is right',
    });
  });

  it('REC-1: a rerun is a new generation, and the one that failed stays readable', async () => {
    const rig = undecidedRun(16);
    const page = await open([{ rig }], RUN(16));
    await press(page, 'Run again with GAMMA', 'Run again with GAMMA');
    await page.getByRole('list', { name: 'Recovery' }).getByText('generation 2').waitFor();
    expect(await page.getByText('No consensus: a person decides').count()).toBe(0);
    await page.getByRole('tab', { name: 'Failure report' }).click();
    await page.getByText('Run again with GAMMA by you').waitFor();
    await page.getByText('Generation 1', { exact: true }).click();
    await page.getByText('It does not answer what').first().waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it('REC-1: log and handoff report can be taken away as files', async () => {
    const page = await open([{ rig: undecidedRun(16) }], RUN(16));
    let download = page.waitForEvent('download');
    await press(page, 'Download the log', 'Download');
    expect((await download).suggestedFilename()).toBe('pl_demo000000000016.json');
    download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Handoff report' }).click();
    expect((await download).suggestedFilename()).toBe('pl_demo000000000016-handoff.md');
  });

  it('GOV-5: an approval shows what is asked and is decided by somebody else than who asked', async () => {
    const rig = approvalRun(17);
    const page = await open([{ rig }], RUN(17));
    const approvals = page.getByRole('region', { name: 'Approvals' });
    await approvals.getByText('Run again at tier 2').waitFor();
    await approvals.getByText(rig.state.approvals[0]!.sha256).waitFor();
    expect(await page.getByRole('button', { name: 'Run again', exact: true }).isDisabled()).toBe(true);
    await page.getByText('Not now: An approval is pending').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await approvals.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('tier 2 is fine here');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await approvals.getByText('approved', { exact: true }).waitFor();
    expect(rig.state).toMatchObject({ tier: 2, generation: 2 });
    expect(rig.state.approvals[0]?.decided_by).toBe('person:ps_ada');
  });

  it('GOV-5: who asked sees why somebody else has to decide', async () => {
    const page = await open([{ rig: approvalRun(17, 'person:ps_ada') }], RUN(17));
    const approvals = page.getByRole('region', { name: 'Approvals' });
    await approvals.getByText('You asked for this yourself').waitFor();
    expect(await approvals.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    expect(await approvals.getByRole('button', { name: 'Deny' }).isDisabled()).toBe(true);
  });

  it('REC-6: a person says what became of an action whose outcome is unknown', async () => {
    const rig = unknownRun(19);
    const page = await open([{ rig }], RUN(19));
    await page.getByText('Nobody knows whether webhook_dispatch happened').waitFor();
    expect(await axe(page)).toEqual([]);
    await press(page, 'It did not happen', 'It did not happen', 'the log of the receiver is empty');
    await page.getByText('Nobody knows whether webhook_dispatch happened').waitFor({ state: 'detached' });
    expect(rig.last('action_resolved')?.body).toMatchObject({
      status: 'failed',
      reason: 'the log of the receiver is empty',
    });
  });

  it('PIPE-7: the moment that time travel shows can be forked into a pipeline of its own', async () => {
    const rig = verdictRun(12);
    const page = await open([{ rig }], RUN(12));
    await page.getByText('chain verified').waitFor();
    await page.getByRole('slider', { name: 'Event shown' }).fill('40');
    await page.getByRole('button', { name: 'Fork from here' }).click();
    await page.getByText('Fork from event 40?').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Fork', exact: true }).click();
    await page.waitForURL(server.url + RUN(90));
    const recovery = page.getByRole('list', { name: 'Recovery' });
    await recovery.getByText('at event 40').waitFor();
    await recovery.getByRole('link', { name: '#12' }).waitFor();
    expect(server.requests.find((r) => r.path === '/api/pipeline/fork')?.body).toMatchObject({ at: 40 });
  });

  it('REC-1: all of it works by keyboard alone', async () => {
    const rig = undecidedRun(16);
    const page = await open([{ rig }], RUN(16));
    const button = page.getByRole('button', { name: 'Run again', exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').focus();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(rig.state.generation).toBe(1);
    await page.keyboard.press('Enter');
    await dialog.getByLabel('Reason').press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Recovery' }).getByText('generation 2').waitFor();
  });

  it('TEN-2: a viewer reads why consensus failed, and is told who decides', async () => {
    const page = await open([{ rig: undecidedRun(16) }], RUN(16), { server: { role: 'viewer' } });
    await page.getByText('An operator or admin chooses what happens next').waitFor();
    const forbidden = /Run again|Accept|Stop|Fork|Whole log/;
    expect(await page.getByRole('button', { name: forbidden }).count()).toBe(0);
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

  it('PIPE-7: a pipeline that is halted says so, what to do, and goes on by itself when it can', async () => {
    const run: Served = { rig: verdictRun(12), halted: 'event 9 is step_claimed version 99' };
    const page = await open([run], RUN(12));
    const alert = page.getByRole('alert').filter({ hasText: 'The pipeline is halted' });
    await alert.getByText('event 9 is step_claimed version 99').waitFor();
    await alert.getByText('Deploy the version that wrote it').waitFor();
    expect(await axe(page)).toEqual([]);
    run.halted = undefined;
    await page.getByText('chain verified').waitFor();
    await alert.waitFor({ state: 'detached' });
  });

  it('PIPE-7: a run that is halted while it is watched keeps what was seen and says so', async () => {
    const run: Served = { rig: verdictRun(12) };
    const page = await open([run], RUN(12));
    await page.getByText('chain verified').waitFor();
    run.halted = 'event 9 is step_claimed version 99';
    server.cut(false);
    await page.getByRole('alert').filter({ hasText: 'The pipeline is halted' }).waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('slider', { name: 'Event shown' }).isVisible()).toBe(true);
  });

  it('TEN-1: a pipeline that is not there says so', async () => {
    const page = await open([], '/pipelines/pl_nothinghere');
    await page.getByText('There is nothing at this address').waitFor();
  });
});

/** Pages beside the pipelines, and something that is there once they are loaded. */
const PAGES = [
  ['/approvals', 'Run again at tier 2'],
  ['/agents', 'Stop BETA'],
  ['/access', 'ada laptop'],
  ['/health', 'no answer in 2 s'],
  ['/violations', 'forbidden_target:prod-*'],
  ['/stops', 'Nothing is stopped'],
  ['/policies', 'Webhooks need a person'],
  ['/policies?view=draft', '1 policy: 1 that refuse'],
  ['/policies?view=versions', 'Version 3'],
  ['/policies?view=report', 'Ask Bob.'],
  ['/promotions', 'Tier 2 is earned'],
  ['/quotas', 'used up'],
  ['/ledger', 'content matches its hash'],
  ['/verify', 'No file chosen'],
  [RUN(24).replace('pipelines', 'incidents'), 'First refused'],
] as const;
const pageRuns = (): Served[] => [incidentRun(24), approvalRun(17), verdictRun(12)].map((rig) => ({ rig }));

describe('an incident', () => {
  it('UI-5: the banner is on every page; two clicks stop what it is about, with the reason written; then the proof stands there', async () => {
    const rig = incidentRun(24);
    const page = await open([{ rig }], '/health');
    const banner = page.getByRole('complementary', { name: 'Incident' });
    for (const path of ['/health', '/approvals', '/agents', RUN(24), '/']) {
      await page.goto(server.url + path);
      await banner.getByText('forbidden_target:prod-*').waitFor();
      await banner.getByText(/ALPHA of clean-up #24/).waitFor();
      await banner.getByText('prod-checkout-db').waitFor();
    }
    await banner.getByRole('link', { name: 'See what happened' }).click();
    await page.getByRole('region', { name: 'Last allowed' }).getByText('sandbox-checkout').waitFor();
    await page.getByRole('region', { name: 'First refused' }).getByText('prod-checkout-db').first().waitFor();
    await page
      .getByRole('region', { name: 'In flight at that moment' })
      .getByText('outcome not known yet')
      .waitFor();
    await page.getByText('The gate is open').waitFor();

    await banner.getByRole('button', { name: 'Stop…' }).click();
    const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Reason') });
    await dialog.getByRole('radio', { name: /The pipeline clean-up #24/ }).waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
    const caught = page.getByRole('dialog', { name: 'Stopped' });
    await caught.getByText('terraform_inspect').waitFor();
    await caught.getByText('Everything in its scope has answered.').waitFor();
    expect(await axe(page)).toEqual([]);
    await caught.getByRole('button', { name: 'Close' }).click();
    await page.getByText(/The gate closed at/).waitFor();
    await page.getByText(/0 of \d tokens confirmed gone/).waitFor();
    expect(server.requests.find((r) => r.path === '/api/kill-switches')?.body).toEqual({
      scope: 'pipeline',
      id: 'pl_demo000000000024',
      reason: 'Incident: high violation of forbidden_target:prod-* by ALPHA',
    });
    rig.revokeAll();
    server.publish();
    await page.getByText(/(\d) of \1 tokens confirmed gone/).waitFor();

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Handoff report' }).click();
    expect((await download).suggestedFilename()).toBe('pl_demo000000000024-handoff.md');
    await banner.getByRole('button', { name: 'Hide this incident' }).click();
    await banner.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText(/The gate closed at/).waitFor();
    expect(await banner.count()).toBe(0);
  });

  it('ENF-6: a project is stopped from the kill switches’ page, all of it ends, and a person lifts it', async () => {
    const [one, two] = [incidentRun(24), workingRun(14)];
    const page = await open([{ rig: one }, { rig: two }], '/stops');
    await page.getByText('Nothing is stopped').waitFor();
    await press(page, 'Stop checkout…', 'Stop', 'all hands');
    await page.getByRole('dialog', { name: 'Stopped' }).getByRole('button', { name: 'Close' }).click();
    await page.getByRole('heading', { name: 'Project checkout' }).waitFor();
    expect([one, two].map((rig) => rig.state.outcome?.reason)).toEqual(['killed', 'killed']);
    expect(await axe(page)).toEqual([]);
    await press(page, 'Lift', 'Lift it', 'it was the drill');
    await page.getByText(/it was the drill/).waitFor();
    expect(await page.getByRole('button', { name: 'Lift', exact: true }).count()).toBe(0);
  });

  it('TEN-2, UI-5: a viewer sees the incident and has no Stop', async () => {
    const page = await open([{ rig: incidentRun(24) }], '/', { server: { role: 'viewer' } });
    const banner = page.getByRole('complementary', { name: 'Incident' });
    await banner.getByRole('link', { name: 'See what happened' }).click();
    await page.getByText('The gate is open').waitFor();
    expect(await page.getByRole('button', { name: /Stop/ }).count()).toBe(0);
  });
});

describe('pages beside the pipelines', () => {
  it('GOV-5, UI-1: what waits for a person is decided on the approvals page, with all that it binds', async () => {
    const rig = approvalRun(17);
    const page = await open([{ rig }], '/approvals');
    await page.getByText('tier_2_needs_approval').waitFor();
    await page.getByText(toOrchestration(rig.state).approvals[0]!.action_sha256).waitFor();
    await press(page, 'Approve', 'Approve', 'agreed on the phone');
    await page.getByText('Nothing waits for an approval').waitFor();
    await page.getByLabel('Decided').check({ force: true });
    await page.getByText('approved', { exact: true }).waitFor();
    expect(rig.last('approval_decided')?.body).toMatchObject({ reason: 'agreed on the phone' });
  });

  it('CRED-4, UI-1: one agent of a live run is stopped from the agents page', async () => {
    const rig = workingRun(14);
    const page = await open([{ rig }, { rig: verdictRun(12) }], '/agents');
    await page.getByRole('heading', { name: 'rotate-search-keys #14' }).waitFor();
    expect(await page.getByRole('heading', { name: /encrypt/ }).count()).toBe(0);
    await press(page, 'Stop BETA', 'Stop this agent', 'talks nonsense');
    await page.getByText('BETA is stopped').first().waitFor();
    expect(rig.last('agent_revoked')?.body).toMatchObject({ reason: 'talks nonsense' });
  });

  it('TEN-2: a new key’s secret is shown once, and a key is revoked after a second click', async () => {
    const page = await open([], '/access', { server: { role: 'admin' } });
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('laptop');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByText(NEW_SECRET).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    expect(await page.getByText(NEW_SECRET).count()).toBe(0);
    expect(server.requests.find((r) => r.path === '/api/keys' && r.method === 'POST')?.body).toMatchObject({
      name: 'laptop',
      owner: 'ps_ada',
      role: 'operator',
      expires_at: '2027-02-20T12:30:00.000Z',
    });
    await page.getByRole('button', { name: 'Revoke ada laptop' }).click();
    await page.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByText('The key is revoked').first().waitFor();
    expect(server.requests.some((r) => r.method === 'DELETE' && r.path === '/api/keys/k1')).toBe(true);
    expect(await page.getByRole('button', { name: 'Revoke old' }).count()).toBe(0);
  });

  it('TEN-2: an auditor reads keys and people, and has no button that would be refused', async () => {
    const page = await open([], '/access', { server: { role: 'auditor' } });
    await page.getByText('ci deploy').waitFor();
    expect(await page.getByRole('button', { name: /New|Add|Rotate|Revoke/ }).count()).toBe(0);
  });

  it('UI-2: a page that cannot be refreshed says so, with what to do, and goes on by itself', async () => {
    const page = await open([], '/health');
    await page.getByText('no answer in 2 s').waitFor();
    await page.clock.install({ time: '2026-11-22T12:30:00.000Z' });
    server.cut(true);
    await page.goto(`${server.url}/health`).catch(() => null);
    await page.getByRole('alert').first().waitFor();
    server.cut(false);
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('no answer in 2 s').waitFor();
  });

  it('GOV-4: a draft shows its mistake with line and column, is tried against what happened both ways, and is published with a note', async () => {
    const page = await open([], '/policies', { server: { role: 'admin' } });
    await page.getByText('Webhooks need a person').waitFor();
    await page.getByLabel('Draft').check({ force: true });
    const text = page.getByLabel('Policies (Cedar)');
    await text.fill('// mine\nforbd (principal, action, resource);\n');
    await page.getByText('unexpected token').waitFor();
    await page.getByRole('button', { name: 'line 2, column 1' }).click();
    expect(await text.evaluate((el: HTMLTextAreaElement) => el.selectionStart)).toBe(8);
    expect(await page.getByRole('button', { name: 'Publish…' }).isDisabled()).toBe(true);
    await text.fill('// mine\nforbid (principal, action, resource);\n');
    await page.getByText('1 policy: 1 that refuse').waitFor();
    await page.getByRole('button', { name: 'Try against what happened' }).click();
    await page.getByRole('region', { name: 'Would be stricter' }).getByText('webhook_dispatch').waitFor();
    await page.getByRole('region', { name: 'Would be looser' }).getByText('http_get').waitFor();
    expect(await axe(page)).toEqual([]);
    await press(page, 'Publish…', 'Publish', 'agreed in the change board');
    await page.getByRole('heading', { name: 'Version 3' }).waitFor();
    expect(server.requests.find((r) => r.path === '/api/policies' && r.method === 'POST')?.body).toEqual({
      cedar: '// mine\nforbid (principal, action, resource);\n',
      note: 'agreed in the change board',
      expected_version: 3,
    });
  });

  it('GOV-10: a project is set to observe with a reason, and only an admin has the button', async () => {
    const page = await open([], '/policies', { server: { role: 'admin' } });
    await press(page, 'Only observe…', 'Only observe', 'a week of looking');
    await page.getByText('Changed').first().waitFor();
    expect(server.requests.find((r) => r.path === '/api/projects/prj_1/mode')?.body).toEqual({
      mode: 'observe',
      reason: 'a week of looking',
    });
  });

  it('PROM-1, PROM-2: what an agent has earned is given by a person, taken by hand, and told with its runs', async () => {
    const page = await open([], '/promotions', { server: { role: 'admin' } });
    await page.getByText('Tier 2 is earned; a person gives it.').waitFor();
    await page.getByText('Suspended: it is not spawned').waitFor();
    expect(await page.getByRole('button', { name: 'Promote to T2…' }).count()).toBe(1);
    await page.getByText('Runs and changes').first().click();
    await page.getByText('a real model, 3 admitted actions, no violation').waitFor();
    await page.getByText('agent promoted by ps_bob').waitFor();
    expect(await axe(page)).toEqual([]);
    await press(page, 'Promote to T2…', 'Promote', 'looked at all ten');
    await page.getByText('Promoted').first().waitFor();
    await page.getByRole('button', { name: 'Demote…' }).first().click();
    const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Reason') });
    await dialog.getByRole('checkbox').check();
    await dialog.getByLabel('Reason').fill('too bold');
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Demote', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    const sent = (verb: string) => server.requests.find((r) => r.path.endsWith(`/ai_1/${verb}`))?.body;
    expect(sent('promote')).toEqual({ reason: 'looked at all ten' });
    expect(sent('demote')).toEqual({ tier: 0, suspend: true, reason: 'too bold' });
  });

  it('TEN-1: quotas say what is left, and an admin lowers one', async () => {
    const page = await open([], '/quotas', { server: { role: 'admin' } });
    await page.getByText('nearly used up').waitFor();
    await page.getByRole('button', { name: 'Change: Pipelines at once' }).click();
    const limit = page.getByRole('dialog').getByLabel('Limit');
    await limit.fill('1.5');
    expect(await page.getByRole('button', { name: 'Set it' }).isDisabled()).toBe(true);
    await limit.fill('50');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Set it' }).click();
    await limit.waitFor({ state: 'detached' });
    expect(server.requests.find((r) => r.method === 'PUT')?.body).toEqual({ live_pipelines: 50 });
  });

  it('LEDG-2, LEDG-4: the ledger is searched, goes on page by page, and shows which entry is not what was hashed', async () => {
    const rig = violationRun(11);
    const events = structuredClone(rig.log) as PipelineEvent[];
    const changed = events.findLast((e) => e.type === 'violation_recorded')!;
    (changed.body as { rule: string }).rule = 'harmless';
    const page = await open([{ rig, events }, { rig: verdictRun(12) }], '/ledger');
    await page.getByText('50 entries shown').waitFor();
    await page.getByRole('button', { name: 'Load older' }).click();
    await page.getByText('100 entries shown').waitFor();
    await page.getByLabel('Type of event').fill('violation_recorded');
    await page.keyboard.press('Enter');
    await page.getByText('1 entry shown, and there are no others').waitFor();
    await page.getByRole('alert').getByText('content does not match its hash').waitFor();
    expect(new URL(page.url()).searchParams.get('type')).toBe('violation_recorded');
    expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toBe(
      '/api/ledger/export?type=violation_recorded&format=csv',
    );
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('50 entries shown').waitFor();
  });

  it('LEDG-3: an evidence package is verified in the browser, asks no server, and a changed byte is found with its place', async () => {
    const page = await open([], '/verify');
    const good = readFileSync(join(VECTORS, 'consensus.evidence.json'));
    const choose = (buffer: Buffer, name: string) =>
      page.getByLabel('Evidence package').setInputFiles({ name, mimeType: 'application/json', buffer });
    await page.getByLabel('Keys that you trust').fill('log nonsense');
    await choose(good, 'good.json');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('alert').getByText('Line 1').waitFor();
    await page.getByLabel('Keys that you trust').fill(readFileSync(join(VECTORS, 'trust.txt'), 'utf8'));
    const before = server.requests.length;
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('heading', { name: 'Verified', exact: true }).waitFor();
    expect(server.requests.slice(before)).toEqual([]);
    expect(await axe(page)).toEqual([]);

    await choose(Buffer.from(good.toString().replace('"actor":"', '"actor":"x')), 'bad.json');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('heading', { name: 'Not verified' }).waitFor();
    await page.getByRole('list', { name: 'Checks' }).getByText('(failed)').first().waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it('UI-2: the navigation works by keyboard, and on a phone from behind its button', async () => {
    const page = await open([], '/');
    await page.getByRole('link', { name: 'Health' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Health' }).getAttribute('aria-current')).toBe('page');
    await page.setViewportSize({ width: 360, height: 740 });
    const menu = page.getByRole('button', { name: 'Open the menu' });
    await menu.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'detached' });
    expect(await menu.evaluate((el) => el === document.activeElement)).toBe(true);
    await menu.click();
    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('heading', { name: 'Approvals', exact: true }).waitFor();
    expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(0);
  });
});

describe('accessibility and looks', () => {
  it.each([
    ['light', { width: 1280, height: 900 }],
    ['dark', { width: 360, height: 740 }],
  ] as const)('UI-2: the pages beside the pipelines too, in %s mode at %o', async (colorScheme, viewport) => {
    const page = await open(pageRuns(), '/', {
      context: { colorScheme, viewport },
      server: { role: 'admin' },
    });
    for (const [path, text] of PAGES) {
      await page.goto(server.url + path);
      await (path === '/agents'
        ? page.getByRole('button', { name: text }).waitFor()
        : page.getByText(text).first().waitFor());
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([path, wide, await axe(page)]).toEqual([path, 0, []]);
    }
  });

  it.each(['light', 'dark'] as const)(
    'UI-2: WCAG 2.2 AA by axe in %s mode, on every page and tab',
    async (colorScheme) => {
      const page = await open([...allRuns(), ...troubledRuns()], '/', { context: { colorScheme } });
      await page.getByRole('row', { name: /violation/ }).waitFor();
      expect(await axe(page)).toEqual([]);
      for (const run of [11, 12, 13, 14, 16, 17, 18, 19, 22]) {
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
    const page = await open([...allRuns(), ...troubledRuns()], '/', { context: phone });
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
    for (const run of [16, 17, 18, 19, 22]) {
      await page.goto(server.url + RUN(run));
      await page.getByText('chain verified').waitFor();
      expect([run, await tooWide()]).toEqual([run, 0]);
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
