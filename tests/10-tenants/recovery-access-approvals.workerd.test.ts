import { runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApprovalView, Orchestration, Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();
afterEach(() => void vi.useRealTimers());

let acme: TestTenant;
let other: TestTenant;
/** A second person of acme, and a service, both with an admin's key. */
let second: string;
let service: string;
beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
  const keyOf = async (kind: 'person' | 'service') =>
    (await acme.newKey({ role: 'admin', owner: await acme.newSubject(kind) })).secret;
  second = await keyOf('person');
  service = await keyOf('service');
});

/** A pipeline that a person of acme spawned over the API. */
async function spawned(): Promise<DrivenPipeline> {
  const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
  expect(made.status).toBe(201);
  return new DrivenPipeline('acme', made.body.pipeline_id);
}

const post = <T = Pipeline & Problem>(path: string, key: string, body: object) =>
  answer<T>(path, { key, body });
const fallback = (id: string, body: object, key = acme.keys.admin) =>
  post<{ pipeline: Pipeline; approval_id?: string } & Problem>('/api/pipeline/consensus/fallback', key, {
    pipeline_id: id,
    reason: 'because',
    ...body,
  });
const shown = async (id: string) =>
  (await answer<Orchestration>(`/api/pipeline/orchestration?pipeline_id=${id}`, { key: acme.keys.viewer }))
    .body;

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
