import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import { listenToQueues } from '#tests/support/driven-pipeline.ts';
import { LineageWalk } from '#tests/support/lineage-walk.ts';
import { answer, env, makeTenant, planSource } from '#tests/support/worker.ts';

listenToQueues();
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => vi.useRealTimers());

let tenants = 0;

/** A run whose seats never agree within its one round: it is handed over twice and then ends. */
async function walkOf(crashAt?: number): Promise<LineageWalk> {
  tenants += 1;
  const { tenant, keys } = await makeTenant(`crash-${tenants}`);
  const plan = { source: `${planSource()}limits: { rounds: 1 }\n` };
  const { body } = await answer<Pipeline>('/api/spawn', { key: keys.operator, body: { plan } });
  return new LineageWalk(tenant, body.pipeline_id, crashAt);
}

/**
 * Every fourth call in `npm test`: a lineage has some seventy, and each takes a walk of its own. `CRASH_STRIDE=1` cuts at every one of them,
 * `CRASH_START=2` sees others of the same number (docs/testing.md).
 */
const { CRASH_STRIDE, CRASH_START } = env as unknown as Record<string, string>;
const STRIDE = Number(CRASH_STRIDE);
const START = Number(CRASH_START);

describe('a whole recovery, cut off after each of its commits and effects', () => {
  it('REC-2, REC-3: undisturbed, it takes three attempts and ends with exit code 1', async () => {
    const walk = await walkOf();
    await walk.toTheEnd();
    await walk.expectWhole();
    expect(walk.calls).toBeGreaterThan(60);
  });

  it(
    'REC-3, REC-6, REL-1: worker, queues and objects’ memory gone after a call: what was acknowledged is there, and one successor each',
    async () => {
      const seen: string[] = [];
      for (let at = START; ; at += STRIDE) {
        const walk = await walkOf(at);
        await walk.toTheEnd();
        if (walk.crashed === null) break;
        seen.push(walk.crashed);
        try {
          await walk.expectWhole();
        } catch (error) {
          throw new Error(`after call ${at}, ${walk.crashed}`, { cause: error });
        }
      }
      expect(seen.length).toBeGreaterThan(Math.floor(60 / STRIDE));
    },
    1_200_000 / STRIDE,
  );
});
