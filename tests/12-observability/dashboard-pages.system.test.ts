import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Caller } from '#contract/access.ts';
import { toOrchestration } from '#contract/views.ts';
import { eraseEvent } from '#domain/pipeline/erase.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { axe } from '../support/axe.ts';
import { dashboardStage, press, runPath } from '../support/dashboard-stage.ts';
import { ARCHIVES } from '../support/fixtures/dashboard-lists.ts';
import {
  approvalRun,
  incidentRun,
  verdictRun,
  violationRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import { NEW_SECRET } from '../support/fixtures/dashboard-server.ts';

/** The pages beside the pipelines, and incidents, with all that they say when something is wrong. */

const stage = dashboardStage();

const VECTORS = fileURLToPath(new URL('../../docs/evidence-vectors/', import.meta.url));

describe('an incident', () => {
  it('UI-5: the banner is on every page; two clicks stop what it is about, with the reason written; then the proof stands there', async () => {
    const rig = incidentRun(24);
    const page = await stage.open([{ rig }], '/health');
    const banner = page.getByRole('complementary', { name: 'Incident' });
    for (const path of ['/health', '/approvals', '/agents', runPath(24), '/']) {
      await page.goto(stage.server.url + path);
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
    expect(stage.server.requests.find((r) => r.path === '/api/kill-switches')?.body).toEqual({
      scope: 'pipeline',
      id: 'pl_demo000000000024',
      reason: 'Incident: high violation of forbidden_target:prod-* by ALPHA',
    });
    rig.revokeAll();
    stage.server.publish();
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
    const page = await stage.open([{ rig: one }, { rig: two }], '/stops');
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
    const page = await stage.open([{ rig: incidentRun(24) }], '/', { server: { role: 'viewer' } });
    const banner = page.getByRole('complementary', { name: 'Incident' });
    await banner.getByRole('link', { name: 'See what happened' }).click();
    await page.getByText('The gate is open').waitFor();
    expect(await page.getByRole('button', { name: /Stop/ }).count()).toBe(0);
  });
});

describe('pages beside the pipelines', () => {
  it('GOV-5, UI-1: what waits for a person is decided on the approvals page, with all that it binds', async () => {
    const rig = approvalRun(17);
    const page = await stage.open([{ rig }], '/approvals');
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
    const page = await stage.open([{ rig }, { rig: verdictRun(12) }], '/agents');
    await page.getByRole('heading', { name: 'rotate-search-keys #14' }).waitFor();
    expect(await page.getByRole('heading', { name: /encrypt/ }).count()).toBe(0);
    await press(page, 'Stop BETA', 'Stop this agent', 'talks nonsense');
    await page.getByText('BETA is stopped').first().waitFor();
    expect(rig.last('agent_revoked')?.body).toMatchObject({ reason: 'talks nonsense' });
  });

  it('TEN-2: a new key’s secret is shown once, and a key is revoked after a second click', async () => {
    const page = await stage.open([], '/access', { server: { role: 'admin' } });
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('laptop');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByText(NEW_SECRET).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    expect(await page.getByText(NEW_SECRET).count()).toBe(0);
    expect(
      stage.server.requests.find((r) => r.path === '/api/keys' && r.method === 'POST')?.body,
    ).toMatchObject({
      name: 'laptop',
      owner: 'ps_ada',
      role: 'operator',
      expires_at: '2027-02-20T12:30:00.000Z',
    });
    await page.getByRole('button', { name: 'Revoke ada laptop' }).click();
    await page.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByText('The key is revoked').first().waitFor();
    expect(stage.server.requests.some((r) => r.method === 'DELETE' && r.path === '/api/keys/k1')).toBe(true);
    expect(await page.getByRole('button', { name: 'Revoke old' }).count()).toBe(0);
  });

  it('TEN-2: an auditor reads keys and people, and has no button that would be refused', async () => {
    const page = await stage.open([], '/access', { server: { role: 'auditor' } });
    await page.getByText('ci deploy').waitFor();
    expect(await page.getByRole('button', { name: /New|Add|Rotate|Revoke/ }).count()).toBe(0);
  });

  it('GOV-4: a draft shows its mistake with line and column, is tried against what happened both ways, and is published with a note', async () => {
    const page = await stage.open([], '/policies', { server: { role: 'admin' } });
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
    expect(
      stage.server.requests.find((r) => r.path === '/api/policies' && r.method === 'POST')?.body,
    ).toEqual({
      cedar: '// mine\nforbid (principal, action, resource);\n',
      note: 'agreed in the change board',
      expected_version: 3,
    });
  });

  it('GOV-10: a project is set to observe with a reason, and only an admin has the button', async () => {
    const page = await stage.open([], '/policies', { server: { role: 'admin' } });
    await press(page, 'Only observe…', 'Only observe', 'a week of looking');
    await page.getByText('Changed').first().waitFor();
    expect(stage.server.requests.find((r) => r.path === '/api/projects/prj_1/mode')?.body).toEqual({
      mode: 'observe',
      reason: 'a week of looking',
    });
  });

  it('PROM-1, PROM-2: what an agent has earned is given by a person, taken by hand, and told with its runs', async () => {
    const page = await stage.open([], '/promotions', { server: { role: 'admin' } });
    await page.getByText('Tier 2 is earned; a person gives it.').waitFor();
    await page.getByText('Suspended: it is not spawned').waitFor();
    expect(await page.getByRole('button', { name: 'Promote to T2…' }).count()).toBe(1);
    await page.getByText('Runs and changes').first().click();
    await page.getByText('a real model, 3 admitted actions, no violation').waitFor();
    await page.getByText(/^From tier 0 to tier 1 by Bob Approver, .*: ten runs in a row/).waitFor();
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
    const sent = (verb: string) => stage.server.requests.find((r) => r.path.endsWith(`/ai_1/${verb}`))?.body;
    expect(sent('promote')).toEqual({ reason: 'looked at all ten' });
    expect(sent('demote')).toEqual({ tier: 0, suspend: true, reason: 'too bold' });
  });

  it('TEN-1: quotas say what is left, and an admin lowers one', async () => {
    const page = await stage.open([], '/quotas', { server: { role: 'admin' } });
    await page.getByText('nearly used up').waitFor();
    await page.getByRole('button', { name: 'Change: Pipelines at once' }).click();
    const limit = page.getByRole('dialog').getByLabel('Limit');
    await limit.fill('1.5');
    expect(await page.getByRole('button', { name: 'Set it' }).isDisabled()).toBe(true);
    await limit.fill('50');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Set it' }).click();
    await limit.waitFor({ state: 'detached' });
    expect(stage.server.requests.find((r) => r.method === 'PUT')?.body).toEqual({ live_pipelines: 50 });
  });

  it('ENF-5, TEN-5: a spent error budget is told with its reason, and an admin who is a person lifts it here', async () => {
    const spent = {
      since: '2026-11-22T12:20:00.000Z',
      detail: 'It burns 12 times too fast.',
      retry_after_s: 240,
    };
    const page = await stage.open([], '/quotas', { server: { role: 'admin', spent } });
    await page.getByRole('alert').getByText('It burns 12 times too fast.').waitFor();
    expect(await axe(page)).toEqual([]);
    await press(page, 'Lift…', 'Lift it', 'the bad prompt is withdrawn');
    await page.getByText('it burns at').waitFor();
    expect(stage.server.requests.find((r) => r.path === '/api/error-budget/lift')?.body).toEqual({
      reason: 'the bad prompt is withdrawn',
    });
    expect(await page.getByRole('button', { name: 'Lift…' }).count()).toBe(0);
    await page.close();
    await stage.server.close();
    for (const server of [
      { role: 'operator', spent },
      { role: 'admin', kind: 'service', spent },
    ] as const) {
      const other = await stage.open([], '/quotas', { server });
      await other.getByRole('alert').getByText('It burns 12 times too fast.').waitFor();
      expect(await other.getByRole('button', { name: 'Lift…' }).count()).toBe(0);
      await other.close();
      await stage.server.close();
    }
  });

  it('LEDG-2, LEDG-4: the ledger is searched, goes on page by page, and shows which entry is not what was hashed', async () => {
    const rig = violationRun(11);
    const events = structuredClone(rig.log) as PipelineEvent[];
    const changed = events.findLast((e) => e.type === 'violation_recorded')!;
    (changed.body as { rule: string }).rule = 'harmless';
    const page = await stage.open([{ rig, events }, { rig: verdictRun(12) }], '/ledger');
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

  it('LEDG-2, TEN-2: an entry whose content was erased says so, and to whoever may know it by whom, when and why', async () => {
    const erased = () => {
      const rig = violationRun(11);
      const events = structuredClone(rig.log) as PipelineEvent[];
      const at = events.findIndex((e) => e.type === 'violation_recorded');
      events[at] = eraseEvent(events[at]!);
      return { rig, events };
    };
    const open = async (role: Caller['role']) => {
      const page = await stage.open([erased()], '/ledger?type=violation_recorded', { server: { role } });
      const entry = page.getByRole('listitem').filter({ hasText: 'violation_recorded' });
      await entry.getByText('erased', { exact: true }).waitFor();
      await entry.getByText('its commitment matches its hash').waitFor({ state: 'attached' });
      await entry.getByText('What is left of it').waitFor();
      return { page, entry };
    };
    const auditor = await open('auditor');
    await auditor.entry.getByText(/by Bob Approver on 22 Nov 2026, .*: names a customer/).waitFor();
    expect(await axe(auditor.page)).toEqual([]);
    await auditor.page.close();
    await stage.server.close();
    const operator = await open('operator');
    await operator.entry.getByText(/its place, order and commitment still hold/).waitFor();
    expect(stage.server.requests.some((r) => r.path === '/api/erasures')).toBe(false);
  });

  it('LEDG-5, UI-1: archived pipelines are listed with the package of each, also one that is still being moved', async () => {
    const page = await stage.open([{ rig: verdictRun(12) }], '/ledger');
    const archived = page.getByRole('region', { name: 'Archived pipelines' });
    const rows = archived.getByRole('listitem');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(ARCHIVES.length);
    await rows.first().getByText('being moved').waitFor();
    expect(await rows.nth(1).textContent()).toMatch(/#2 .*, archived 1 d ago: 96 events, 48,211 bytes/);
    expect(await archived.getByRole('link', { name: 'Evidence of pipeline 2' }).getAttribute('href')).toBe(
      '/api/archives/pl_demo000000000002',
    );
    expect(await axe(page, { within: '[aria-labelledby=archives]' })).toEqual([]);
    await archived.getByRole('link', { name: 'verified' }).click();
    await page.getByRole('heading', { name: 'Verify evidence' }).waitFor();
  });

  it('LEDG-3: an evidence package is verified in the browser, asks no server, and a changed byte is found with its place', async () => {
    const page = await stage.open([], '/verify');
    const good = readFileSync(join(VECTORS, 'consensus.evidence.json'));
    const choose = (buffer: Buffer, name: string) =>
      page.getByLabel('Evidence package').setInputFiles({ name, mimeType: 'application/json', buffer });
    await page.getByLabel('Keys that you trust').fill('log nonsense');
    await choose(good, 'good.json');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('alert').getByText('Line 1').waitFor();
    await page.getByLabel('Keys that you trust').fill(readFileSync(join(VECTORS, 'trust.txt'), 'utf8'));
    const before = stage.server.requests.length;
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('heading', { name: 'Verified', exact: true }).waitFor();
    expect(stage.server.requests.slice(before)).toEqual([]);
    expect(await axe(page)).toEqual([]);

    await choose(Buffer.from(good.toString().replace('"actor":"', '"actor":"x')), 'bad.json');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('heading', { name: 'Not verified' }).waitFor();
    await page.getByRole('list', { name: 'Checks' }).getByText('(failed)').first().waitFor();
    expect(await axe(page)).toEqual([]);
  });
});
