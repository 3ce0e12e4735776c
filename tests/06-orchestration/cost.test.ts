import { describe, expect, it } from 'vitest';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import type { StepState } from '#domain/pipeline/state.ts';
import type { Limits } from '#domain/plan/limits.ts';
import { Rig, silentTurn, spawnCommand } from '../support/pipeline.ts';

/** Micro-USD per million tokens: 3 USD in, 15 USD out. */
const PRICE = { input: 3_000_000, output: 15_000_000 };

function priced(limits: Partial<Limits> = {}) {
  const spawn = spawnCommand();
  if (spawn.kind !== 'spawn') throw new Error('not a spawn');
  const models = Object.fromEntries(
    Object.entries(spawn.plan.models).map(([role, choice]) => [role, { ...choice, price: PRICE }]),
  ) as typeof spawn.plan.models;
  return { ...spawn, plan: { ...spawn.plan, models, limits: { ...spawn.plan.limits, ...limits } } };
}

const reservedBy = (rig: Rig, step: StepState) => {
  rig.claim(step);
  return rig.state.steps[step.step_id]!.reserved!;
};

/** Ends the step with all that it was allowed to use, as the dearest answer would. */
function finishDearly(rig: Rig, step: StepState): void {
  const { reserved, epoch } = rig.state.steps[step.step_id]!;
  rig.when({
    kind: 'complete',
    step_id: step.step_id,
    epoch,
    result: {
      kind: 'turn',
      output: silentTurn,
      usage: {
        tokens_in: reserved!.tokens,
        tokens_out: 0,
        tokens_cached: 0,
        cost_microusd: reserved!.cost_microusd,
        provider: 'compatible',
        model: 'scripted',
        latency_ms: 1,
      },
    },
  });
}

describe('cost limits', () => {
  it('PIPE-11: a call reserves its prompt and two answers at the price of its model', () => {
    const rig = new Rig().toRoundOne(priced());
    const { tokens, cost_microusd } = reservedBy(rig, rig.turnOf('ALPHA'));
    const output = 2 * 1_000;
    const input = tokens - output;
    expect(input).toBeGreaterThan(8_000);
    expect(cost_microusd).toBe(Math.ceil((input * PRICE.input + output * PRICE.output) / 1_000_000));
  });

  it('PIPE-11: what fits exactly is begun, and a micro-USD less is not', () => {
    const probe = new Rig().toRoundOne(priced());
    const spent = probe.state.usage.cost_microusd;
    const one = reservedBy(probe, probe.turnOf('ALPHA')).cost_microusd;
    const begun = (cost_microusd: number) => {
      const rig = new Rig().toRoundOne(priced({ cost_microusd }));
      const step = rig.turnOf('ALPHA');
      rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' });
      return [rig.state.steps[step.step_id]?.status ?? null, rig.state.outcome?.reason ?? null];
    };
    expect(begun(spent + one)).toEqual(['claimed', null]);
    expect(begun(spent + one - 1)).toEqual([null, 'limit_reached']);
  });

  it('PIPE-11: agents side by side cannot overrun the cost: the second waits until the first has settled', () => {
    const probe = new Rig().toRoundOne(priced());
    const spent = probe.state.usage.cost_microusd;
    const one = reservedBy(probe, probe.turnOf('ALPHA')).cost_microusd;
    const limit = spent + 2 * one - 1;
    const rig = new Rig().toRoundOne(priced({ cost_microusd: limit }));
    const alpha = rig.turnOf('ALPHA');
    const beta = rig.turnOf('BETA');
    reservedBy(rig, alpha);
    expect(rig.when({ kind: 'claim', step_id: beta.step_id, worker: 'w2' })).toMatchObject({
      ok: false,
      error: { detail: expect.stringContaining('reserved by calls under way') },
    });
    expect(rig.state.outcome).toBeNull();
    // What ALPHA did not use is free again, and BETA goes on.
    rig.when({
      kind: 'complete',
      step_id: alpha.step_id,
      epoch: 1,
      result: {
        kind: 'turn',
        output: silentTurn,
        usage: {
          tokens_in: 10,
          tokens_out: 1,
          tokens_cached: 0,
          cost_microusd: 1,
          provider: 'compatible',
          model: 'm',
          latency_ms: 1,
        },
      },
    });
    expect(rig.claim(beta)).toBe(1);
  });

  it('PIPE-11: whatever the calls use and in whichever order they end, the run never costs more than its limit', () => {
    for (let limit = 70_000; limit <= 450_000; limit += 19_000) {
      const rig = new Rig().toRoundOne(priced({ cost_microusd: limit, rounds: 50 }));
      for (let n = 0; n < 40 && !rig.state.outcome && !rig.state.failure; n++) {
        rig.bootstrap();
        const ready = rig.ready('agent_turn');
        for (const step of ready) rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' });
        const held = Object.values(rig.state.steps).filter((s) => s.reserved);
        for (const step of n % 2 === 0 ? held : held.reverse())
          if (!rig.state.outcome) finishDearly(rig, step);
        expect(rig.state.usage.cost_microusd).toBeLessThanOrEqual(limit);
      }
      expect([limit, rig.state.outcome?.reason]).toEqual([limit, 'limit_reached']);
    }
  });

  it('PIPE-11: the worker is told what its step may use', () => {
    const rig = new Rig().toRoundOne(priced());
    const step = rig.turnOf('BETA');
    const reserved = reservedBy(rig, step);
    expect(assignmentFor(rig.state, step.step_id)?.turn?.budget).toEqual(reserved);
  });

  it('PIPE-11: text outside ASCII is bounded by its bytes, and a long document by what a prompt shows of it', () => {
    const bound = (documents: { bytes: number }[], objective = 'x') => {
      const spawn = priced();
      const rig = new Rig();
      rig.when({
        ...spawn,
        plan: { ...spawn.plan, objective },
        documents: documents.map(({ bytes }, i) => ({
          name: `d${i}.md`,
          sha256: String(i).repeat(64),
          bytes,
          media_type: 'text/markdown',
          origin: 'trusted' as const,
        })),
      });
      rig.login().bootstrap();
      return reservedBy(rig, rig.turnOf('PLANNER')).tokens;
    };
    const none = bound([]);
    expect(bound([], 'x'.repeat(101)) - none).toBe(100);
    expect(bound([], `x${'é'.repeat(100)}`) - none).toBe(200);
    expect(bound([], `x${'界'.repeat(100)}`) - none).toBe(300);
    expect(bound([{ bytes: 1_000 }]) - none).toBe(1_000);
    expect(bound([{ bytes: 1_000_000 }]) - none).toBe(3 * 160_000);
  });
});
