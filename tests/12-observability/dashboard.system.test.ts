import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#domain/ledger/chain.ts';
import { axe } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startSystem, type TestSystem } from '../support/system.ts';

/** The dashboard in a browser against the Worker, its objects, queues and embedded services (UI-3). */

let system: TestSystem;
let browser: Browser;
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

/** A browser of its own for whoever has this key, signed in by a one-time link. */
async function signIn(key: string): Promise<Page> {
  const theirs = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const opened = await theirs.newPage();
  opened.setDefaultTimeout(60_000);
  opened.on('pageerror', (error) => problems.push(String(error)));
  opened.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  const { token } = await system.client(key).createSignInLink();
  await opened.goto(`${system.url}/signin?token=${encodeURIComponent(token)}`);
  await opened.getByRole('heading', { name: 'Pipelines', exact: true }).waitFor();
  return opened;
}

beforeEach(async () => {
  page = await signIn(system.keys.requester);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(problems.splice(0)).toEqual([]);
});

/** Two seats that reject each other's proposals until the rounds of mediation are over; slow enough for a person to step in. */
const QUARREL = `name: quarrel
version: 1.0.0
tier: 1
objective: Should the cache move this week or next?
agents: { model: { provider: embedded, model: extractive-1 } }
limits: { rounds: 8 }
embedded:
  misbehave:
    - { agent: ALPHA, kind: disagree, rounds: 50 }
    - { agent: ALPHA, kind: stall, seconds: 2, times: 1 }
    - { agent: BETA, kind: disagree, rounds: 50 }
    - { agent: GAMMA, kind: disagree, rounds: 50 }
`;

/** Presses a button that asks for a reason, gives one, and confirms. */
async function press(button: string, confirm: string, reason: string, on = page): Promise<void> {
  await on.getByRole('button', { name: button, exact: true }).click();
  // Toasts are dialogs too.
  const dialog = on.getByRole('dialog').filter({ has: on.getByLabel('Reason') });
  await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: confirm, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

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

  it('UI-5, UI-4, RUN-7: a violation is told on every page; then what was refused, Stop in two clicks, the proof and the evidence', async () => {
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
    const sample = (await system.client().samples()).items.find((s) => s.name === 'violation')!;
    const { pipeline_id: id, number } = await system
      .client()
      .spawn({ plan: { source: sample.source, files: sample.files } });

    const banner = page.getByRole('complementary', { name: 'Incident' });
    await banner.getByText('forbidden_action:delete_production').waitFor();
    await banner.getByText(`ALPHA of violation #${number}`).waitFor();
    await banner.getByText('prod-checkout-db').waitFor();
    await banner.getByRole('link', { name: 'See what happened' }).click();
    await page.getByRole('region', { name: 'Last allowed' }).waitFor();
    await page
      .getByRole('region', { name: 'First refused' })
      .getByText('delete_production', { exact: true })
      .waitFor();
    await page.getByText('No action was under way.').waitFor();

    await banner.getByRole('button', { name: 'Stop…' }).click();
    await page
      .getByRole('dialog', { name: 'Stop now' })
      .getByRole('button', { name: 'Stop', exact: true })
      .click();
    const caught = page.getByRole('dialog', { name: 'Stopped' });
    await caught.getByText(/^Nothing new has been authorised there since/).waitFor();
    await caught.getByRole('button', { name: 'Close' }).click();
    const [thrown] = (await system.client().killSwitches()).items;
    expect(thrown).toMatchObject({
      scope: 'project',
      reason: 'Incident: critical violation of forbidden_action:delete_production by ALPHA',
    });

    await page.getByText(/The gate closed at/).waitFor();
    await page.getByText(/(\d) of \1 tokens confirmed gone/).waitFor();
    await page.getByText(/No action was ever allowed|Every outcome is known/).waitFor();
    expect(await axe(page)).toEqual([]);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Evidence package' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(`${id}.evidence.json`);
    const path = await file.path();

    await page.getByRole('link', { name: 'Verify evidence' }).click();
    await page.getByLabel('Evidence package').setInputFiles(path);
    await page.getByRole('button', { name: 'Take this server’s keys' }).click();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('heading', { name: 'Verified', exact: true }).waitFor();

    await page.getByRole('link', { name: 'Kill switches' }).click();
    await press('Lift', 'Lift it', 'the drill is over');
    await page.getByText(/the drill is over/).waitFor();

    await page.goto(`${system.url}/pipelines/${id}`);
    await page.getByText(/^CRITICAL violation/).waitFor();
    await page.getByText('Failed: a critical rule was broken').waitFor();
    await page.getByText('All tokens are confirmed gone.').waitFor();
    await page.getByRole('region', { name: 'Actions' }).getByText('denied', { exact: true }).waitFor();
  });

  it('UI-4: a plan of one’s own is checked, waits for a person, and is stopped with a reason', async () => {
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
    await page.getByRole('link', { name: /^Needs you/ }).waitFor();
    await press('Stop', 'Stop and revoke', 'enough seen');
    await page.getByText('Failed: a person stopped it').waitFor();
    await page.getByText('All tokens are confirmed gone.').waitFor();
  });

  it('CONS-9, PIPE-10, REC-1, UI-4: agents that cannot agree leave the decision to a person: first another try, then a proposal', async () => {
    const { pipeline_id: id } = await system
      .client()
      .spawn({ plan: { source: QUARREL }, auto_continue: false });
    await page.goto(`${system.url}/pipelines/${id}`);
    await press('Continue', 'Go on', 'read and fine');
    await press('Pause', 'Hold it', 'let me think');
    await page.getByText('Paused.').waitFor();
    await press('Resume', 'Go on', 'thought about it');
    await page.getByRole('heading', { name: 'No consensus: a person decides' }).waitFor();
    await page.getByRole('region', { name: 'Minority report' }).waitFor();
    const offered = (await system.client().consensus(id)).fallbacks;
    for (const [i, label] of ['Run again', 'Run again with GAMMA'].entries())
      expect(await page.getByRole('button', { name: label, exact: true }).isEnabled()).toBe(
        offered[i]?.allowed,
      );
    expect(await axe(page)).toEqual([]);

    const download = page.waitForEvent('download');
    await press('Download the log', 'Download', 'review');
    expect((await download).suggestedFilename()).toBe(`${id}.json`);

    await press('Run again', 'Run again', 'once more');
    await page.getByRole('list', { name: 'Recovery' }).getByText('generation 2').waitFor();
    await page.getByRole('heading', { name: 'No consensus: a person decides' }).waitFor();

    // TEN-2, GOV-5: tier 2 is an admin's to ask for and another person's to decide.
    const escalate = page.getByRole('button', { name: 'Run again at tier 2' });
    expect(await escalate.isDisabled()).toBe(true);
    await page.getByText('The role “operator” may not grant tier 2').waitFor();
    const theirs = await signIn(system.keys.approver);
    await theirs.goto(`${system.url}/pipelines/${id}`);
    await press('Run again at tier 2', 'Ask for approval', 'they looked too little', theirs);
    const approvals = theirs.getByRole('region', { name: 'Approvals' });
    await approvals.getByText('You asked for this yourself').waitFor();
    expect(await approvals.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    await page.getByText('Not now: An approval is pending').first().waitFor();
    await page.getByRole('link', { name: 'Approvals', exact: true }).click();
    await page.getByText('tier_2_needs_approval').waitFor();
    await press('Deny', 'Deny', 'tier 1 sees enough');
    await page.getByText('Nothing waits for an approval').waitFor();
    await page.goto(`${system.url}/pipelines/${id}`);

    await page.getByRole('tab', { name: 'Failure report' }).click();
    await page.getByText('Run again by you').waitFor();
    await page.getByText('tier 1 sees enough').first().waitFor();
    await page.getByRole('button', { name: 'Accept a proposal' }).click();
    const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Reason') });
    await dialog.getByRole('checkbox').check();
    await dialog.getByLabel('Reason').fill('good enough');
    await dialog.getByRole('button', { name: 'Accept and complete' }).click();
    await page.getByText('which a person accepted without consensus').waitFor();
    const { recovery } = await system.client().orchestration(id);
    expect(recovery.fallbacks.map((f) => [f.action, f.reason])).toEqual([
      ['download_log', 'review'],
      ['rerun_same', 'once more'],
      ['accept_partial', 'good enough'],
    ]);
  });

  it('PIPE-10, REC-2, REC-4, PIPE-7: a run is held; once aborted it links to its successor, and a moment of it can be forked', async () => {
    const { pipeline_id: id } = await system
      .client()
      .spawn({ plan: { source: QUARREL }, auto_continue: false });
    await page.goto(`${system.url}/pipelines/${id}`);
    await press('Continue', 'Go on', 'read and fine');
    await press('Pause', 'Hold it', 'let me think');
    await page.getByText('Paused.').waitFor();
    await press('Abort', 'End it early', 'the window has closed');
    await page.getByText('Failed: a person ended it early; a successor goes on').first().waitFor();
    const recovery = page.getByRole('list', { name: 'Recovery' });
    await recovery.getByText('attempt 1 of 3').waitFor();
    await recovery.getByText('handoff').waitFor();
    const attempts = page.getByRole('region', { name: 'Attempts' });
    await attempts.getByRole('link').first().click();
    await recovery.getByText('attempt 2 of 3').waitFor();
    await press('Stop', 'Stop and revoke', 'seen enough');

    await page.goto(`${system.url}/pipelines/${id}`);
    await page.getByText('chain verified').waitFor();
    await page.getByRole('slider', { name: 'Event shown' }).fill('20');
    await page.getByRole('button', { name: 'Fork from here' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Fork', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/pipelines/') && !url.pathname.endsWith(id));
    await recovery.getByText('at event 20').waitFor();
    await press('Stop', 'Stop and revoke', 'seen enough');
  });

  it('PROM-1, PROM-2, UI-1: an admin grants a tier and takes it by hand; it is told with who and why, and others only read', async () => {
    const [planner] = (await system.client().agentIdentities()).items.filter((i) => i.role === 'PLANNER');
    await page.getByRole('link', { name: 'Tiers and promotion' }).click();
    const read = page.getByRole('listitem').filter({ hasText: 'PLANNER' }).first();
    await read
      .getByText(/compliant runs/)
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: /Grant|Demote|Promote/ }).count()).toBe(0);

    const theirs = await signIn(system.keys.approver);
    await theirs.getByRole('link', { name: 'Tiers and promotion' }).click();
    const mine = theirs.getByRole('listitem').filter({ hasText: 'PLANNER' }).first();
    await mine.getByText('Runs and changes').click();
    await mine.getByText('the embedded model, which does not count').first().waitFor();
    expect(await axe(theirs)).toEqual([]);
    const change = async (button: string, confirm: string, tier: string, reason: string) => {
      await mine.getByRole('button', { name: button }).click();
      const dialog = theirs.getByRole('dialog').filter({ has: theirs.getByLabel('Reason') });
      await dialog.getByRole('combobox').click();
      await theirs.getByRole('option', { name: tier }).click();
      await dialog.getByLabel('Reason').fill(reason);
      await dialog.getByRole('button', { name: confirm, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    await change('Grant a tier…', 'Grant', 'T2 operator', 'known from before');
    await mine.getByText('T2 operator', { exact: true }).waitFor();
    await mine.getByText(/^From tier 1 to tier 2 by you, .*: known from before/).waitFor();
    await change('Demote…', 'Demote', 'T0 observer', 'only a drill');
    await mine.getByText('T0 observer', { exact: true }).waitFor();
    await mine.getByText(/^From tier 2 to tier 0 by you, .*: only a drill/).waitFor();
    const { tier, changes } = await system.client().agentIdentity(planner!.identity_id);
    expect(tier).toBe(0);
    expect(changes.length).toBeGreaterThanOrEqual(2);
    await change('Grant a tier…', 'Grant', 'T1 executor', 'as it was');
  });

  it('TEN-3, SEC-1: the session is an HttpOnly cookie, the page has its CSP, and signing out ends both', async () => {
    const [cookie] = await page.context().cookies();
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
