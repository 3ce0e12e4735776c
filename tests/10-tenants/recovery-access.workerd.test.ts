import { runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApprovalView, Orchestration, Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();
afterEach(() => void vi.useRealTimers());

let acme: TestTenant;
let other: TestTenant;
/** A second person of acme, and a service, both with an admin's key. */
let second: string;
let service: string;

async function keyOf(tenant: TestTenant, kind: 'person' | 'service', role: string): Promise<string> {
  const owner = await answer<{ subject_id: string }>('/api/people', {
    key: tenant.keys.admin,
    body: { name: `another ${kind}`, kind },
  });
  const made = await answer<{ secret: string }>('/api/keys', {
    key: tenant.keys.admin,
    body: { name: kind, owner: owner.body.subject_id, role },
  });
  return made.body.secret;
}

beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
  second = await keyOf(acme, 'person', 'admin');
  service = await keyOf(acme, 'service', 'admin');
});

/** A pipeline that a person of acme spawned over the API. */
async function spawned(): Promise<DrivenPipeline> {
  const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
  expect(made.status).toBe(201);
  return new DrivenPipeline('acme', made.body.pipeline_id);
}

const post = <T = Pipeline & Problem>(path: string, key: string, body: object) =>
  answer<T>(path, { key, body });
const steer = (how: 'pause' | 'resume' | 'abort', id: string, key = acme.keys.operator) =>
  post(`/api/pipeline/${how}`, key, { pipeline_id: id, reason: 'because' });
const fallback = (id: string, body: object, key = acme.keys.admin) =>
  post<{ pipeline: Pipeline; approval_id?: string } & Problem>('/api/pipeline/consensus/fallback', key, {
    pipeline_id: id,
    reason: 'because',
    ...body,
  });
const shown = async (id: string) =>
  (await answer<Orchestration>(`/api/pipeline/orchestration?pipeline_id=${id}`, { key: acme.keys.viewer }))
    .body;

/** Every way to steer a pipeline, with a body that is well formed. */
const mutations = (id: string): [string, object][] => [
  ['/api/pipeline/pause', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/resume', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/abort', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/fork', { pipeline_id: id, at: 1 }],
  ['/api/pipeline/consensus/fallback', { pipeline_id: id, action: 'rerun_same', reason: 'r' }],
  ['/api/pipeline/consensus/fallback', { pipeline_id: id, action: 'download_log', reason: 'r' }],
  [
    `/api/approvals/${id.replace('pl_', 'ap_')}_1/decision`,
    { decision: 'approve', reason: 'r', action_sha256: 'a'.repeat(64) },
  ],
  [`/api/actions/${id.replace('pl_', 'ac_')}_1/outcome`, { status: 'succeeded', reason: 'r' }],
];

describe('who may steer', () => {
  it('TEN-2 REC-1: viewers and auditors steer nothing, and see lineage and approvals', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const before = await pipeline.events();
    for (const key of [acme.keys.viewer, acme.keys.auditor]) {
      for (const [path, body] of mutations(pipeline.id)) {
        const refused = await post(path, key, body);
        expect([path, refused.status, refused.body.code]).toEqual([path, 403, 'forbidden']);
      }
      for (const path of ['/api/pipeline/lineage', '/api/approvals'])
        expect((await answer(`${path}?pipeline_id=${pipeline.id}`, { key })).status).toBe(200);
    }
    expect(await pipeline.events()).toEqual(before);
  });

  it('TEN-1 TEN-4: another tenant’s pipeline is a 404 however it is steered, and is not touched', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const before = await pipeline.events();
    for (const [path, body] of mutations(pipeline.id)) {
      const refused = await post(path, other.keys.admin, body);
      expect([path, refused.status, refused.body.code]).toEqual([path, 404, 'not_found']);
      expect(JSON.stringify(refused.body)).not.toContain('acme');
    }
    for (const path of ['/api/pipeline/lineage', '/api/approvals']) {
      const refused = await answer(`${path}?pipeline_id=${pipeline.id}`, { key: other.keys.admin });
      expect([path, refused.status]).toEqual([path, 404]);
    }
    expect(await pipeline.events()).toEqual(before);
  });

  it('TEN-2: a key for another project of the tenant finds nothing either', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const project = await answer<{ project_id: string }>('/api/projects', {
      key: acme.keys.admin,
      body: { name: 'elsewhere' },
    });
    const { secret } = await acme.newKey({ role: 'admin', project_ids: [project.body.project_id] });
    for (const [path, body] of mutations(pipeline.id))
      expect([path, (await post(path, secret, body)).status]).toEqual([path, 404]);
  });

  it('SEC-2: ids of no known shape are not found', async () => {
    for (const [path, body] of mutations('pl_../../x')) {
      const { status } = await post(path, acme.keys.admin, body);
      expect([path, status]).toEqual([path, 404]);
    }
  });
});

describe('pause, resume, abort, fork', () => {
  it('PIPE-10: pause holds, twice is once, resume goes on, and resuming what runs is refused with a way out', async () => {
    const pipeline = await (await spawned()).login();
    expect(await steer('pause', pipeline.id)).toMatchObject({ status: 202, body: { waiting_for: 'resume' } });
    const { seq } = await pipeline.state();
    expect((await steer('pause', pipeline.id)).status).toBe(202);
    expect((await pipeline.state()).seq).toBe(seq);
    expect(await steer('resume', pipeline.id)).toMatchObject({ status: 202, body: { waiting_for: null } });
    const refused = await steer('resume', pipeline.id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
    expect(refused.body.allowed?.length).toBeGreaterThan(0);
    expect(refused.body.remedy).not.toBe('');
  });

  it('REC-2: an abort without a token ends with exit code 3 and a planned successor; an ended run is not aborted', async () => {
    const pipeline = await spawned();
    const { status, body } = await steer('abort', pipeline.id);
    expect(status).toBe(202);
    expect(body).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'abort' });
    expect(body.successor_id).toMatch(/^pl_/);
    expect(await steer('abort', pipeline.id)).toMatchObject({
      status: 409,
      body: { code: 'pipeline_ended' },
    });
  });

  it('REC-1: after a failed consensus there is nothing to abort or pause; the refusal names what fits', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const refused = await steer('abort', pipeline.id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
    expect(refused.body.remedy).toContain('fallback');
    expect(await steer('pause', pipeline.id)).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
  });

  it('PIPE-7: a fork is authorised like a spawn, takes a number of its own, and carries no token', async () => {
    const pipeline = await (await spawned()).toRoundOne();
    const { seq } = await pipeline.state();
    const fork = (at: number, tier?: number) =>
      post('/api/pipeline/fork', acme.keys.operator, {
        pipeline_id: pipeline.id,
        at,
        ...(tier === undefined ? {} : { tier }),
      });
    expect(await fork(seq + 1)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await fork(seq, 2)).toMatchObject({ status: 403, body: { code: 'tier_not_permitted' } });
    expect((await fork(0)).status).toBe(422);
    const made = await fork(seq, 0);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ state: 'SPAWN', tier: 0, attempt: 1, predecessor_id: null });
    expect(made.body.pipeline_id).not.toBe(pipeline.id);
    expect(made.body.number).toBeGreaterThan((await pipeline.state()).spawned?.number ?? 0);
    const view = await shown(made.body.pipeline_id);
    expect(view.recovery.forked_from).toEqual({ pipeline_id: pipeline.id, at_seq: seq });
    const token = await answer(`/api/pipeline/token?pipeline_id=${made.body.pipeline_id}`, {
      key: acme.keys.viewer,
    });
    expect(token.body).toMatchObject({ status: 'none', agents: [] });
    expect((await pipeline.state()).seq).toBe(seq);
  });
});

describe('fallbacks', () => {
  it('REC-1: before consensus failed every fallback but the log is refused with the states that allow it', async () => {
    const pipeline = await spawned();
    for (const action of ['rerun_same', 'rerun_gamma', 'escalate_tier', 'accept_partial']) {
      const refused = await fallback(pipeline.id, { action });
      expect([action, refused.status, refused.body.code]).toEqual([action, 409, 'wrong_state']);
      expect(refused.body.allowed).toEqual(['ORCHESTRATING']);
    }
    expect((await fallback(pipeline.id, { action: 'give_up' })).status).toBe(422);
  });

  it('REC-1: download_log is one file with everything, in a state of any kind, and its chain verifies', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const before = (await pipeline.events()).length;
    const got = await post<{ events: PipelineEvent[]; consensus: object; orchestration: Orchestration }>(
      '/api/pipeline/consensus/fallback',
      acme.keys.operator,
      { pipeline_id: pipeline.id, action: 'download_log', reason: 'by hand' },
    );
    expect(got.status).toBe(200);
    expect(got.headers.get('content-disposition')).toBe(`attachment; filename="${pipeline.id}.json"`);
    expect(verifyChain(got.body.events)).toEqual({ ok: true, count: before });
    expect(got.body.consensus).toMatchObject({ status: 'failed', exit_code: 2 });
    expect(got.body.orchestration.blackboard.votes.some((v) => v.vote === 'reject')).toBe(true);
  });

  it('REC-1 TEN-5: accept_partial takes a person, the very revision, and a confirmation', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const { proposal_id, revision } = await pipeline.proposalOf('ALPHA');
    const partial = { action: 'accept_partial', proposal_id, revision, confirm: true };
    const before = await pipeline.events();
    expect(await fallback(pipeline.id, partial, service)).toMatchObject({
      status: 403,
      body: { code: 'person_needed' },
    });
    for (const wrong of [{ revision: revision + 1 }, { proposal_id: 'pp_other_1' }, { revision: undefined }])
      expect(await fallback(pipeline.id, { ...partial, ...wrong })).toMatchObject({
        status: 422,
        body: { code: 'validation_failed', field: 'proposal_id' },
      });
    for (const confirm of [false, undefined])
      expect(await fallback(pipeline.id, { ...partial, confirm })).toMatchObject({
        status: 422,
        body: { code: 'confirmation_required' },
      });
    expect(await pipeline.events()).toEqual(before);
    const taken = await fallback(pipeline.id, partial);
    expect(taken.status).toBe(202);
    expect(taken.body.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0, verdict: 'x' });
    expect((await shown(pipeline.id)).recovery.fallbacks).toMatchObject([
      { action: 'accept_partial', by: `person:${acme.person}`, reason: 'because' },
    ]);
    expect((await fallback(pipeline.id, partial)).status).toBe(409);
  });

  it('REC-1: a rerun clears the exit code; two that come together are one', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const both = await Promise.all([
      fallback(pipeline.id, { action: 'rerun_same' }),
      fallback(pipeline.id, { action: 'rerun_gamma' }),
    ]);
    expect(both.map((r) => r.status).sort()).toEqual([202, 409]);
    const { pipeline: now } = await shown(pipeline.id);
    expect(now).toMatchObject({ generation: 2, exit_code: null, waiting_for: null });
  });
});

describe('approvals', () => {
  const decide = (approval: ApprovalView, key: string, over: object = {}) =>
    post(`/api/approvals/${approval.approval_id}/decision`, key, {
      decision: 'approve',
      reason: 'looked at it',
      action_sha256: approval.action_sha256,
      ...over,
    });

  async function asked(): Promise<{ pipeline: DrivenPipeline; approval: ApprovalView }> {
    const pipeline = await (await spawned()).toConsensusFailure();
    const done = await fallback(pipeline.id, { action: 'escalate_tier' });
    expect(done).toMatchObject({ status: 202, body: { pipeline: { waiting_for: 'approval' } } });
    const { body } = await answer<{ items: ApprovalView[] }>(`/api/approvals?status=pending`, {
      key: acme.keys.viewer,
    });
    const approval = body.items.find((a) => a.pipeline_id === pipeline.id);
    if (!approval) throw new Error('the approval is not listed');
    expect(approval.approval_id).toBe(done.body.approval_id);
    return { pipeline, approval };
  }

  it('REC-1 PROM-3: an operator may not ask for tier 2', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const refused = await fallback(pipeline.id, { action: 'escalate_tier' }, acme.keys.operator);
    expect(refused).toMatchObject({ status: 403, body: { code: 'tier_not_permitted' } });
  });

  it('GOV-5: not by who asked, by any key; not by a service; not for another hash; once', async () => {
    const { pipeline, approval } = await asked();
    const before = await pipeline.events();
    const sameOwner = (await acme.newKey({ role: 'operator' })).secret;
    for (const key of [acme.keys.admin, sameOwner])
      expect(await decide(approval, key)).toMatchObject({ status: 403, body: { code: 'self_approval' } });
    expect(await decide(approval, service)).toMatchObject({ status: 403, body: { code: 'person_needed' } });
    const changed = await decide(approval, second, { action_sha256: 'f'.repeat(64) });
    expect(changed).toMatchObject({ status: 409, body: { code: 'action_changed' } });
    expect(await pipeline.events()).toEqual(before);
    const approved = await decide(approval, second);
    expect(approved).toMatchObject({ status: 200, body: { tier: 2, generation: 2 } });
    expect(await decide(approval, second, { decision: 'deny' })).toMatchObject({
      status: 409,
      body: { code: 'already_decided' },
    });
    const { body } = await answer<{ items: ApprovalView[] }>(`/api/approvals?pipeline_id=${pipeline.id}`, {
      key: acme.keys.viewer,
    });
    expect(body.items).toMatchObject([{ status: 'approved', requested_by: `person:${acme.person}` }]);
  });

  it('GOV-5: while an approval is pending no other fallback is taken; a denial gives the choice back', async () => {
    const { pipeline, approval } = await asked();
    expect((await fallback(pipeline.id, { action: 'rerun_same' })).status).toBe(409);
    expect((await decide(approval, second, { decision: 'deny' })).status).toBe(200);
    const { pipeline: now } = await shown(pipeline.id);
    expect(now).toMatchObject({ waiting_for: 'fallback', tier: 1, generation: 1, exit_code: 2 });
    expect((await fallback(pipeline.id, { action: 'rerun_same' })).status).toBe(202);
  });

  it('GOV-5: nobody decides within a day: 410, and the choice is back', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { pipeline, approval } = await asked();
    vi.setSystemTime(Date.parse(approval.expires_at) + 1);
    await runDurableObjectAlarm(pipeline.object);
    expect(await decide(approval, second)).toMatchObject({ status: 410, body: { code: 'approval_expired' } });
    expect((await shown(pipeline.id)).pipeline.waiting_for).toBe('fallback');
  });
});

describe('outcomes', () => {
  it('REC-6: a once action of unknown outcome is settled by a person, once', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const pipeline = await (await spawned()).toRoundOne();
    const { step_id } = await pipeline.turnOf('ALPHA');
    await pipeline.callTool(step_id, 'webhook_dispatch');
    const act = await pipeline.step('action');
    const { epoch, action } = await pipeline.claim(act.step_id);
    const admitted = await pipeline.rpc.admit('acme', {
      step_id: act.step_id,
      epoch,
      version: action?.facts.version ?? 0,
      decision: {
        decision: 'allow',
        determining: ['test'],
        policy_version: 'test-1',
        reason: 'allowed by the test',
        remedy: null,
        effect: 'once',
        violation: null,
      },
    });
    expect(admitted).toEqual({ kind: 'run' });
    const outcome = (key = acme.keys.operator) =>
      post(`/api/actions/${action?.action_id}/outcome`, key, { status: 'succeeded', reason: 'I looked' });
    expect(await outcome()).toMatchObject({ status: 409, body: { code: 'outcome_conflict' } });
    vi.setSystemTime(Date.now() + 20_001);
    await runDurableObjectAlarm(pipeline.object);
    expect((await shown(pipeline.id)).actions).toMatchObject([{ status: 'unknown' }]);
    expect((await outcome(other.keys.operator)).status).toBe(404);
    expect((await outcome()).status).toBe(200);
    expect((await shown(pipeline.id)).actions).toMatchObject([{ status: 'succeeded' }]);
    expect(await outcome()).toMatchObject({ status: 409, body: { code: 'outcome_conflict' } });
    const missing = `/api/actions/${pipeline.id.replace('pl_', 'ac_')}_99/outcome`;
    expect((await post(missing, acme.keys.operator, { status: 'failed', reason: 'r' })).status).toBe(404);
  });
});
