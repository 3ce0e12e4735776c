import { afterEach, describe, expect, it, vi } from 'vitest';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { StepDispatch, type StepQueues } from '#objects/pipeline/dispatch.ts';
import { StepWorld } from '../03-agent-execution/step-world.ts';
import { ended, plan } from '../support/faults/world.ts';
import { PIPELINE, Rig, spawnCommand } from '../support/pipeline.ts';

describe('the queue', () => {
  afterEach(() => vi.useRealTimers());

  it('PIPE-8, REL-3: a message that is lost is sent again, later each time, until its step is claimed', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
    const rig = new Rig();
    rig.now = Date.now();
    rig.when(spawnCommand());
    const sent: string[] = [];
    const queue = { send: async (m: { step_id: string }) => void sent.push(m.step_id) };
    const queues = Object.fromEntries(
      Array.from({ length: 8 }, (_, n) => [`STEPS_${n}`, queue]),
    ) as unknown as StepQueues;
    const dispatch = new StepDispatch(queues);
    const [step] = rig.ready();
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      await dispatch.announce(rig.state);
      await dispatch.announce(rig.state);
      const due = dispatch.nextDue(rig.state);
      waits.push(due - Date.now());
      vi.setSystemTime(due);
    }
    expect(sent).toEqual(Array(4).fill(step!.step_id));
    expect(waits).toEqual([1, 2, 4, 8].map((n) => n * CLOCKS.redispatch));
    rig.now = Date.now();
    rig.claim(step!);
    await dispatch.announce(rig.state);
    expect(sent.length).toBe(4);
    expect(dispatch.nextDue(rig.state)).toBe(Number.POSITIVE_INFINITY);
  });

  it('PIPE-8, REL-3: every message delivered twice, and late, changes nothing in what comes out', async () => {
    const outcome = async (copies: number) => {
      const w = new StepWorld().spawn(plan());
      for (let n = 0; n < 200 && w.rig.ready().length > 0; n++) {
        for (let c = 0; c < copies; c++) await w.deliver();
        const next = Math.min(...w.rig.ready().map((s) => Date.parse(s.ready_at)));
        if (Number.isFinite(next)) w.rig.now = Math.max(w.rig.now, next);
      }
      return [
        ended(w)?.reason,
        w.rig.state.usage,
        w.rig.state.verdict?.proposal_id,
        w.rig.state.spawned?.pipeline_id,
      ];
    };
    const once = await outcome(1);
    expect(await outcome(3)).toEqual(once);
    expect(once).toContain(PIPELINE);
  });
});
