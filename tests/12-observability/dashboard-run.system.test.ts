import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { axe } from '../support/axe.ts';
import { dashboardStage, press, runPath } from '../support/dashboard-stage.ts';
import {
  askingRun,
  longRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import type { Served } from '../support/fixtures/dashboard-server.ts';

/** One pipeline’s page where a real run rarely leads: lost lines, broken chains, 10,000 events, a halted log. */

const stage = dashboardStage();

const allRuns = (): Served[] =>
  [verdictRun(12), violationRun(11), waitingRun(13), workingRun(14)].map((rig) => ({ rig }));

describe('one pipeline', () => {
  it('UI-4: the sentence, the verdict, the dissent and a citation’s quote can be read', async () => {
    const page = await stage.open(allRuns(), runPath(12));
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
    const page = await stage.open([{ rig: waitingRun(13) }], runPath(13));
    await press(page, 'Continue', 'Go on');
    await page.getByText('Round 1: no proposal yet, no verdict.').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('wrong account');
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Stop and revoke' }).click();
    await page.getByText('Failed: a person stopped it').waitFor();
    expect(stage.server.requests.find((r) => r.path === '/api/pipeline/revoke')?.body).toMatchObject({
      reason: 'wrong account',
    });
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0);
  });

  it('TEN-2: a viewer sees everything and has no button that would be refused', async () => {
    const page = await stage.open([{ rig: waitingRun(13) }], runPath(13), { server: { role: 'viewer' } });
    await page.getByText('waits for a person to read it').waitFor();
    expect(await page.getByRole('button', { name: /Continue|Stop/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Pipelines', exact: true }).first().click();
    await page.getByRole('row', { name: /encrypt/ }).waitFor();
    expect(await page.getByRole('button', { name: /New pipeline|Run/ }).count()).toBe(0);
  });

  it('UI-4: time travel shows the whole page as it was, by slider and by keyboard, and goes back to live', async () => {
    const rig = verdictRun(12);
    const page = await stage.open([{ rig }], runPath(12));
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
    const page = await stage.open([{ rig }], runPath(14));
    await page.getByText(`${rig.log.length} events, chain verified`).waitFor();
    stage.server.cut(true);
    await page.getByText('Reconnecting').waitFor();
    for (let i = 0; i < 3; i++)
      rig.when({ kind: 'log', level: 'warn', source: 'test', message: `while away ${i}`, fields: {} });
    stage.server.cut(false);
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
    const page = await stage.open([{ rig, events }], runPath(12));
    await page
      .getByRole('alert')
      .getByText(`Chain broken at event ${changed.seq}: the content does not match its hash`)
      .waitFor();
  });

  it('UI-2, UI-4: 10,000 events are followed, verified and travelled', async () => {
    const rig = longRun(10_000);
    const page = await stage.open([{ rig }], runPath(15));
    await page.getByText('10,000 events, chain verified').waitFor({ timeout: 60_000 });
    const slider = page.getByRole('slider', { name: 'Event shown' });
    await slider.fill('7777');
    await page.getByText('event 7,777 of 10,000').waitFor();
    await page.getByRole('tab', { name: /Events/ }).click();
    const list = page.getByRole('region', { name: 'Events' });
    expect(await list.getByRole('listitem').count()).toBeLessThan(60);
    await list.getByRole('button', { name: /^7777/ }).waitFor();
  });

  it('UI-2, GOV-7: thousands of actions of an agent elsewhere are shown in portions, live and in the past', async () => {
    const rig = askingRun(2_500);
    const page = await stage.open([{ rig }], runPath(25));
    await page.getByText('chain verified').waitFor({ timeout: 60_000 });
    const actions = page.getByRole('region', { name: 'Actions' });
    const rows = () => actions.getByRole('listitem').count();
    expect(Object.keys(rig.state.actions).length).toBeGreaterThan(800);
    expect(await rows()).toBe(50);
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(3_000);
    await actions.getByRole('button', { name: 'Show 50 more' }).click();
    expect(await rows()).toBe(100);
    await page.getByRole('slider', { name: 'Event shown' }).fill('40');
    await page.getByText('event 40 of').waitFor();
    expect(await rows()).toBeLessThan(50);
    await page.getByRole('button', { name: 'Back to live' }).click();
    rig.when({ kind: 'end', reason: 'done' });
    stage.server.publish();
    await page.getByText('COMPLETED, done').waitFor();
    // Agents elsewhere bring no report and seek no consensus.
    expect(await page.getByRole('list', { name: 'Stages' }).getByRole('listitem').count()).toBe(3);
    expect(await page.getByRole('heading', { name: 'Proposals' }).count()).toBe(0);
  });

  it('LEDG-2: the whole log can be taken away as a file', async () => {
    const page = await stage.open([{ rig: verdictRun(12) }], runPath(12));
    await page.getByRole('tab', { name: /Events/ }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download all' }).click();
    expect((await download).suggestedFilename()).toBe('pl_demo000000000012.jsonl');
  });

  it('PIPE-10: Pause holds the run and Resume lets it go on, each with its reason on record', async () => {
    const rig = workingRun(14);
    const page = await stage.open([{ rig }], runPath(14));
    await press(page, 'Pause', 'Hold it', 'lunch');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).count()).toBe(0);
    await press(page, 'Resume', 'Go on', 'back again');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect(rig.last('pause_requested')?.body.reason).toBe('lunch');
    expect(rig.last('resumed')?.body.reason).toBe('back again');
  });

  it('PIPE-7: a pipeline that is halted says so, what to do, and goes on by itself when it can', async () => {
    const run: Served = { rig: verdictRun(12), halted: 'event 9 is step_claimed version 99' };
    const page = await stage.open([run], runPath(12));
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
    const page = await stage.open([run], runPath(12));
    await page.getByText('chain verified').waitFor();
    run.halted = 'event 9 is step_claimed version 99';
    stage.server.cut(false);
    await page.getByRole('alert').filter({ hasText: 'The pipeline is halted' }).waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('slider', { name: 'Event shown' }).isVisible()).toBe(true);
  });

  it('TEN-1: a pipeline that is not there says so', async () => {
    const page = await stage.open([], '/pipelines/pl_nothinghere');
    await page.getByText('There is nothing at this address').waitFor();
  });
});
