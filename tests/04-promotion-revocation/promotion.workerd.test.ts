import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentIdentityStory, AgentIdentityView } from '#contract/identities.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { ALLOW } from '#tests/support/pipeline.ts';
import { answer, env, makeTenant, migrateLedger, spawnBody, type TestTenant } from '#tests/support/worker.ts';
import { reconcileDeps, reconcileTenant } from '#workers/ledger/index.ts';

listenToQueues();
beforeAll(migrateLedger);

let tenants = 0;
const fresh = (): Promise<TestTenant> => makeTenant(`promotion-${++tenants}`);

const spawn = (t: TestTenant, over: Parameters<typeof spawnBody>[0] = {}, key = t.keys.admin) =>
  answer<Pipeline & Problem>('/api/spawn', { key, body: spawnBody(over) });
const list = async (t: TestTenant) =>
  (await answer<{ items: AgentIdentityView[] }>('/api/agent-identities', { key: t.keys.viewer })).body.items;
const story = async (t: TestTenant, id: string) =>
  (await answer<AgentIdentityStory>(`/api/agent-identities/${id}`, { key: t.keys.auditor })).body;
const decide = (t: TestTenant, id: string, how: string, body: object, key = t.keys.admin) =>
  answer<AgentIdentityView & Problem>(`/api/agent-identities/${id}/${how}`, {
    key,
    body: { reason: 'because', ...body },
  });
const alphaOf = async (t: TestTenant) => (await list(t)).find((agent) => agent.role === 'ALPHA')!;

/** A whole run of a plan of its own in which ALPHA uses a tool, as the gate decides about it. */
async function ranWith(t: TestTenant, name: string, decision: GateDecision = ALLOW): Promise<DrivenPipeline> {
  const made = await spawn(t, { name, tier: 1 });
  expect(made.status).toBe(201);
  const pipeline = await new DrivenPipeline(t.tenant, made.body.pipeline_id).toRoundOne();
  await pipeline.callTool((await pipeline.turnOf('ALPHA')).step_id, 'document_read');
  const { step_id } = await pipeline.step('action');
  const { epoch } = await pipeline.claim(step_id);
  const { facts_seq } = await pipeline.state();
  await pipeline.rpc.admit(t.tenant, { step_id, epoch, version: facts_seq, decision });
  if ((await pipeline.state()).outcome === null)
    await pipeline.rpc.operate(t.tenant, `person:${t.person}`, { kind: 'cancel', reason: 'seen enough' });
  await pipeline.revokeAll();
  return pipeline;
}
const told = (t: TestTenant, id: string, runs: number) =>
  vi.waitFor(async () => expect((await story(t, id)).runs).toHaveLength(runs), { timeout: 10_000 });

describe('the tier of a run', () => {
  it('PROM-1, PROM-3: the built-in agents start at T1 by a recorded grant, and a run has the least of plan, agents and caller', async () => {
    const t = await fresh();
    const changes = await controlStub(env.CONTROL, t.tenant).changes(0, 10);
    expect(changes.find((c) => c.type === 'start_tier_granted')).toMatchObject({
      actor: 'platform',
      body: { template: 'builtin', tier: 1 },
    });
    expect((await spawn(t, { tier: 2 })).body.tier).toBe(1);
    expect((await spawn(t, { tier: 0 })).body.tier).toBe(0);
    for (const { identity_id } of await list(t))
      expect((await decide(t, identity_id, 'grant', { tier: 2 })).status).toBe(200);
    expect((await spawn(t, { tier: 2 })).body.tier).toBe(2);
    expect((await spawn(t, { tier: 2 }, t.keys.operator)).body.tier).toBe(1);
    const { identity_id } = await alphaOf(t);
    await decide(t, identity_id, 'demote', { tier: 0 });
    // One agent of it is enough.
    const made = await spawn(t, { tier: 2 });
    expect(made.body.tier).toBe(0);
    const spawned = (await new DrivenPipeline(t.tenant, made.body.pipeline_id).state()).spawned;
    expect(spawned?.identities).toMatchObject({ ALPHA: identity_id });
  });

  it('PROM-2, PROM-3: a suspended agent runs in nothing, neither spawned nor forked, until a person grants a tier', async () => {
    const t = await fresh();
    const first = await spawn(t);
    const { identity_id } = await alphaOf(t);
    expect((await decide(t, identity_id, 'demote', { tier: 0, suspend: true })).body).toMatchObject({
      suspended: true,
    });
    expect(await spawn(t)).toMatchObject({
      status: 403,
      body: { code: 'agent_suspended', detail: expect.stringContaining(identity_id) },
    });
    const fork = { pipeline_id: first.body.pipeline_id, at: 1 };
    expect(await answer('/api/pipeline/fork', { key: t.keys.admin, body: fork })).toMatchObject({
      status: 403,
    });
    await decide(t, identity_id, 'grant', { tier: 1 });
    expect((await spawn(t)).status).toBe(201);
  });
});

describe('earned and lost', () => {
  it('PROM-1, PROM-2: five compliant runs of five plans raise ALPHA to T1 by themselves; every change names its runs, in the ledger too', async () => {
    const t = await fresh();
    await spawn(t);
    const { identity_id } = await alphaOf(t);
    await decide(t, identity_id, 'demote', { tier: 0 });
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) {
      expect((await story(t, identity_id)).tier).toBe(0);
      ids.push((await ranWith(t, `plan-${n}`)).id);
      await told(t, identity_id, n);
    }
    const { tier, changes } = await story(t, identity_id);
    expect(tier).toBe(1);
    expect(changes.map((c) => [c.type, c.actor])).toEqual([
      ['agent_identity_registered', 'system:promotion'],
      ['agent_tier_changed', `person:${t.person}`],
      ['agent_tier_changed', 'system:promotion'],
    ]);
    expect(changes.at(-1)?.body).toMatchObject({ rule: 'earned', from_tier: 0, to_tier: 1, runs: ids });

    await reconcileTenant(
      reconcileDeps(env, () => undefined),
      t.tenant,
    );
    const { results } = await env.LEDGER.prepare(
      'SELECT from_tier, to_tier, decided_by, runs FROM promotions WHERE tenant = ? AND identity_id = ? ORDER BY at, promotion_id',
    )
      .bind(t.tenant, identity_id)
      .all();
    expect(results).toEqual([
      { from_tier: 1, to_tier: 0, decided_by: `person:${t.person}`, runs: '[]' },
      { from_tier: 0, to_tier: 1, decided_by: 'system:promotion', runs: JSON.stringify(ids) },
    ]);
  }, 60_000);

  it('PROM-2, ENF-3: a CRITICAL violation takes the tier and suspends, the agent that did it and no other', async () => {
    const t = await fresh();
    const violation = { rule: 'forbidden_action', severity: 'critical' as const };
    const pipeline = await ranWith(t, 'bad', { ...ALLOW, decision: 'deny', violation });
    const { identity_id } = await alphaOf(t);
    await told(t, identity_id, 1);
    expect(await story(t, identity_id)).toMatchObject({
      tier: 0,
      suspended: true,
      changes: [{}, { body: { rule: 'critical_violation', runs: [pipeline.id] } }],
    });
    expect((await list(t)).filter((agent) => agent.suspended).map((agent) => agent.role)).toEqual(['ALPHA']);
    expect((await spawn(t, { name: 'another' })).body.code).toBe('agent_suspended');
  });

  it('PROM-1: an ended run counts once, however often it is told', async () => {
    const t = await fresh();
    const pipeline = await ranWith(t, 'once');
    const { identity_id } = await alphaOf(t);
    await told(t, identity_id, 1);
    const [one] = (await story(t, identity_id)).runs;
    const again = { identity_id, ...one!, ended_at: Date.parse(one!.ended_at) };
    await controlStub(env.CONTROL, t.tenant).runEnded([again, again]);
    await pipeline.rpc.poke(t.tenant);
    expect((await story(t, identity_id)).runs).toHaveLength(1);
  });
});

describe('by hand', () => {
  it('PROM-1, TEN-5: promotion takes the rule and a person; the refusal says what is lacking', async () => {
    const t = await fresh();
    await spawn(t);
    const { identity_id } = await alphaOf(t);
    expect(await decide(t, identity_id, 'promote', {})).toMatchObject({
      status: 409,
      body: { code: 'not_earned', detail: expect.stringContaining('0 of 10 compliant runs') },
    });
    const service = await t.newKey({ role: 'admin', owner: await t.newSubject('service') });
    for (const how of ['promote', 'grant'])
      expect(
        await decide(t, identity_id, how, how === 'grant' ? { tier: 2 } : {}, service.secret),
      ).toMatchObject({
        status: 403,
        body: { code: 'person_needed' },
      });
    expect(await decide(t, identity_id, 'demote', { tier: 2 })).toMatchObject({ status: 409 });
    expect((await decide(t, identity_id, 'demote', { tier: 0 }, service.secret)).body.tier).toBe(0);
    expect((await decide(t, identity_id, 'grant', { tier: 2 }, t.keys.operator)).status).toBe(403);
  });

  it('TEN-1: agents of another tenant are not there', async () => {
    const [t, other] = [await fresh(), await fresh()];
    await spawn(t);
    const { identity_id } = await alphaOf(t);
    expect(await list(other)).toEqual([]);
    expect((await answer(`/api/agent-identities/${identity_id}`, { key: other.keys.admin })).status).toBe(
      404,
    );
    for (const how of ['promote', 'demote', 'grant'])
      expect((await decide(other, identity_id, how, how === 'promote' ? {} : { tier: 0 })).status).toBe(404);
  });
});
