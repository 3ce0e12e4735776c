import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { DrivenPipeline } from '#tests/support/driven-pipeline.ts';
import { KIND, Queues } from '#tests/support/faults/queues.ts';
import { cameTo, copied, over, type WholeWorker, wholeWorker } from '#tests/support/whole-worker.ts';
import { migrateLedger } from '#tests/support/worker.ts';

let whole: WholeWorker;
beforeAll(async () => {
  await migrateLedger();
  whole = await wholeWorker('acme');
}, 60_000);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The same messages meet the same fate, as far as they come in the same order. */
const SEED = 7;
const TOGETHER = 10;

it('PIPE-8, REL-1, REL-3: messages lost, repeated, late and out of order, by the hundred: nothing changes but time', async () => {
  const quiet = await whole.spawn('undisturbed');
  const undisturbed = new Queues(whole.env, KIND, SEED);
  await undisturbed.run([quiet], over([quiet]));
  const expected = await cameTo(quiet);
  expect(expected.ended).toEqual(['COMPLETED', 0, 'consensus_reached']);

  const queues = new Queues(whole.env, { drop: 30, repeat: 60, delay: 40, shuffle: true }, SEED);
  const pipelines: DrivenPipeline[] = [];
  for (let n = 0; n < TOGETHER; n++) pipelines.push(await whole.spawn(`hostile-${n}`));
  await queues.run(pipelines, over(pipelines));
  const { dropped, repeated, delayed } = queues.counts;
  for (const faults of [dropped, repeated, delayed]) expect(faults).toBeGreaterThan(40);

  for (const pipeline of pipelines) {
    const log = await pipeline.events();
    expect(verifyChain(log)).toEqual({ ok: true, count: log.length });
    expect(await cameTo(pipeline)).toEqual(expected);
    // REL-1: D1 equals the objects; every step was scheduled and finished once; no token is left.
    expect(await copied(pipeline)).toEqual(log.map((e) => e.hash));
    const done = log.flatMap((e) => (e.type === 'step_completed' ? [e.body.step_id] : []));
    expect(new Set(done).size).toBe(done.length);
    expect(log.filter((e) => e.type === 'consensus_reached')).toHaveLength(1);
    const { steps, tokens } = await pipeline.state();
    expect(Object.keys(steps)).toEqual([]);
    // By lookup, or, where a revocation's messages were lost for longer than a lease, by its end.
    expect(tokens.every((t) => t.confirmed_at !== null)).toBe(true);
  }
}, 240_000);
