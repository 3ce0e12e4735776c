import { describe, expect, it } from 'vitest';
import { axe } from '../support/axe.ts';
import { dashboardStage, press, runPath } from '../support/dashboard-stage.ts';
import {
  abortedRun,
  approvalRun,
  successorRun,
  undecidedRun,
  unknownRun,
  verdictRun,
} from '../support/fixtures/dashboard-runs.ts';

/** What people decide on a pipeline’s page: fallbacks, approvals, outcomes, forks. */

const stage = dashboardStage();

describe('recovery', () => {
  it('REC-2, REC-4: Abort says that a successor goes on; attempts, synthesis and handoff are linked and shown', async () => {
    const aborted = abortedRun(22);
    const page = await stage.open([{ rig: aborted }, { rig: successorRun(aborted, 23) }], runPath(22));
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
    const page = await stage.open([{ rig: abortedRun(22) }], runPath(22));
    await page.getByText('The successor waits for quota').waitFor();
  });

  it('REC-1: accepting a proposal takes a choice and a tick that names it, and is recorded with who and why', async () => {
    const rig = undecidedRun(16);
    const page = await stage.open([{ rig }], runPath(16));
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
    const page = await stage.open([{ rig }], runPath(16));
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
    const page = await stage.open([{ rig: undecidedRun(16) }], runPath(16));
    let download = page.waitForEvent('download');
    await press(page, 'Download the log', 'Download');
    expect((await download).suggestedFilename()).toBe('pl_demo000000000016.json');
    download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Handoff report' }).click();
    expect((await download).suggestedFilename()).toBe('pl_demo000000000016-handoff.md');
  });

  it('REC-1: all of it works by keyboard alone', async () => {
    const rig = undecidedRun(16);
    const page = await stage.open([{ rig }], runPath(16));
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
    const page = await stage.open([{ rig: undecidedRun(16) }], runPath(16), { server: { role: 'viewer' } });
    await page.getByText('An operator or admin chooses what happens next').waitFor();
    const forbidden = /Run again|Accept|Stop|Fork|Whole log/;
    expect(await page.getByRole('button', { name: forbidden }).count()).toBe(0);
  });

  it('CONS-8, CONS-9: a failed consensus shows each seat’s reason and can be stopped', async () => {
    const page = await stage.open([{ rig: undecidedRun(16) }], runPath(16));
    await page.getByText('The agents could not agree.').first().waitFor();
    await page
      .getByRole('region', { name: 'Minority report' })
      .getByText('It does not answer what')
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).isEnabled()).toBe(true);
  });

  it('PIPE-7: the moment that time travel shows can be forked into a pipeline of its own', async () => {
    const rig = verdictRun(12);
    const page = await stage.open([{ rig }], runPath(12));
    await page.getByText('chain verified').waitFor();
    await page.getByRole('slider', { name: 'Event shown' }).fill('40');
    await page.getByRole('button', { name: 'Fork from here' }).click();
    await page.getByText('Fork from event 40?').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Fork', exact: true }).click();
    await page.waitForURL(stage.server.url + runPath(90));
    const recovery = page.getByRole('list', { name: 'Recovery' });
    await recovery.getByText('at event 40').waitFor();
    await recovery.getByRole('link', { name: '#12' }).waitFor();
    expect(stage.server.requests.find((r) => r.path === '/api/pipeline/fork')?.body).toMatchObject({
      at: 40,
    });
  });

  it('REC-6: a person says what became of an action whose outcome is unknown', async () => {
    const rig = unknownRun(19);
    const page = await stage.open([{ rig }], runPath(19));
    await page.getByText('Nobody knows whether webhook_dispatch happened').waitFor();
    await press(page, 'It did not happen', 'It did not happen', 'the log of the receiver is empty');
    await page.getByText('Nobody knows whether webhook_dispatch happened').waitFor({ state: 'detached' });
    expect(rig.last('action_resolved')?.body).toMatchObject({
      status: 'failed',
      reason: 'the log of the receiver is empty',
    });
  });
});

describe('approvals', () => {
  it('GOV-5: an approval shows what is asked and is decided by somebody else than who asked', async () => {
    const rig = approvalRun(17);
    const page = await stage.open([{ rig }], runPath(17));
    const approvals = page.getByRole('region', { name: 'Approvals' });
    await approvals.getByText('Run again at tier 2').waitFor();
    await approvals.getByText(rig.state.approvals[0]!.sha256).waitFor();
    expect(await page.getByRole('button', { name: 'Run again', exact: true }).isDisabled()).toBe(true);
    await page.getByText('Not now: An approval is pending').first().waitFor();
    await approvals.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('tier 2 is fine here');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await approvals.getByText('approved', { exact: true }).waitFor();
    expect(rig.state).toMatchObject({ tier: 2, generation: 2 });
    expect(rig.state.approvals[0]?.decided_by).toBe('person:ps_ada');
  });

  it('GOV-5: who asked sees why somebody else has to decide', async () => {
    const page = await stage.open([{ rig: approvalRun(17, 'person:ps_ada') }], runPath(17));
    const approvals = page.getByRole('region', { name: 'Approvals' });
    await approvals.getByText('You asked for this yourself').waitFor();
    expect(await approvals.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    expect(await approvals.getByRole('button', { name: 'Deny' }).isDisabled()).toBe(true);
  });
});
