import { evictDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import type { QuotaReport } from '#contract/quotas.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { TenantControl } from '#objects/tenant/index.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, migrateLedger, PLATFORM_KEY, planSource } from '#tests/support/worker.ts';
import { logBug, writeArtifact } from '#workers/ledger/index.ts';

listenToQueues();
beforeAll(migrateLedger);

const NO_LIMIT = { tokens: 0, cost_microusd: 0 };
const controlOf = (tenant: string) => controlStub(env.CONTROL, tenant);
const admit = (tenant: string, pipeline_id: string, slice = NO_LIMIT) =>
  controlOf(tenant).admit({ pipeline_id, project_id: null, request_sha256: 'x', slice });
const setMonth = (tenant: string, tokens: number, cost = 1_000_000_000) =>
  answer<QuotaReport>(`/api/tenants/${tenant}/quotas`, {
    method: 'PUT',
    key: PLATFORM_KEY,
    body: { monthly_tokens: tokens, monthly_cost_microusd: cost },
  });
const drawnOf = async (tenant: string) => {
  const report = await controlOf(tenant).quotas();
  return report.ok ? report.value.usage.tokens : -1;
};
const need = (tokens: number) => ({ tokens, cost_microusd: 0 });

describe('quotas', () => {
  it('TEN-1: the platform sets them, a tenant’s admin goes below and never above, and the tenant’s log says who', async () => {
    const acme = await makeTenant('quota-set');
    const { admin: key } = acme.keys;
    const put = (body: object) => answer<QuotaReport>('/api/quotas', { method: 'PUT', key, body });
    expect((await put({ live_pipelines: 2 })).body.quotas.live_pipelines).toBe(2);
    expect((await put({ live_pipelines: 5_000 })).body.quotas.live_pipelines).toBe(100);
    expect((await put({ live_pipelines: 50 })).body).toMatchObject({
      quotas: { live_pipelines: 50 },
      allowed: { live_pipelines: 100 },
    });
    const platform = await answer<QuotaReport>('/api/tenants/quota-set/quotas', {
      method: 'PUT',
      key: PLATFORM_KEY,
      body: { live_pipelines: 20, retention_days: 400 },
    });
    expect(platform.body.quotas).toMatchObject({ live_pipelines: 20, retention_days: 400 });
    expect(platform.body.allowed).toMatchObject({ live_pipelines: 20, retention_days: 400 });
    // Longer retention is the stricter one.
    expect((await put({ retention_days: 200 })).body.quotas.retention_days).toBe(400);
    expect((await put({ live_pipelines: null })).body.quotas.live_pipelines).toBe(20);
    expect((await put({ live_pipelines: -1 })).status).toBe(422);
    expect((await put({})).status).toBe(422);
    const changes = (await controlOf('quota-set').changes(0, 1_000)).filter((c) => c.type === 'quotas_set');
    expect(new Set(changes.map((c) => c.actor))).toEqual(
      new Set([`person:${acme.person}`, 'platform:admin']),
    );
    const nobody = await answer('/api/tenants/not-there/quotas', { key: PLATFORM_KEY });
    expect(nobody.status).toBe(404);
  });

  it('TEN-1: live pipelines, spawns and storage are refused at the quota that was set, and usage shows it', async () => {
    const acme = await makeTenant('quota-use');
    const { admin, operator: key } = acme.keys;
    await answer('/api/quotas', {
      method: 'PUT',
      key: admin,
      body: { live_pipelines: 1, storage_bytes: 500 },
    });
    const spawn = () =>
      answer<Pipeline & Problem>('/api/spawn', { key, body: { plan: { source: planSource() } } });
    expect((await spawn()).status).toBe(201);
    expect((await spawn()).body).toMatchObject({ status: 429, code: 'quota_exceeded' });
    const memory = (text: string) => answer<Problem>('/api/memory', { key, body: { title: 't', text } });
    expect((await memory('x'.repeat(400))).status).toBe(201);
    expect((await memory('x'.repeat(400))).body.code).toBe('quota_exceeded');
    const plan = await answer<Problem>('/api/plans', {
      key,
      body: { source: planSource() + '#'.repeat(600) },
    });
    expect(plan.body.code).toBe('quota_exceeded');
    const { body } = await answer<QuotaReport>('/api/quotas', { key });
    expect(body.usage).toMatchObject({
      live_pipelines: 1,
      spawns_last_minute: 1,
      pipelines: 1,
      storage_bytes: 400,
    });
    expect(body.usage.tokens).toBeGreaterThan(0);
    await answer('/api/quotas', {
      method: 'PUT',
      key: admin,
      body: { live_pipelines: 9, spawns_per_minute: 1 },
    });
    expect((await spawn()).body.detail).toContain('1 pipelines were spawned in the last minute');
  });
});

describe('slices of the tenant’s month', () => {
  it('PIPE-11: a run draws a slice, not its whole limit, so that many large plans fit side by side', async () => {
    await makeTenant('slices');
    await setMonth('slices', 1_000_000);
    const large = { tokens: 900_000, cost_microusd: 1_000_000 };
    expect((await admit('slices', 'pl_one', large)).ok).toBe(true);
    expect((await admit('slices', 'pl_two', large)).ok).toBe(true);
    expect(await drawnOf('slices')).toBe(400_000);
    expect(await controlOf('slices').draw('pl_one', need(250_000))).toMatchObject({
      tokens: 400_000,
      used_up: false,
    });
    // What it has is enough: nothing is drawn.
    expect(await controlOf('slices').draw('pl_one', need(300_000))).toMatchObject({ tokens: 400_000 });
    expect(await drawnOf('slices')).toBe(600_000);
  });

  it('PIPE-11: pipelines side by side cannot overrun the month together, whatever they ask for and in whatever order', async () => {
    await makeTenant('side');
    await setMonth('side', 2_000_000);
    const ids = Array.from({ length: 8 }, (_, i) => `pl_side${i}`);
    for (const id of ids) expect((await admit('side', id)).ok).toBe(true);
    const drawn = new Map<string, number>();
    for (let round = 1; round <= 20; round++)
      await Promise.all(
        ids.map(async (id) => {
          const slice = await controlOf('side').draw(id, need(round * 90_000));
          drawn.set(id, slice.tokens);
          if (!slice.used_up) expect(slice.tokens).toBeGreaterThanOrEqual(round * 90_000);
        }),
      );
    const sum = [...drawn.values()].reduce((a, b) => a + b, 0);
    expect(sum).toBeLessThanOrEqual(2_000_000);
    expect(await drawnOf('side')).toBe(sum);
    expect(await admit('side', 'pl_late')).toMatchObject({ ok: false, error: { code: 'quota_exceeded' } });
    await controlOf('side').release('pl_side0', need(10));
    await controlOf('side').release('pl_side0', need(0));
    expect((await admit('side', 'pl_late')).ok).toBe(true);
  });

  it('PIPE-11: what the admission drew goes to the pipeline, whose first model call draws no more', async () => {
    await makeTenant('begun');
    const id = 'pl_begun0';
    const admitted = await admit('begun', id);
    if (!admitted.ok) throw new Error(admitted.error.code);
    expect(admitted.value.slice).toEqual({ tokens: 200_000, cost_microusd: 500_000 });
    const pipeline = await DrivenPipeline.spawn('begun', {
      pipeline_id: id,
      slice: admitted.value.slice,
    });
    await (await pipeline.login()).bootstrap();
    const asked = vi.spyOn(TenantControl.prototype, 'draw');
    const { step_id } = await pipeline.step('agent_turn');
    expect(await pipeline.claim(step_id)).toMatchObject({ step_id });
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
    // The same admission again says the same.
    expect(await admit('begun', id)).toMatchObject({
      value: { replayed: true, slice: admitted.value.slice },
    });
  });

  it('PIPE-11: a spawn that never started is charged nothing; a rerun keeps what it used and draws again', async () => {
    await makeTenant('again');
    await admit('again', 'pl_never');
    await controlOf('again').abandon('pl_never', 0);
    expect(await drawnOf('again')).toBe(0);
    await admit('again', 'pl_parked');
    await controlOf('again').release('pl_parked', need(10));
    await controlOf('again').occupy('pl_parked');
    expect(await drawnOf('again')).toBe(10);
    expect((await controlOf('again').draw('pl_parked', need(20))).tokens).toBe(200_010);
  });

  it('PIPE-11 TEN-1: a pipeline of a tenant whose month is used up waits before the call, and goes on when the quota is raised', async () => {
    const acme = await makeTenant('used-up');
    const body = { plan: { source: planSource() } };
    const { body: spawned } = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body });
    const pipeline = new DrivenPipeline('used-up', spawned.pipeline_id);
    await (await pipeline.login()).bootstrap();
    await setMonth('used-up', 1);
    const { step_id } = await pipeline.step('agent_turn');
    // Its first slice is drawn already: within it work goes on.
    expect((await pipeline.rpc.claim('used-up', step_id, 'w')).claimed).toBe(true);
    const other = (await answer<Pipeline & Problem>('/api/spawn', { key: acme.keys.operator, body })).body;
    expect(other.code).toBe('quota_exceeded');

    await setMonth('used-up', 200_001);
    const late = (await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body })).body;
    const poor = new DrivenPipeline('used-up', late.pipeline_id);
    await (await poor.login()).bootstrap();
    const turn = await poor.step('agent_turn');
    expect((await poor.rpc.claim('used-up', turn.step_id, 'w')).claimed).toBe(false);
    const shown = async () =>
      (await answer<Pipeline>(`/api/pipeline?pipeline_id=${late.pipeline_id}`, { key: acme.keys.viewer }))
        .body;
    expect(await shown()).toMatchObject({
      state: 'RUNNING',
      exit_code: null,
      waiting_for: 'queue',
      waiting_detail: expect.stringContaining('has nothing left for the next model call'),
    });
    expect((await poor.rpc.claim('used-up', turn.step_id, 'w')).claimed).toBe(false);
    await setMonth('used-up', 1_000_000);
    expect((await poor.rpc.claim('used-up', turn.step_id, 'w')).claimed).toBe(true);
    expect((await shown()).waiting_for).toBeNull();
  });

  it('PIPE-11: in a new month it goes on, charged to that; what it drew before stays with the old one', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-01-31T23:59:00.000Z') });
    try {
      await makeTenant('turn');
      await setMonth('turn', 250_000);
      await admit('turn', 'pl_turn');
      const draw = (tokens: number) => controlOf('turn').draw('pl_turn', need(tokens));
      // All that January has: the first slice, and what was left.
      expect(await draw(300_000)).toMatchObject({ tokens: 250_000, used_up: true, month: '2027-01' });
      expect(await drawnOf('turn')).toBe(250_000);
      vi.setSystemTime(Date.parse('2027-02-01T00:00:00.000Z'));
      expect(await drawnOf('turn')).toBe(0);
      expect(await draw(300_000)).toMatchObject({ tokens: 450_000, used_up: false, month: '2027-02' });
      expect(await drawnOf('turn')).toBe(200_000);
      // It used 20,000 of what it drew in February; and what it had of January is not given to it.
      await controlOf('turn').release('pl_turn', need(270_000));
      expect(await drawnOf('turn')).toBe(20_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it('PIPE-11: a new month gives back nothing of the old one, also when less was used than drawn', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-01-31T23:59:00.000Z') });
    try {
      await makeTenant('turn-less');
      await setMonth('turn-less', 200_000);
      await admit('turn-less', 'pl_less');
      vi.setSystemTime(Date.parse('2027-02-01T00:00:00.000Z'));
      await controlOf('turn-less').draw('pl_less', need(210_000));
      await controlOf('turn-less').release('pl_less', need(100));
      expect(await drawnOf('turn-less')).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('PIPE-11: an object that woke up again learns what it had drawn, and draws nothing twice', async () => {
    const acme = await makeTenant('awake');
    const body = { plan: { source: planSource() } };
    const { body: spawned } = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body });
    const pipeline = new DrivenPipeline('awake', spawned.pipeline_id);
    await (await pipeline.login()).bootstrap();
    const before = await drawnOf('awake');
    await evictDurableObject(pipeline.object);
    const { step_id } = await pipeline.step('agent_turn');
    await pipeline.claim(step_id);
    expect(await drawnOf('awake')).toBe(before);
  });
});

describe('what is stored', () => {
  it('TEN-1: logs and documents of pipelines count once they end, in usage and against the quota; a newer word replaces the older', async () => {
    const acme = await makeTenant('quota-bytes');
    const { admin, operator: key } = acme.keys;
    const spawn = () =>
      answer<Pipeline & Problem>('/api/spawn', { key, body: { plan: { source: planSource() } } });
    const { pipeline_id } = (await spawn()).body;
    const usage = async () => (await answer<QuotaReport>('/api/quotas', { key })).body.usage;
    expect((await usage()).storage).toEqual({
      ...{ plans: 0, pipelines: 0, archives: 0, memory: 0, artifacts: 0, bugs: 0 },
    });
    await answer('/api/pipeline/cancel', { key, body: { pipeline_id, reason: 'enough' } });
    await vi.waitFor(async () => expect((await usage()).storage.pipelines).toBeGreaterThan(1_000), 10_000);
    const events = await answer<object>(`/api/pipeline/events?pipeline_id=${pipeline_id}`, { key });
    const { storage, storage_bytes } = await usage();
    // What lies there is what is shown, give or take what was written after the slot was given back.
    const length = JSON.stringify(events.body).length;
    expect(storage.pipelines).toBeGreaterThan(length / 2);
    expect(storage.pipelines).toBeLessThan(length * 1.5);
    expect(storage_bytes).toBe(storage.pipelines);
    const control = controlOf('quota-bytes');
    await control.release(pipeline_id, { tokens: 0, cost_microusd: 0 }, undefined, 777);
    expect((await usage()).storage.pipelines).toBe(777);
    await answer('/api/quotas', { method: 'PUT', key: admin, body: { storage_bytes: 777 } });
    expect((await spawn()).body).toMatchObject({ status: 429, code: 'quota_exceeded' });
    const memory = await answer<Problem>('/api/memory', { key, body: { title: 't', text: 'x' } });
    expect(memory.body.code).toBe('quota_exceeded');
  });

  it('TEN-1: what tools keep in the ledger’s database counts by its bytes, for its own tenant only, and against the quota', async () => {
    const acme = await makeTenant('quota-kept');
    const { admin, operator: key } = acme.keys;
    const usage = async () => (await answer<QuotaReport>('/api/quotas', { key })).body.usage;
    const remember = (text: string) =>
      answer<Problem>('/api/memory', { key, body: { title: 't', text } }).then(({ status }) => status);
    const made = { origin: [], created_by: 'agent:ag_1', created_at: '2026-11-22T12:00:00.000Z' };
    const about = { ...made, project_id: 'prj_1', pipeline_id: 'pl_1' };
    for (const tenant of ['quota-kept', 'quota-other']) {
      const artifact = { name: 'a.md', media_type: 'text/markdown', content: 'für' };
      await writeArtifact(env.LEDGER, tenant, { ...about, ...artifact, artifact_id: 'art_1' });
      const bug = { bug_id: 'bug_1', title: 'tür', detail: 'zu', severity: 'low' };
      await logBug(env.LEDGER, tenant, { ...about, ...bug });
    }
    expect(await remember('süß')).toBe(201);
    expect(await usage()).toMatchObject({
      storage: { plans: 0, pipelines: 0, archives: 0, memory: 5, artifacts: 4, bugs: 6 },
      storage_bytes: 15,
    });
    await answer('/api/quotas', { method: 'PUT', key: admin, body: { storage_bytes: 18 } });
    // Three letters, but four bytes, of which three are free.
    expect(await remember('für')).toBe(429);
    expect(await remember('abc')).toBe(201);
    expect(await remember('x')).toBe(429);
    expect((await usage()).storage_bytes).toBe(18);
  });
});
