import { describe, expect, it } from 'vitest';
import { CLOCKS, MAX_LOSSES } from '#domain/pipeline/rules.ts';
import type { StepState } from '#domain/pipeline/state.ts';
import { ALLOW, proposal, Rig, spawnCommand } from '../support/pipeline.ts';

const CAP = MAX_LOSSES.agent_turn;

/** The step is claimed as soon as it may be, and its worker is never heard of again. */
function lose(rig: Rig, step_id: string): void {
  const step = rig.state.steps[step_id];
  if (!step) throw new Error(`${step_id} is gone`);
  rig.now = Math.max(rig.now, Date.parse(step.ready_at));
  rig.claim(step);
  rig.pass(CLOCKS.lease + 1);
}

function loseAll(rig: Rig, step: StepState, times: number): void {
  for (let n = 0; n < times; n++) lose(rig, step.step_id);
}

const patient = () => {
  const spawn = spawnCommand();
  if (spawn.kind !== 'spawn') throw new Error('not a spawn');
  return {
    ...spawn,
    plan: { ...spawn.plan, limits: { ...spawn.plan.limits, deadline_s: 86_400, round_s: 3_600 } },
  };
};

describe('steps that lose their workers', () => {
  it(`PIPE-8: a seat whose step loses ${CAP} workers is silent in this round; one loss fewer changes nothing`, () => {
    const rig = new Rig().toRoundOne(patient());
    const step = rig.turnOf('ALPHA');
    loseAll(rig, step, CAP - 1);
    expect(rig.state.steps[step.step_id]).toMatchObject({ status: 'ready', losses: CAP - 1 });
    expect(rig.types()).not.toContain('step_failed');
    lose(rig, step.step_id);
    expect(rig.last('step_failed')?.body).toMatchObject({
      code: 'worker_lost',
      cause: 'dependency',
      retry_at: null,
    });
    expect(rig.state.round?.silent).toEqual(['ALPHA']);
    rig.speak('BETA', { proposal: proposal('alone') });
    expect(rig.state.round?.round).toBe(2);
  });

  it('PIPE-8: the second worker has the step at once, later ones wait ever longer', () => {
    const rig = new Rig().toRoundOne(patient());
    const { step_id } = rig.turnOf('BETA');
    const waits: number[] = [];
    for (let n = 1; n < CAP; n++) {
      lose(rig, step_id);
      waits.push(Date.parse(rig.state.steps[step_id]!.ready_at) - rig.now);
    }
    expect(waits).toEqual([0, 1_000, 2_000, 4_000]);
  });

  it('PIPE-8: a planner that takes every worker down ends the run with a reason', () => {
    const rig = new Rig();
    rig.when(patient());
    rig.login().bootstrap();
    loseAll(rig, rig.turnOf('PLANNER'), CAP);
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'worker_lost' });
  });

  it('PIPE-8, REC-6: an action that was never let through fails after its workers; one that may have happened is unknown at once', () => {
    const rig = new Rig().toRoundOne(patient());
    rig.call('ALPHA', 'document_read');
    loseAll(rig, rig.ready('action')[0]!, CAP);
    expect(rig.last('action_finished')?.body).toMatchObject({ status: 'failed' });
    expect(rig.turnOf('ALPHA').work).toMatchObject({ leg: 2 });

    rig.call('ALPHA', 'webhook');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const once = { ...ALLOW, effect: 'once' as const };
    rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version: rig.state.facts_seq, decision: once });
    rig.pass(CLOCKS.lease + 1);
    expect(rig.last('action_unknown')?.body).toMatchObject({ action_id: expect.any(String) });
    expect(rig.ready('action')).toEqual([]);
  });

  it('PIPE-11: every lost call stays charged, the last one too', () => {
    const rig = new Rig().toRoundOne(patient());
    const step = rig.turnOf('ALPHA');
    const before = rig.state.usage.tokens_in;
    let reserved = 0;
    for (let n = 0; n < CAP; n++) {
      rig.now = Math.max(rig.now, Date.parse(rig.state.steps[step.step_id]!.ready_at));
      rig.claim(rig.state.steps[step.step_id]!);
      reserved += rig.state.steps[step.step_id]!.reserved!.tokens;
      rig.pass(CLOCKS.lease + 1);
    }
    expect(rig.state.steps[step.step_id]).toBeUndefined();
    expect(rig.state.usage.tokens_in - before).toBe(reserved);
  });

  it('CRED-4, PIPE-8: a revocation outlives any number of lost workers, and so does a login', () => {
    const rig = new Rig();
    rig.when(patient());
    const [login] = rig.ready('credentials_login');
    loseAll(rig, login!, 3 * CAP);
    expect(rig.state.outcome).toBeNull();
    rig.now += 60_000;
    rig.login().plan().bootstrap();
    rig.when({ kind: 'cancel', reason: 'stop' });
    const [revoke] = rig.ready('revoke');
    loseAll(rig, revoke!, 3 * CAP);
    expect(rig.ready('revoke').map((s) => s.step_id)).toEqual([revoke!.step_id]);
    rig.now += 120_000;
    expect(rig.revokeAll().state.sealed).toBe(true);
  });

  it('REC-2, PIPE-8: the supervisor’s GAMMA may lose its workers; the handoff is then written by rule', () => {
    const rig = new Rig().toRoundOne(patient());
    rig.speak('ALPHA', { proposal: proposal('x') });
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.bootstrap();
    const [step] = rig.ready('synthesis');
    loseAll(rig, step!, 2);
    rig.pass(CLOCKS.recovery_window);
    expect(rig.last('synthesis_written')?.body.agent_id).toBeNull();
    expect(rig.types().filter((type) => type === 'handoff_sealed')).toHaveLength(1);
  });
});
