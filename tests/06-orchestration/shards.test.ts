import { afterEach, describe, expect, it, vi } from 'vitest';
import { SEATS } from '#domain/agents/roles.ts';
import { StepDispatch, type StepQueues } from '#objects/pipeline/dispatch.ts';
import { SHARDS_PER_TENANT, STEP_SHARDS, shardOf, shardsOf } from '#objects/pipeline/shards.ts';
import { Rig } from '../support/pipeline.ts';

const TENANTS = Array.from({ length: 200 }, (_, n) => `tenant-${n.toString(36)}`);
const PIPELINES = Array.from({ length: 50 }, (_, n) => `pl_${(n * 7919).toString(36).padStart(12, '0')}`);

describe('the shards of the step queue', () => {
  afterEach(() => vi.useRealTimers());

  it('PIPE-8, PIPE-5: the seats of a pipeline never share one', () => {
    for (const tenant of TENANTS)
      for (const pipeline of PIPELINES)
        expect(new Set(SEATS.map((seat) => shardOf(tenant, pipeline, seat))).size).toBe(SEATS.length);
  });

  it('PIPE-8: a tenant has six of eight, the same ones always, and its pipelines are spread over all of them', () => {
    for (const tenant of TENANTS) {
      const used = new Set(PIPELINES.map((pipeline) => shardOf(tenant, pipeline, 'ALPHA')));
      expect([...used].sort()).toEqual([...shardsOf(tenant)].sort());
      expect(used.size).toBe(SHARDS_PER_TENANT);
    }
    expect(new Set(TENANTS.flatMap(shardsOf)).size).toBe(STEP_SHARDS);
  });

  it('PIPE-8: whatever one tenant’s backlog fills, a step of another comes to a shard that it does not', () => {
    let together = 0;
    for (const noisy of TENANTS) {
      const filled = new Set(shardsOf(noisy));
      for (const quiet of TENANTS) {
        const tries = PIPELINES.slice(0, 2).map((pipeline) =>
          Array.from({ length: SHARDS_PER_TENANT }, (_, n) => shardOf(quiet, pipeline, 'BETA', n)),
        );
        const free = tries.every((shards) => shards.some((shard) => !filled.has(shard)));
        if (!free) together += 1;
        expect(free || shardsOf(quiet).every((shard) => filled.has(shard))).toBe(true);
      }
    }
    // Those that have the very same six: one pair in 28 by chance, and each with itself.
    expect(together / TENANTS.length ** 2).toBeLessThan(0.06);
  });

  it('PIPE-8: a step that nobody takes is announced on the tenant’s next shard', async () => {
    const sent: number[] = [];
    const queues = Object.fromEntries(
      Array.from({ length: STEP_SHARDS }, (_, n) => [`STEPS_${n}`, { send: async () => void sent.push(n) }]),
    );
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA').revokeAll();
    vi.useFakeTimers({ now: rig.now });
    const dispatch = new StepDispatch(queues as unknown as StepQueues);
    expect(rig.ready().map((step) => rig.roleOf(step))).toEqual(['BETA']);
    for (let n = 0; n < 3; n++) {
      await dispatch.announce(rig.state);
      vi.setSystemTime(dispatch.nextDue(rig.state));
    }
    const { tenant, pipeline_id } = rig.state.spawned!;
    expect(sent).toEqual([0, 1, 2].map((n) => shardOf(tenant, pipeline_id, 'BETA', n)));
    expect(new Set(sent).size).toBe(3);
  });
});
