import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import type { QuotaReport } from '#contract/quotas.ts';
import { ERROR_BUDGET } from '#domain/governance/error-budget.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import {
  answer,
  env,
  makeTenant,
  migrateLedger,
  planSource,
  type TestTenant,
} from '#tests/support/worker.ts';

listenToQueues();
beforeAll(migrateLedger);

let acme: TestTenant;
let tenant = '';
let tests = 0;
beforeEach(async () => {
  tenant = `budget-${++tests}`;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  acme = await makeTenant(tenant);
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const control = () => controlStub(env.CONTROL, tenant);
const body = { plan: { source: planSource() } };
const spawn = () => answer<Pipeline & Problem>('/api/spawn', { key: acme.keys.operator, body });
const report = async () =>
  (await answer<QuotaReport>('/api/quotas', { key: acme.keys.viewer })).body.usage.error_budget;
const project = async () => (await control().listProjects())[0]?.project_id ?? '';
/** What a pipeline tells with its next permit: so much from its beginning. */
const tell = async (pipeline_id: string, good: number, bad: number) =>
  control().permit(await project(), { pipeline_id, good, bad });
const lift = (key: string, reason = 'the prompt is mended') =>
  answer<QuotaReport & Problem>('/api/error-budget/lift', { key, body: { reason } });
const log = async () =>
  (await control().changes(0, 1_000)).filter(({ type }) => type.startsWith('error_budget_'));

describe('the tenant’s error budget', () => {
  it('ENF-5: at its limit everything goes on; one error more, and new spawns are refused with rule, reason and remedy', async () => {
    const { pipeline_id } = (await spawn()).body;
    expect((await tell(pipeline_id, 80, 20)).budget_spent).toBeNull();
    expect((await spawn()).status).toBe(201);
    expect((await tell(pipeline_id, 80, 21)).budget_spent?.detail).toContain(
      '21 errors of agents in 101 steps',
    );
    const { status, body: refused, headers } = await spawn();
    expect(status).toBe(429);
    expect(refused).toMatchObject({
      code: 'error_budget_spent',
      remedy: expect.stringContaining('lift-errors'),
    });
    expect(refused.detail).toContain('21 errors of agents');
    // The slow window has more than one in five, and an hour to go.
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(300);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(3_600);
  });

  it('ENF-5: counts are cumulative and told by many: the same told twice counts once, and pipelines add up', async () => {
    const [a, b] = [(await spawn()).body.pipeline_id, (await spawn()).body.pipeline_id];
    await tell(a, 30, 10);
    await tell(a, 30, 10);
    await tell(a, 20, 5);
    await tell(b, 10, 0);
    await tell('pl_of_nobody', 0, 1_000);
    expect((await report()).windows[0]).toMatchObject({ window: 'fast', good: 40, bad: 10 });
  });

  it('ENF-5: a run’s agents stop too, with the reason, and go on when the window has moved on', async () => {
    const run = new DrivenPipeline(tenant, (await spawn()).body.pipeline_id);
    await (await run.login()).bootstrap();
    await tell(run.id, 0, 100);
    pass(5_000);
    const { step_id } = await run.step('agent_turn');
    expect((await run.rpc.claim(tenant, step_id, 'w')).claimed).toBe(false);
    expect(await run.rpc.read(tenant)).toMatchObject({
      value: { waiting_for: 'queue', waiting_detail: expect.stringContaining('error budget is spent') },
    });
    expect(await report()).toMatchObject({ spent: { since: expect.any(String) } });
    pass(ERROR_BUDGET.slow.minutes * 60_000);
    expect((await report()).spent).toBeNull();
    expect((await run.rpc.read(tenant)).ok).toBe(true);
    expect((await run.rpc.claim(tenant, step_id, 'w')).claimed).toBe(true);
    expect((await log()).map(({ type }) => type)).toEqual(['error_budget_spent', 'error_budget_restored']);
  });

  it('ENF-5, TEN-5: an admin who is a person lifts it, on record with the reason; nobody else does', async () => {
    const { pipeline_id } = (await spawn()).body;
    await tell(pipeline_id, 0, 100);
    expect((await spawn()).status).toBe(429);
    for (const role of ['viewer', 'operator', 'auditor'] as const)
      expect((await lift(acme.keys[role])).status).toBe(403);
    expect((await lift(acme.keys.admin, '')).status).toBe(422);
    const lifted = await lift(acme.keys.admin);
    expect(lifted.status).toBe(200);
    expect(lifted.body.usage.error_budget).toMatchObject({ spent: null, windows: [{ bad: 0 }, { bad: 0 }] });
    expect((await spawn()).status).toBe(201);
    // What was told before counts no more; what comes after does.
    await tell(pipeline_id, 0, 100);
    expect((await report()).spent).toBeNull();
    await tell(pipeline_id, 0, 200);
    expect((await report()).spent).not.toBeNull();
    const [spent, taken] = await log();
    expect(spent).toMatchObject({ type: 'error_budget_spent', actor: 'system:supervisor' });
    expect(taken).toMatchObject({
      type: 'error_budget_lifted',
      actor: `person:${acme.person}`,
      body: { reason: 'the prompt is mended' },
    });
  });

  it('ENF-5: the target is the tenant’s to raise and the platform’s to bound', async () => {
    const { pipeline_id } = (await spawn()).body;
    await tell(pipeline_id, 90, 10);
    expect((await report()).spent).toBeNull();
    const set = (value: number) =>
      answer<QuotaReport>('/api/quotas', {
        method: 'PUT',
        key: acme.keys.admin,
        body: { step_success_permille: value },
      });
    expect((await set(500)).body.quotas.step_success_permille).toBe(950);
    await set(999);
    expect(await report()).toMatchObject({
      target_permille: 999,
      spent: { detail: expect.stringContaining('99.9 %') },
    });
  });

  it('ENF-5, OPS-1: health says so; ENF-1: a diagnosis is admitted all the same', async () => {
    const { pipeline_id } = (await spawn()).body;
    await tell(pipeline_id, 0, 100);
    const health = await answer<{ dependencies: { name: string; status: string; detail: string }[] }>(
      '/api/health',
      {
        key: acme.keys.viewer,
      },
    );
    expect(health.body.dependencies.find(({ name }) => name === 'error_budget')).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('error budget'),
    });
    const admitted = await control().admit({
      pipeline_id: 'pl_diagnosis',
      project_id: null,
      request_sha256: 'x',
      slice: { tokens: 0, cost_microusd: 0 },
      diagnostic: true,
    });
    expect(admitted.ok).toBe(true);
  });

  it('ENF-5: what a run has told is told with its end too, so that a short one counts', async () => {
    const run = new DrivenPipeline(tenant, (await spawn()).body.pipeline_id);
    await (await run.toConsensus()).revokeAll();
    await vi.waitFor(async () => expect((await report()).windows[0]?.good).toBeGreaterThanOrEqual(8));
  });
});
