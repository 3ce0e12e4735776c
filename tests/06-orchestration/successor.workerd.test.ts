import { createMessageBatch, runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lineage, Pipeline } from '#contract/pipeline.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';
import { parseConfig } from '#workers/config.ts';
import { runScheduled } from '#workers/cron.ts';
import { consumeQueue } from '#workers/queues.ts';
import { createStepDeps, handleStepBatch } from '#workers/steps/index.ts';

listenToQueues();
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

let tenants = 0;
async function freshTenant(): Promise<TestTenant> {
  tenants += 1;
  return makeTenant(`lineage-${tenants}`);
}

const SLICE = { tokens: 0, cost_microusd: 0 };
const controlOf = (t: TestTenant) => controlStub(env.CONTROL, t.tenant);

/** Takes slots until the tenant has none left; answers the ids. Only what the minute's quota lets through. */
async function fill(t: TestTenant): Promise<string[]> {
  for (let n = 0; ; n++) {
    const pipeline_id = `pl_filler${n}`;
    const done = await controlOf(t).admit({
      pipeline_id,
      project_id: null,
      request_sha256: 'x',
      slice: SLICE,
    });
    if (!done.ok) return Array.from({ length: n }, (_, i) => `pl_filler${i}`);
  }
}

const lineage = async (t: TestTenant, id: string) =>
  (await answer<Lineage>(`/api/pipeline/lineage?pipeline_id=${id}`, { key: t.keys.viewer })).body;

/** A run that its operator aborted, its slot given back: its successor is planned. */
async function aborted(t: TestTenant): Promise<{ pipeline: DrivenPipeline; successor_id: string }> {
  const made = await answer<Pipeline>('/api/spawn', { key: t.keys.operator, body: spawnBody() });
  const pipeline = new DrivenPipeline(t.tenant, made.body.pipeline_id);
  const { body } = await answer<Pipeline>('/api/pipeline/abort', {
    key: t.keys.operator,
    body: { pipeline_id: pipeline.id, reason: 'enough' },
  });
  await vi.waitFor(async () => expect(await controlOf(t).livePipelines()).toEqual([]));
  return { pipeline, successor_id: body.successor_id ?? '' };
}

const messageFor = (pipeline: DrivenPipeline, step_id: string) =>
  createMessageBatch('ags-steps-0', [
    {
      id: `m-${step_id}`,
      timestamp: Date.now(),
      attempts: 1,
      body: { tenant: pipeline.tenant, pipeline_id: pipeline.id, step_id },
    },
  ]);
/** The step that spawns the successor is worked on by the Worker's own consumer. */
const workOn = (pipeline: DrivenPipeline, step_id: string) =>
  consumeQueue(messageFor(pipeline, step_id), env);
const spawnsOf = async (t: TestTenant, id: string) =>
  (await new DrivenPipeline(t.tenant, id).events()).filter((e) => e.type === 'pipeline_spawned').length;

describe('the successor', () => {
  it('REC-3 REC-4: while the quota is full it waits, visibly, is tried again, and then is there once', async () => {
    const t = await freshTenant();
    const { pipeline, successor_id } = await aborted(t);
    const fillers = await fill(t);
    const { step_id } = await pipeline.step('spawn_successor');
    for (let n = 0; n < 3; n++) {
      await workOn(pipeline, step_id);
      const failed = (await pipeline.events()).at(-1);
      expect(failed).toMatchObject({ type: 'step_failed', body: { code: 'quota_exceeded' } });
      expect(await lineage(t, pipeline.id)).toMatchObject({
        items: [{ pipeline_id: pipeline.id, exit_code: 3 }],
        outcome: { state: 'FAILED', exit_code: 3 },
        waiting: successor_id,
      });
      expect(await controlOf(t).livePipelines()).not.toContain(successor_id);
      // The refusal says when to come back; before that nobody is let in.
      const early = await pipeline.rpc.claim(t.tenant, step_id, 'w');
      expect(early).toMatchObject({ claimed: false, why: expect.stringContaining('next try') });
      pass(61_000);
    }
    await controlOf(t).release(fillers[0] ?? '', SLICE);
    await workOn(pipeline, step_id);
    const { items, outcome, waiting } = await lineage(t, pipeline.id);
    expect(items.map((i) => [i.pipeline_id, i.attempt])).toEqual([
      [pipeline.id, 1],
      [successor_id, 2],
    ]);
    expect({ outcome, waiting }).toEqual({ outcome: { state: 'SPAWN', exit_code: null }, waiting: null });
    expect((await lineage(t, successor_id)).items.length).toBe(2);
    await workOn(pipeline, step_id);
    expect(await spawnsOf(t, successor_id)).toBe(1);
    expect(await pipeline.ready('spawn_successor')).toEqual([]);
  });

  it('REC-3: its first line says what it resumes from, and what it read is what was sealed', async () => {
    const t = await freshTenant();
    const { pipeline, successor_id } = await aborted(t);
    await workOn(pipeline, (await pipeline.step('spawn_successor')).step_id);
    const next = new DrivenPipeline(t.tenant, successor_id);
    const events = await next.events();
    const line = events.find((e) => e.type === 'log_written');
    expect(line?.body).toMatchObject({ message: `Resuming from ${pipeline.id} handoff` });
    const sealed = (await pipeline.events()).find((e) => e.type === 'handoff_sealed');
    const loaded = events.find((e) => e.type === 'handoff_loaded');
    expect(loaded?.body).toMatchObject({
      prior_pipeline: pipeline.id,
      sha256: sealed?.type === 'handoff_sealed' ? sealed.body.sha256 : 'none was sealed',
    });
    expect(await next.rpc.read(t.tenant)).toMatchObject({
      ok: true,
      value: { attempt: 2, predecessor_id: pipeline.id, tier: 1, created_by: `person:${t.person}` },
    });
  });

  it('REC-3: a worker that dies after the spawn and before its report leaves exactly one successor', async () => {
    const t = await freshTenant();
    const { pipeline, successor_id } = await aborted(t);
    const { step_id } = await pipeline.step('spawn_successor');
    const config = parseConfig(env);
    const nobody = {} as Parameters<typeof createStepDeps>[2];
    const deps = createStepDeps(env, config, nobody, {} as Parameters<typeof createStepDeps>[3]);
    await handleStepBatch(messageFor(pipeline, step_id), {
      ...deps,
      clocks: { ...deps.clocks, sleep: async () => undefined },
      pipeline: (tenant, id) => {
        const object = pipelineStub(env.PIPELINE, tenant, id);
        return {
          claim: (...a) => object.claim(...a),
          heartbeat: (...a) => object.heartbeat(...a),
          admit: (...a) => object.admit(...a),
          complete: async () => Promise.reject(new Error('the process is gone')),
          fail: async () => Promise.reject(new Error('the process is gone')),
          deadLetter: (...a) => object.deadLetter(...a),
          documents: (...a) => object.documents(...a),
        };
      },
    });
    expect(await spawnsOf(t, successor_id)).toBe(1);
    expect(await pipeline.ready('spawn_successor')).toEqual([]);
    const first = await new DrivenPipeline(t.tenant, successor_id).events();
    pass(20_001);
    await runDurableObjectAlarm(pipeline.object);
    await workOn(pipeline, (await pipeline.step('spawn_successor')).step_id);
    expect(await pipeline.ready('spawn_successor')).toEqual([]);
    expect(await new DrivenPipeline(t.tenant, successor_id).events()).toEqual(first);
    expect(await controlOf(t).livePipelines()).toEqual([successor_id]);
  });

  it('REC-3: a slot that was taken for it and given back is taken anew, under the same number', async () => {
    const t = await freshTenant();
    const { pipeline, successor_id } = await aborted(t);
    const { step_id } = await pipeline.step('spawn_successor');
    const config = parseConfig(env);
    const deps = createStepDeps(env, config, {} as never, {} as never);
    await handleStepBatch(messageFor(pipeline, step_id), {
      ...deps,
      spawn: () => ({ spawn: async () => Promise.reject(new Error('the object cannot be reached')) }),
    });
    expect(await lineage(t, pipeline.id)).toMatchObject({ waiting: successor_id });
    pass(601_000);
    await runScheduled({ cron: '* * * * *' }, env);
    expect(await controlOf(t).livePipelines()).toEqual([]);
    await runDurableObjectAlarm(pipeline.object);
    await workOn(pipeline, (await pipeline.step('spawn_successor')).step_id);
    expect(await controlOf(t).livePipelines()).toEqual([successor_id]);
    expect((await lineage(t, pipeline.id)).items.map((i) => i.number)).toEqual([1, 2]);
  });

  it('REC-3 TEN-2: it waits when its spawner may not spawn any more, and shows it', async () => {
    const t = await freshTenant();
    const { pipeline, successor_id } = await aborted(t);
    const keys = await answer<{ items: { key_id: string; owner: string }[] }>('/api/keys', {
      key: t.bootstrap,
    });
    for (const { key_id, owner } of keys.body.items)
      if (owner === t.person && !t.keys.viewer.includes(key_id))
        await answer(`/api/keys/${key_id}`, { method: 'DELETE', key: t.bootstrap });
    await workOn(pipeline, (await pipeline.step('spawn_successor')).step_id);
    const failed = (await pipeline.events()).at(-1);
    expect(failed).toMatchObject({ type: 'step_failed', body: { code: 'authority_withdrawn' } });
    expect(await lineage(t, pipeline.id)).toMatchObject({ waiting: successor_id });
  });
});
