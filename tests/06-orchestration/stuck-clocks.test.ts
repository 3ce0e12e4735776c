import { describe, expect, it } from 'vitest';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { liveAgent, type StepState } from '#domain/pipeline/state.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { ALLOW, ASK, Rig, spawnCommand } from '../support/pipeline.ts';

/** ENF-2, sentence by sentence: which steps are watched, and when nobody is. */
const watched = (rig: Rig): string[] =>
  timers(rig.state, {}).flatMap((t) => (t.kind === 'stuck' ? [t.step_id] : []));
const at = (rig: Rig, step: StepState): number =>
  timers(rig.state, {}).find((t) => t.kind === 'stuck' && t.step_id === step.step_id)?.at ?? 0;
/** Its worker lives, and says nothing new. */
const silent = (rig: Rig, step: StepState, ms: number) =>
  rig.pass(ms, { [step.step_id]: { heard_at: rig.now + ms, progress_at: 0 } });
const replaced = (rig: Rig) =>
  rig.log.flatMap((e) => (e.type === 'agent_replaced' ? [rig.state.agents[e.body.agent_id]?.role] : []));

/** ALPHA has asked for a tool that takes a person's word; BETA's turn is claimed and goes on. */
function waitingForApproval(): { rig: Rig; beta: StepState } {
  const rig = new Rig().toRoundOne();
  const beta = rig.turnOf('BETA');
  rig.claim(beta);
  rig.call('ALPHA', 'webhook_dispatch');
  rig.judge(ASK);
  if (rig.state.waiting_for !== 'approval') throw new Error('nobody is waited for');
  return { rig, beta };
}

describe('while somebody is waited for', () => {
  it('ENF-2: a seat that works on is still watched, and replaced when nothing comes of it', () => {
    const { rig, beta } = waitingForApproval();
    expect(watched(rig)).toEqual([beta.step_id]);
    silent(rig, beta, CLOCKS.first_progress - 1);
    expect(replaced(rig)).toEqual([]);
    silent(rig, beta, 1);
    expect(replaced(rig)).toEqual(['BETA']);
    expect(rig.state.waiting_for).toBe('approval');
    const tokens = rig.ready('revoke').flatMap((s) => (s.work.kind === 'revoke' ? s.work.tokens : []));
    expect(tokens).toHaveLength(1);
    expect(rig.bootstrap().turnOf('BETA')).toMatchObject({ epoch: 0 });
  });

  it('ENF-2, PIPE-10: the run’s other clocks stand still, and the step that waits for the approval is not watched', () => {
    const { rig } = waitingForApproval();
    const kinds = timers(rig.state, {}).map((t) => t.kind);
    for (const clock of ['deadline', 'round_limit', 'stall']) expect(kinds).not.toContain(clock);
    expect(rig.ready('action').every((s) => !watched(rig).includes(s.step_id))).toBe(true);
  });

  it('ENF-2, PIPE-10: steps in flight are watched while a pause is asked for; once it is paused nobody is', () => {
    const rig = new Rig().toRoundOne();
    const beta = rig.turnOf('BETA');
    const epoch = rig.claim(beta);
    rig.when({ kind: 'pause', reason: 'look' });
    expect(watched(rig)).toEqual([beta.step_id]);
    rig.when({
      kind: 'fail',
      step_id: beta.step_id,
      epoch,
      error: {
        code: 'x',
        message: 'x',
        cause: 'dependency',
        retryable: true,
        retry_after_s: null,
        usage: null,
      },
    });
    expect(rig.state.pause).toBe('paused');
    rig.pass(10 * CLOCKS.first_progress);
    expect(watched(rig)).toEqual([]);
    expect(replaced(rig)).toEqual([]);
  });
});

describe('which steps', () => {
  it('ENF-2: an action has 60 s, from its claim on when it shows nothing', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'http_get');
    rig.judge(ALLOW);
    const step = Object.values(rig.state.steps).find((s) => s.work.kind === 'action')!;
    expect(at(rig, step)).toBe(rig.now + CLOCKS.stuck);
    silent(rig, step, CLOCKS.stuck - 1);
    expect(replaced(rig)).toEqual([]);
    silent(rig, step, 1);
    expect(replaced(rig)).toEqual(['ALPHA']);
  });

  it('ENF-2: an agent whose token does not come although its worker lives is replaced after 60 s', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const [step] = rig.login().ready('agent_bootstrap');
    rig.claim(step!);
    silent(rig, step!, CLOCKS.stuck - 1);
    expect(replaced(rig)).toEqual([]);
    silent(rig, step!, 1);
    expect(replaced(rig)).toEqual(['PLANNER']);
    rig.plan();
    expect(rig.state.state).toBe('ORCHESTRATING');
  });

  it('ENF-2: in the queue, in backoff, held: no clock runs', () => {
    const rig = new Rig().toRoundOne();
    expect(watched(rig)).toEqual([]);
    rig.failing(rig.turnOf('ALPHA'));
    expect(watched(rig)).toEqual([]);
    const trouble = { on: 'model' as const, code: 'model_breaker_open', message: 'away', retry_in_ms: 1 };
    rig.when({ kind: 'claim', step_id: rig.turnOf('BETA').step_id, worker: 'w', trouble });
    rig.pass(3 * CLOCKS.first_progress);
    expect(watched(rig)).toEqual([]);
    expect(replaced(rig)).toEqual([]);
  });

  it('ENF-2: no heartbeat is a lost worker: a new epoch for the same agent', () => {
    const rig = new Rig().toRoundOne();
    const beta = rig.turnOf('BETA');
    const agent = liveAgent(rig.state, 'BETA')?.agent_id;
    rig.claim(beta);
    rig.pass(CLOCKS.lease);
    expect(rig.claim(rig.turnOf('BETA'))).toBe(2);
    expect(liveAgent(rig.state, 'BETA')?.agent_id).toBe(agent);
    expect(replaced(rig)).toEqual([]);
  });

  it('AGENT-4, ENF-2: a slow model that still produces is never stuck, however long its answer takes', () => {
    const command = spawnCommand();
    if (command.kind !== 'spawn') throw new Error('no spawn');
    const limits = { ...command.plan.limits, round_s: 3_600, deadline_s: 86_400 };
    const rig = new Rig().toRoundOne({ ...command, plan: { ...command.plan, limits } });
    const beta = rig.turnOf('BETA');
    rig.claim(beta);
    for (let s = 0; s < 1_800; s += 59) {
      const progress_at = rig.now;
      rig.pass(59_000, { [beta.step_id]: { heard_at: rig.now + 59_000, progress_at } });
    }
    expect(replaced(rig)).toEqual([]);
    expect(rig.state.steps[beta.step_id]?.status).toBe('claimed');
  });
});
