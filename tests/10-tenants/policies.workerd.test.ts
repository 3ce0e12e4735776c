import { createMessageBatch, evictDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApprovalView, Orchestration, Pipeline } from '#contract/pipeline.ts';
import type {
  BacktestResult,
  PoliciesInForce,
  PolicyCheckResult,
  PolicyReport,
  PolicyVersion,
} from '#contract/policies.ts';
import type { Problem } from '#contract/problem.ts';
import type { PlanCheckResult } from '#contract/requests.ts';
import type { GateFacts } from '#domain/pipeline/assignment.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import {
  answer,
  env,
  makeTenant,
  migrateLedger,
  planSource,
  spawnBody,
  type TestTenant,
} from '#tests/support/worker.ts';
import { parseConfig } from '#workers/config.ts';
import { consumeQueue } from '#workers/queues.ts';
import { createStepDeps } from '#workers/steps/index.ts';

listenToQueues();

const FREEZE = `@id("freeze") @reason("A freeze is on.") @remedy("Wait until Monday.") @severity("low")
forbid (principal, action == Action::"blackboard_read", resource);`;
const ASK = `@id("ask") @decision("require_approval") @reason("Somebody looks first.")
forbid (principal, action == Action::"blackboard_read", resource);`;
/** The gate as steps have it: policies come from the tenant's control object. */
const { gate } = createStepDeps(env, parseConfig(env), {} as never, {} as never);

let tenants = 0;
async function newTenant(): Promise<TestTenant> {
  tenants += 1;
  return makeTenant(`policies-${tenants}`);
}
beforeAll(migrateLedger);

const publish = (acme: TestTenant, source: string, more: object = {}) =>
  answer<PolicyVersion & Problem>('/api/policies', {
    key: acme.keys.admin,
    body: { cedar: source, note: 'for the test', ...more },
  });
const observe = (acme: TestTenant, mode = 'observe') =>
  answer(`/api/projects/${acme.project_id}/mode`, {
    key: acme.keys.admin,
    body: { mode, reason: 'trying it out' },
  });

async function spawned(acme: TestTenant): Promise<DrivenPipeline> {
  const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
  return new DrivenPipeline(acme.tenant, made.body.pipeline_id).toRoundOne();
}

/** ALPHA asks for a tool and a worker has claimed the action. */
async function claimed(pipeline: DrivenPipeline) {
  await pipeline.callTool((await pipeline.turnOf('ALPHA')).step_id, 'blackboard_read');
  return claimAgain(pipeline);
}
async function claimAgain(pipeline: DrivenPipeline) {
  const { step_id } = await pipeline.step('action');
  const { epoch, action } = await pipeline.claim(step_id);
  return { step_id, epoch, facts: action!.facts };
}
async function admit(pipeline: DrivenPipeline, held: { step_id: string; epoch: number; facts: GateFacts }) {
  const { step_id, epoch, facts } = held;
  const decision = await gate.judge(facts);
  return pipeline.rpc.admit(pipeline.tenant, { step_id, epoch, version: facts.version, decision });
}
const decided = async (pipeline: DrivenPipeline) =>
  (await pipeline.events()).flatMap((e) => (e.type === 'action_decided' ? [e.body.decision] : []));

/** The ledger catches up with a pipeline. */
async function intoLedger(pipeline: DrivenPipeline): Promise<void> {
  const { seq } = await pipeline.state();
  const body = { tenant: pipeline.tenant, pipeline_id: pipeline.id, seq };
  const batch = createMessageBatch('ags-ledger', [
    { id: 'm1', timestamp: new Date(), attempts: 1, body },
  ] as never);
  await consumeQueue(batch, env);
}

describe('versions', () => {
  it('GOV-4: published, numbered, hashed, never changed; the newest is in force', async () => {
    const acme = await newTenant();
    const first = await publish(acme, FREEZE);
    expect(first).toMatchObject({ status: 201, body: { version: 1, policies: 1, current: true } });
    // The same text again is the same version.
    expect((await publish(acme, FREEZE)).body.version).toBe(1);
    expect((await publish(acme, ASK)).body.version).toBe(2);
    const list = await answer<{ items: PolicyVersion[] }>('/api/policies', { key: acme.keys.viewer });
    expect(list.body.items.map(({ version, current }) => [version, current])).toEqual([
      [2, true],
      [1, false],
    ]);
    const old = await answer<{ cedar: string; sha256: string }>('/api/policies/1', {
      key: acme.keys.viewer,
    });
    expect(old.body).toMatchObject({ cedar: FREEZE, sha256: first.body.sha256 });
    const now = await answer<PoliciesInForce>('/api/policies/current', { key: acme.keys.viewer });
    expect(now.body).toMatchObject({
      own: { version: 2, cedar: ASK },
      policy_version: expect.stringMatching(/^builtin-2\+[0-9a-f]{16}\/2$/),
      built_in: { limits: expect.stringContaining('forbidden_action') },
      projects: [{ project_id: acme.project_id, mode: 'enforce' }],
    });
  });

  it('GOV-4: what does not fit is refused with line and column, and nothing is published', async () => {
    const acme = await newTenant();
    const source = '@id("a")\nforbid (principal, action, resource) when { context.nope };';
    expect(await publish(acme, source)).toMatchObject({
      status: 422,
      body: { code: 'policy_invalid', findings: [{ line: 2, column: 45, code: 'type' }] },
    });
    const { body } = await answer<PolicyCheckResult>('/api/policies/check', {
      key: acme.keys.viewer,
      body: { cedar: source },
    });
    expect(body).toMatchObject({ ok: false, policies: [] });
    const list = await answer<{ items: unknown[] }>('/api/policies', { key: acme.keys.viewer });
    expect(list.body.items).toEqual([]);
  });

  it('GOV-4: two who publish at once: the second is told', async () => {
    const acme = await newTenant();
    await publish(acme, FREEZE, { expected_version: 0 });
    expect(await publish(acme, ASK, { expected_version: 0 })).toMatchObject({
      status: 409,
      body: { code: 'policy_changed' },
    });
  });

  it('GOV-4, TEN-1: a version that does not exist and one of another tenant are a 404', async () => {
    const [acme, other] = [await newTenant(), await newTenant()];
    await publish(other, FREEZE);
    for (const version of ['1', '0', 'x', '99999999999'])
      expect((await answer(`/api/policies/${version}`, { key: acme.keys.viewer })).status).toBe(404);
  });
});

describe('judged under the tenant’s policies', () => {
  it('GOV-2, GOV-4: a published version judges, and the decision says which', async () => {
    const acme = await newTenant();
    const { body } = await publish(acme, FREEZE);
    const pipeline = await spawned(acme);
    const held = await claimed(pipeline);
    expect(held.facts.policy).toBe(`1:${body.sha256}`);
    expect(await admit(pipeline, held)).toMatchObject({ kind: 'stopped' });
    expect(await decided(pipeline)).toMatchObject([
      {
        decision: 'deny',
        determining: ['tenant:freeze'],
        reason: 'A freeze is on.',
        remedy: 'Wait until Monday.',
        tenant_policy: `1:${body.sha256}`,
        policy_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('GOV-2: published between judgement and admission: judged again, and then refused', async () => {
    const acme = await newTenant();
    const pipeline = await spawned(acme);
    const held = await claimed(pipeline);
    await publish(acme, FREEZE);
    const again = await admit(pipeline, held);
    expect(again).toMatchObject({ kind: 'judge_again', facts: { policy: expect.stringMatching(/^1:/) } });
    if (again.kind !== 'judge_again') throw new Error('unreachable');
    expect(await admit(pipeline, { ...held, facts: again.facts })).toMatchObject({ kind: 'stopped' });
  });

  it('GOV-4: an empty text takes the tenant’s policies back', async () => {
    const acme = await newTenant();
    await publish(acme, FREEZE);
    await publish(acme, '');
    const pipeline = await spawned(acme);
    const held = await claimed(pipeline);
    expect(held.facts.policy).toBe('builtin');
    expect(await admit(pipeline, held)).toMatchObject({ kind: 'run' });
  });
});

describe('before a run', () => {
  const check = async (acme: TestTenant, tier: number) => {
    const { body } = await answer<PlanCheckResult>('/api/plans/check', {
      key: acme.keys.viewer,
      body: { source: planSource({ tier }) },
    });
    return Object.fromEntries(body.decisions.map((d) => [d.tool, d.decision]));
  };

  it('PRE-1, GOV-4: a plan’s check says what each tool would be answered under the policies in force', async () => {
    const acme = await newTenant();
    expect(await check(acme, 0)).toMatchObject({ blackboard_read: 'allow', http_get: 'allow' });
    await publish(acme, FREEZE);
    expect(await check(acme, 0)).toMatchObject({ blackboard_read: 'deny', http_get: 'allow' });
    await publish(acme, ASK);
    expect(await check(acme, 0)).toMatchObject({ blackboard_read: 'require_approval' });
  });
});

describe('approvals of actions', () => {
  it('GOV-5: parked over a restart, decided over the API by another person, judged again, run', async () => {
    const acme = await newTenant();
    await publish(acme, ASK);
    const pipeline = await spawned(acme);
    expect(await admit(pipeline, await claimed(pipeline))).toMatchObject({ kind: 'stopped' });
    await evictDurableObject(pipeline.object);

    const { body: list } = await answer<{ items: ApprovalView[] }>('/api/approvals?status=pending', {
      key: acme.keys.viewer,
    });
    const approval = list.items.find((a) => a.pipeline_id === pipeline.id)!;
    expect(approval).toMatchObject({ tool: 'blackboard_read', policies: ['tenant:ask'], status: 'pending' });
    const decide = (key: string) =>
      answer<Pipeline & Problem>(`/api/approvals/${approval.approval_id}/decision`, {
        key,
        body: { decision: 'approve', reason: 'looked at it', action_sha256: approval.action_sha256 },
      });
    // The spawner's other key is the same person.
    expect((await decide(acme.keys.admin)).body.code).toBe('self_approval');
    const owner = await acme.newSubject('person');
    const { secret } = await acme.newKey({ role: 'operator', owner });
    expect(await decide(secret)).toMatchObject({ status: 200, body: { waiting_for: null } });
    await evictDurableObject(pipeline.object);

    expect(await admit(pipeline, await claimAgain(pipeline))).toMatchObject({ kind: 'run' });
    expect((await decided(pipeline)).map((d) => d.decision)).toEqual(['require_approval', 'allow']);
  });

  it('GOV-5: the policies changed meanwhile: the approval does not count, and it is asked for anew', async () => {
    const acme = await newTenant();
    await publish(acme, ASK);
    const pipeline = await spawned(acme);
    await admit(pipeline, await claimed(pipeline));
    const { approvals } = await pipeline.state();
    const { approval_id, sha256 } = approvals[0]!;
    await publish(acme, `${ASK}\n@id("more") forbid (principal, action == Action::"none", resource);`);
    const done = await pipeline.rpc.operate(acme.tenant, 'person:ps_other', {
      kind: 'decide_approval',
      approval_id,
      decision: 'approve',
      reason: 'fine',
      sha256,
    });
    expect(done.ok).toBe(true);
    expect(await admit(pipeline, await claimAgain(pipeline))).toMatchObject({ kind: 'stopped' });
    expect((await pipeline.state()).approvals.map((a) => a.status)).toEqual(['approve', 'pending']);
  });
});

describe('observing', () => {
  it('GOV-10: what would be refused happens, is shown as such, and is in the report', async () => {
    const acme = await newTenant();
    await publish(acme, FREEZE);
    expect((await observe(acme)).body).toEqual({ project_id: acme.project_id, mode: 'observe' });
    const pipeline = await spawned(acme);
    expect(await admit(pipeline, await claimed(pipeline))).toMatchObject({ kind: 'run' });
    const { body } = await answer<Orchestration>(`/api/pipeline/orchestration?pipeline_id=${pipeline.id}`, {
      key: acme.keys.viewer,
    });
    expect(body.actions[0]).toMatchObject({ decision: 'allow', determining: ['observed'] });
    await intoLedger(pipeline);
    const report = await answer<PolicyReport>('/api/policies/report', { key: acme.keys.viewer });
    expect(report.body).toMatchObject({
      examined: 1,
      items: [
        {
          pipeline_id: pipeline.id,
          project_id: acme.project_id,
          tool: 'blackboard_read',
          would_be: 'deny',
          determining: ['tenant:freeze'],
          reason: 'A freeze is on.',
        },
      ],
    });
  });

  it('GOV-10, ENF-6: a change of mode between judgement and admission is judged again', async () => {
    const acme = await newTenant();
    await publish(acme, FREEZE);
    await observe(acme);
    const pipeline = await spawned(acme);
    const held = await claimed(pipeline);
    await observe(acme, 'enforce');
    expect(await admit(pipeline, held)).toMatchObject({ kind: 'judge_again', facts: { mode: 'enforce' } });
  });

  it('GOV-10, TEN-1: the mode of a project that is not the caller’s is a 404', async () => {
    const [acme, other] = [await newTenant(), await newTenant()];
    expect(
      (
        await answer(`/api/projects/${other.project_id}/mode`, {
          key: acme.keys.admin,
          body: { mode: 'observe', reason: 'mine now' },
        })
      ).status,
    ).toBe(404);
  });
});

describe('backtest', () => {
  it('GOV-4: a draft against what was recorded: what would change, either way', async () => {
    const acme = await newTenant();
    const pipeline = await spawned(acme);
    await admit(pipeline, await claimed(pipeline));
    await intoLedger(pipeline);
    const test = (source?: string) =>
      answer<BacktestResult & Problem>('/api/policies/backtest', {
        key: acme.keys.auditor,
        body: source === undefined ? {} : { cedar: source },
      });
    expect((await test(FREEZE)).body).toMatchObject({
      examined: 1,
      skipped: 0,
      truncated: false,
      stricter: 1,
      looser: 0,
      changes: [
        {
          tool: 'blackboard_read',
          was: { decision: 'allow', determining: ['tier_1_may_use:blackboard_read'] },
          would_be: { decision: 'deny', determining: ['tenant:freeze'] },
        },
      ],
    });
    expect((await test()).body).toMatchObject({ examined: 1, changes: [] });
    expect(await test('permit (')).toMatchObject({ status: 422, body: { code: 'policy_invalid' } });
  });

  it('GOV-4, TEN-1: another tenant’s actions are not among them', async () => {
    const [acme, other] = [await newTenant(), await newTenant()];
    const pipeline = await spawned(other);
    await admit(pipeline, await claimed(pipeline));
    await intoLedger(pipeline);
    const { body } = await answer<BacktestResult>('/api/policies/backtest', {
      key: acme.keys.auditor,
      body: { cedar: FREEZE },
    });
    expect(body.examined).toBe(0);
  });
});
