import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { PipelineObject } from '#objects/pipeline/object.ts';
import { controlStub, feedStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues, withBindings } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, spawnBody } from '#tests/support/worker.ts';

const TENANT = 'acme';
const heard = listenToQueues();
const spawn = () => DrivenPipeline.spawn(TENANT);

/** The tests move the clock; timers and queues run on the real one. */
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** The ledger's queue waits a second for a batch to fill. */
const PATIENT = { timeout: 5_000 };

/** Messages of a later spawn have arrived, so whatever was sent before it has, too. */
async function quiet(): Promise<void> {
  const { id, rpc } = await spawn();
  pass(5_000);
  await rpc.poke(TENANT);
  await vi.waitFor(() => expect(heard.steps.some((m) => m.pipeline_id === id)).toBe(true), PATIENT);
  await vi.waitFor(() => expect(heard.ledger.some((m) => m.pipeline_id === id)).toBe(true), PATIENT);
}

describe('what others are told', () => {
  it('LEDG-1: the ledger is hinted at the newest event until it has it, across evictions', async () => {
    const pipeline = await spawn();
    const hints = () => heard.ledger.filter((m) => m.pipeline_id === pipeline.id).map((m) => m.seq);
    const { seq } = await pipeline.state();
    pass(4_999);
    await pipeline.rpc.poke(TENANT);
    pass(1);
    await pipeline.rpc.poke(TENANT);
    await vi.waitFor(() => expect(hints()).toEqual([seq]), PATIENT);
    pass(15_001);
    await runDurableObjectAlarm(pipeline.object);
    await vi.waitFor(() => expect(hints()).toEqual([seq, seq]), PATIENT);
    await pipeline.rpc.shipped(TENANT, seq);
    await evictDurableObject(pipeline.object);
    pass(600_000);
    await runDurableObjectAlarm(pipeline.object);
    await pipeline.rpc.shipped(TENANT, seq - 1);
    await pipeline.rpc.poke(TENANT);
    await evictDurableObject(pipeline.object);
    await pipeline.rpc.poke(TENANT);
    await quiet();
    expect(hints()).toEqual([seq, seq]);
  });

  it('TEN-1 PIPE-6: the end gives the quota’s slot back, once', async () => {
    const tenant = await makeTenant('slots');
    const control = controlStub(env.CONTROL, 'slots');
    const { body } = await answer<{ pipeline_id: string }>('/api/spawn', {
      key: tenant.keys.operator,
      body: spawnBody(),
    });
    const pipeline = new DrivenPipeline('slots', body.pipeline_id);
    expect(await control.livePipelines()).toEqual([pipeline.id]);
    await pipeline.toConsensus();
    await vi.waitFor(async () => expect(await control.livePipelines()).toEqual([]));
  });

  it('CONS-9 REC-1: a failed consensus holds no slot; a rerun takes it back', async () => {
    const tenant = await makeTenant('waiting');
    const control = controlStub(env.CONTROL, 'waiting');
    const { body } = await answer<{ pipeline_id: string }>('/api/spawn', {
      key: tenant.keys.operator,
      body: spawnBody(),
    });
    const pipeline = await new DrivenPipeline('waiting', body.pipeline_id).toConsensusFailure();
    await vi.waitFor(async () => expect(await control.livePipelines()).toEqual([]));
    await answer('/api/pipeline/consensus/fallback', {
      key: tenant.keys.operator,
      body: { pipeline_id: pipeline.id, action: 'rerun_same', reason: 'again' },
    });
    await vi.waitFor(async () => expect(await control.livePipelines()).toEqual([pipeline.id]));
  });
});

describe('others that do not answer', () => {
  /** A namespace whose objects cannot be reached. */
  const unreachable = {
    idFromName: () => ({}),
    get: () => new Proxy({}, { get: () => () => Promise.reject(new Error('unreachable')) }),
  };

  it('REC-6 TEN-1: a slot is given back once the control object answers again', async () => {
    await makeTenant('down-control');
    const control = controlStub(env.CONTROL, 'down-control');
    const pipeline = await DrivenPipeline.spawn('down-control');
    const a = { pipeline_id: pipeline.id, project_id: null, request_sha256: 'x' };
    await control.admit({ ...a, slice: { tokens: 0, cost_microusd: 0 } });
    const down = (name: string) => (name === 'CONTROL' ? unreachable : null);
    await pipeline.toRoundOne();
    await withBindings(pipeline, down, async () => {
      await pipeline.rpc.operate('down-control', 'person:ps_1', { kind: 'cancel', reason: 'x' });
      await runDurableObjectAlarm(pipeline.object);
    });
    expect(await control.livePipelines()).toEqual([pipeline.id]);
    pass(6_000);
    expect(await runDurableObjectAlarm(pipeline.object)).toBe(true);
    expect(await control.livePipelines()).toEqual([]);
  });

  it('REC-6 UI-2: the list learns of an end that it missed', async () => {
    const pipeline = await DrivenPipeline.spawn('down-feed');
    const inList = async (): Promise<Pipeline | undefined> => {
      const all = { limit: 10, cursor: null, ended: true };
      return (await feedStub(env.FEED, 'down-feed').list(all)).items.find(
        (p) => p.pipeline_id === pipeline.id,
      );
    };
    await vi.waitFor(async () => expect((await inList())?.state).toBe('SPAWN'));
    await withBindings(
      pipeline,
      (name) => (name === 'FEED' ? unreachable : null),
      async () => {
        await pipeline.rpc.operate('down-feed', 'person:ps_1', { kind: 'cancel', reason: 'x' });
        await pipeline.rpc.poke('down-feed');
      },
    );
    expect((await inList())?.state).toBe('SPAWN');
    await pipeline.rpc.poke('down-feed');
    expect((await inList())?.state).toBe('FAILED');
  });
});

describe('what is written', () => {
  it('PERF-3: a step of a run like the sample writes at most 8 rows, alarms counted', async () => {
    const pipeline = await spawn();
    let rows = 0;
    await runInDurableObject<PipelineObject, void>(pipeline.object, (_, { storage }) => {
      const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
      const exec = sql.exec;
      vi.spyOn(sql, 'exec').mockImplementation(function (this: SqlStorage, ...args: Parameters<typeof exec>) {
        const cursor = exec.apply(this, args);
        rows += cursor.rowsWritten;
        return cursor;
      } as typeof exec);
      const alarms = Object.getPrototypeOf(storage) as DurableObjectStorage;
      const setAlarm = alarms.setAlarm;
      vi.spyOn(alarms, 'setAlarm').mockImplementation(function (this: DurableObjectStorage, ...args) {
        rows += 1;
        return setAlarm.apply(this, args);
      });
    });
    await (await pipeline.toConsensus()).revokeAll();
    await pipeline.rpc.shipped(TENANT, (await pipeline.state()).seq);
    await runDurableObjectAlarm(pipeline.object);
    vi.restoreAllMocks();
    listenToQueues();
    const steps = (await pipeline.events()).filter((e) => e.type === 'step_completed').length;
    expect(steps).toBeGreaterThan(8);
    expect(rows).toBeGreaterThan(steps);
    expect(rows / steps).toBeLessThanOrEqual(8);
  });
});
