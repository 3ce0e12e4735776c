import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StepResult } from '#domain/pipeline/assignment.ts';
import { DrivenPipeline, listenToQueues, spawnOf, withBindings } from '#tests/support/driven-pipeline.ts';
import { proposal } from '#tests/support/pipeline.ts';

const TENANT = 'acme';
const heard = listenToQueues();
const spawn = (change: Parameters<typeof spawnOf>[1] = {}) => DrivenPipeline.spawn(TENANT, change);
const announced = (id: string): number => heard.steps.filter((m) => m.step_id === id).length;

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

const alarmOf = (pipeline: DrivenPipeline) =>
  runInDurableObject(pipeline.object, (_, { storage }) => storage.getAlarm());

/** Runs with queues whose `send` is another. */
const withQueues = (pipeline: DrivenPipeline, send: () => Promise<never>, run: () => Promise<void>) =>
  withBindings(pipeline, (name) => (/^STEPS_|^LEDGER_QUEUE$/.test(name) ? { send } : null), run);

describe('claims', () => {
  it('PIPE-8: a step is claimed once, under an epoch, and completed once', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    const race = await Promise.all(['w1', 'w2', 'w3'].map((w) => pipeline.rpc.claim(TENANT, step_id, w)));
    expect(race.filter((c) => c.claimed).length).toBe(1);
    const expires_at = new Date(Date.now() + 7_200_000).toISOString();
    const result: StepResult = { kind: 'credentials_login', accessor: 'acc-1', policies: [], expires_at };
    expect(await pipeline.rpc.complete(TENANT, step_id, 9, result)).toMatchObject({ accepted: false });
    expect(await pipeline.rpc.complete(TENANT, step_id, 1, result)).toEqual({ accepted: true });
    const after = await pipeline.events();
    // The same again, because its answer was not heard; then another result, which is too late.
    expect(await pipeline.rpc.complete(TENANT, step_id, 1, result)).toEqual({ accepted: true });
    const other = { ...result, accessor: 'acc-2' };
    expect(await pipeline.rpc.complete(TENANT, step_id, 1, other)).toMatchObject({ accepted: false });
    expect(await pipeline.rpc.claim(TENANT, step_id, 'w4')).toMatchObject({ claimed: false });
    expect(await pipeline.rpc.heartbeat(TENANT, step_id, 1, 'late')).toMatchObject({ accepted: false });
    expect(await pipeline.events()).toEqual(after);
  });

  it('PIPE-8 SEC-2: half of a character in a worker’s text does not keep its step from ending', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    const { epoch } = await pipeline.claim(step_id, 'w1');
    const message = 'no Vault 😀'.slice(0, -1);
    const error = {
      code: 'vault_down',
      message,
      cause: 'dependency',
      retryable: true,
      retry_after_s: null,
      usage: null,
    } as const;
    expect(await pipeline.rpc.fail(TENANT, step_id, epoch, error)).toEqual({ accepted: true });
    const failed = (await pipeline.events()).find((e) => e.type === 'step_failed');
    expect(failed?.body).toMatchObject({ message: 'no Vault \ufffd' });
  });

  it('PIPE-8: a worker that is not heard of loses its step to the next epoch, and its late result is refused', async () => {
    const pipeline = await (await spawn()).toRoundOne();
    const { step_id } = await pipeline.turnOf('ALPHA');
    const lost = await pipeline.claim(step_id, 'lost');
    pass(21_000);
    await runDurableObjectAlarm(pipeline.object);
    const next = await pipeline.claim(step_id, 'next');
    expect(next.epoch).toBe(lost.epoch + 1);
    const late = await pipeline.rpc.complete(TENANT, step_id, lost.epoch, {
      kind: 'turn',
      output: { findings: [], proposal: proposal('late'), votes: [], messages: [] },
      usage: {
        tokens_in: 1,
        tokens_out: 1,
        tokens_cached: 0,
        cost_microusd: 0,
        provider: 'compatible',
        model: 'm',
        latency_ms: 1,
      },
    });
    expect(late).toMatchObject({ accepted: false });
    expect((await pipeline.state()).proposals).toEqual([]);
    expect((await pipeline.state()).agents[next.agent?.agent_id ?? '']?.status).toBe('live');
  });

  it('PIPE-8 AGENT-4: heartbeats hold a claim, in memory; an eviction costs a grace, not the step', async () => {
    const pipeline = await (await spawn()).toRoundOne();
    const { step_id } = await pipeline.turnOf('ALPHA');
    const { epoch } = await pipeline.claim(step_id);
    const before = (await pipeline.events()).length;
    for (let n = 0; n < 5; n++) {
      pass(5_000);
      expect(await pipeline.rpc.heartbeat(TENANT, step_id, epoch, null)).toEqual({ accepted: true });
    }
    await runDurableObjectAlarm(pipeline.object);
    await evictDurableObject(pipeline.object);
    await runDurableObjectAlarm(pipeline.object);
    expect((await pipeline.events()).length).toBe(before);
    pass(5_000);
    expect(await pipeline.rpc.heartbeat(TENANT, step_id, epoch, null)).toEqual({ accepted: true });
    pass(20_001);
    await runDurableObjectAlarm(pipeline.object);
    expect((await pipeline.events()).at(-1)?.type).toBe('step_lost');
  });
});

describe('progress', () => {
  it('PERF-3 AGENT-4: a model that streams for half a minute costs three entries in the log', async () => {
    const pipeline = await (await spawn()).toRoundOne();
    const { step_id } = await pipeline.turnOf('ALPHA');
    const { epoch } = await pipeline.claim(step_id);
    for (let n = 0; n <= 30; n++) {
      await pipeline.rpc.heartbeat(TENANT, step_id, epoch, `${n} deltas`);
      pass(1_000);
    }
    const noted = (await pipeline.events()).filter((e) => e.type === 'step_progressed');
    expect(noted.map((e) => e.body)).toMatchObject([
      { note: '10 deltas' },
      { note: '20 deltas' },
      { note: '30 deltas' },
    ]);
  });
});

describe('messages are hints', () => {
  it('PIPE-8: a lost message is made up for by the alarm, later and later', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    await vi.waitFor(() => expect(announced(step_id)).toBe(1));
    await runDurableObjectAlarm(pipeline.object);
    expect(announced(step_id)).toBe(1);
    pass(15_001);
    await runDurableObjectAlarm(pipeline.object);
    await vi.waitFor(() => expect(announced(step_id)).toBe(2));
    pass(15_001);
    await runDurableObjectAlarm(pipeline.object);
    pass(15_000);
    await runDurableObjectAlarm(pipeline.object);
    await vi.waitFor(() => expect(announced(step_id)).toBe(3));
    await quiet();
    expect(announced(step_id)).toBe(3);
  });

  it('PIPE-8 REC-6: what was ready is announced again by an object that was evicted', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    await vi.waitFor(() => expect(announced(step_id)).toBe(1));
    await evictDurableObject(pipeline.object);
    expect(await pipeline.rpc.poke(TENANT)).toEqual({ live: true });
    await vi.waitFor(() => expect(announced(step_id)).toBe(2));
  });

  it('PIPE-8: a dead letter is on record, and a redriven step is announced at once', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    await vi.waitFor(() => expect(announced(step_id)).toBe(1));
    expect(await pipeline.rpc.deadLetter(TENANT, step_id, 'gave up')).toEqual({ accepted: true });
    await pipeline.rpc.operate(TENANT, 'person:ps_1', { kind: 'redrive', step_id });
    await vi.waitFor(() => expect(announced(step_id)).toBe(2));
    const types = (await pipeline.events()).map((e) => e.type);
    expect(types.slice(-2)).toEqual(['step_dead_lettered', 'step_redriven']);
  });
});

describe('the alarm', () => {
  it('REC-6: with the queues down a spawn is accepted, the alarm does not throw, and work goes on once they are back', async () => {
    const first = await spawn();
    const command = spawnOf(TENANT);
    const pipeline = new DrivenPipeline(TENANT, command.pipeline_id);
    const down = async () => Promise.reject(new Error('queue is down'));
    await withQueues(first, down, async () => {
      expect(await pipeline.rpc.spawn(command)).toMatchObject({ ok: true });
      for (let n = 0; n < 3; n++) {
        expect(await runDurableObjectAlarm(pipeline.object)).toBe(true);
        expect(await alarmOf(pipeline)).not.toBeNull();
        pass(60_000);
      }
    });
    const { step_id } = await pipeline.step('credentials_login');
    expect(announced(step_id)).toBe(0);
    await runDurableObjectAlarm(pipeline.object);
    await vi.waitFor(() => expect(announced(step_id)).toBe(1));
  });

  it('REC-6: while messages are sent an alarm is armed already, so that a crash there is made up for', async () => {
    const pipeline = await spawn();
    const armed: (number | null)[] = [];
    await vi.waitFor(() => expect(heard.steps.some((m) => m.pipeline_id === pipeline.id)).toBe(true));
    pass(15_001);
    const look = async (): Promise<never> => {
      armed.push(await alarmOf(pipeline));
      throw new Error('crashed while sending');
    };
    await withQueues(pipeline, look, async () => {
      await runDurableObjectAlarm(pipeline.object);
    });
    expect(armed.length).toBeGreaterThan(0);
    for (const at of armed) expect(at).toBeGreaterThan(Date.now());
  });

  it('REC-6: an alarm that fires before its time changes nothing and settles for the next time', async () => {
    const pipeline = await spawn();
    const before = await pipeline.events();
    await runDurableObjectAlarm(pipeline.object);
    await runDurableObjectAlarm(pipeline.object);
    expect(await pipeline.events()).toEqual(before);
    expect(await alarmOf(pipeline)).toBeGreaterThan(Date.now());
  });

  it('PIPE-6 PERF-3: a sealed pipeline that the ledger knows is never woken again', async () => {
    const pipeline = await (await (await spawn()).toConsensus()).revokeAll();
    const state = await pipeline.state();
    expect(state.sealed).toBe(true);
    await pipeline.rpc.shipped(TENANT, state.seq);
    for (let n = 0; n < 3; n++) {
      pass(10_000);
      await runDurableObjectAlarm(pipeline.object);
    }
    expect(await alarmOf(pipeline)).toBeNull();
  });
});
