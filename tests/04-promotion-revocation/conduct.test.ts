import { describe, expect, it } from 'vitest';
import type { Role } from '#domain/agents/roles.ts';
import { inWindow, LIMITS_OF_CONDUCT, remember } from '#domain/governance/windows.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import { liveAgent } from '#domain/pipeline/state.ts';
import { ALLOW, Rig, report, spawnCommand, USAGE } from '#tests/support/pipeline.ts';

const MINUTE = 60_000;

/** An error of the agent in a role, after that much time; its kind decides what it adds up with. */
function err(rig: Rig, role: Role, code: string, after = 0): void {
  rig.now += after;
  const at = new Date(rig.now).toISOString();
  const turn = rig.turnOf(role);
  // Retries wait; their time comes here without more time passing.
  if (turn.ready_at > at)
    rig.state = { ...rig.state, steps: { ...rig.state.steps, [turn.step_id]: { ...turn, ready_at: at } } };
  rig.failing(rig.turnOf(role), { cause: 'agent', code });
}
/** That many errors within a second, of different agents and kinds, so that no agent's own budget is spent. */
function errors(rig: Rig, count: number, gap = 0): Rig {
  const kinds = ['a', 'a', 'b', 'b', 'c', 'c'];
  for (let n = 0; n < count && !rig.state.outcome; n++)
    err(rig, n % 2 === 0 ? 'ALPHA' : 'BETA', kinds[n % kinds.length] ?? 'd', n === 0 ? 0 : gap);
  return rig;
}

describe('ENF-1: errors in a minute', () => {
  it('ENF-1: five errors within 60 s are borne', () => {
    const rig = errors(new Rig().toRoundOne(), 5);
    expect(rig.state.outcome).toBeNull();
    expect(inWindow(rig.state.agent_errors, rig.now)).toBe(5);
  });

  it('ENF-1 REC-3: the sixth stops the run: FAILED 1, tokens being revoked, a violation, one diagnosis, no successor', () => {
    const rig = errors(new Rig().toRoundOne(), 6);
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'error_rate' });
    expect(rig.state.violations).toMatchObject([{ rule: 'error_rate', severity: 'high', agent_id: null }]);
    expect(rig.state.outcome?.detail).toBe('6 errors of its agents within 60 s; 5 are allowed');
    expect(rig.state.gate_closed).toBe(true);
    expect(rig.ready('revoke')).toHaveLength(1);
    expect(rig.ready('spawn_diagnostic')).toHaveLength(1);
    expect(rig.ready('spawn_successor')).toHaveLength(0);
  });

  it.each([
    ['59.999 s after the first', MINUTE - 1, 'error_rate'],
    ['60 s after the first', MINUTE, null],
  ])('ENF-1: a sixth error %s decides by the millisecond', (_, after, reason) => {
    const rig = errors(new Rig().toRoundOne(), 1);
    const first = rig.now;
    err(rig, 'BETA', 'a', 1_000);
    err(rig, 'ALPHA', 'b');
    err(rig, 'BETA', 'b');
    err(rig, 'ALPHA', 'c');
    rig.now = first + after;
    err(rig, 'BETA', 'c');
    expect(rig.state.outcome?.reason ?? null).toBe(reason);
  });

  it('ENF-1 REC-2: while the supervisor ends the run an error too many stops nothing: the rules write what there is', () => {
    const rig = errors(new Rig().toRoundOne(), 5);
    rig.when({ kind: 'abort', reason: 'enough of it' });
    rig.bootstrap();
    rig.failing(rig.ready('synthesis')[0]!, { cause: 'agent', code: 'z', retryable: false });
    expect(inWindow(rig.state.agent_errors, rig.now)).toBe(6);
    expect(rig.state.violations).toEqual([]);
    expect(rig.state.synthesis?.agent_id).toBeNull();
    expect(rig.state.outcome).toMatchObject({ exit_code: 3, reason: 'abort' });
    expect(rig.ready('spawn_successor')).toHaveLength(1);
    expect(rig.ready('spawn_diagnostic')).toEqual([]);
  });

  it('ENF-1: what a dependency breaks is not the agents’ error, however often', () => {
    const rig = new Rig().toRoundOne();
    for (let n = 0; n < 4; n++)
      for (const role of ['ALPHA', 'BETA'] as const) {
        rig.now += 1;
        const turn = rig.turnOf(role);
        const at = new Date(rig.now).toISOString();
        rig.state = {
          ...rig.state,
          steps: { ...rig.state.steps, [turn.step_id]: { ...turn, ready_at: at } },
        };
        rig.failing(rig.turnOf(role), { cause: 'dependency', code: 'model_unavailable' });
      }
    expect(rig.state.outcome).toBeNull();
    expect(rig.state.agent_errors).toEqual([]);
  });

  it('ENF-1: the diagnosis reads the run: outcome, agents with their errors, violations; at tier 0, with limits of its own', () => {
    const rig = errors(new Rig().toRoundOne(spawnCommand({ tier: 2 })), 6);
    const [step] = rig.ready('spawn_diagnostic');
    const assigned = assignmentFor(rig.state, step!.step_id)?.diagnostic;
    expect(assigned?.plan).toMatchObject({ tier: 0, misbehave: [] });
    expect(assigned?.pipeline_id).not.toBe(rig.state.spawned?.pipeline_id);
    const read = JSON.parse(assigned?.text ?? '{}');
    expect(read.outcome.reason).toBe('error_rate');
    expect(read.violations).toHaveLength(1);
    expect(read.agents.find((a: { role: string }) => a.role === 'ALPHA').error_codes).toEqual({
      a: 1,
      b: 1,
      c: 1,
    });
    expect(read.errors.length).toBe(6);
    expect(assigned?.text).not.toContain('acc-');
  });
});

describe('ENF-1: the diagnosis itself', () => {
  const diagnosing = () => {
    const rig = new Rig();
    rig.when(spawnCommand({ mode: 'diagnostic', tier: 0, diagnoses: 'pl_thefailedone' }));
    return rig.login().bootstrap();
  };

  it('ENF-1: it writes a report and one bug with the gravest risk, and is over without a consensus', () => {
    const rig = diagnosing();
    const risk = (severity: 'low' | 'high', title: string) => ({ severity, title, citations: [] });
    rig.finish(rig.turnOf('DIAGNOSTIC'), {
      kind: 'planner_report',
      report: {
        ...report(),
        summary: 'ALPHA never answered',
        risks: [risk('low', 'x'), risk('high', 'cut off')],
      },
      usage: USAGE,
    });
    expect(rig.state.bugs).toMatchObject([{ about: 'pl_thefailedone', severity: 'high', title: 'cut off' }]);
    expect(rig.state.bugs[0]?.body).toContain('ALPHA never answered');
    expect(rig.state.outcome).toMatchObject({ state: 'COMPLETED', exit_code: 0, reason: 'diagnosed' });
    expect(Object.values(rig.state.agents).map((a) => [a.role, a.tier])).toEqual([['DIAGNOSTIC', 0]]);
    expect(rig.revokeAll().state.sealed).toBe(true);
  });

  it('ENF-1: one that fails by its own errors has no diagnosis', () => {
    const rig = diagnosing();
    for (let n = 0; n < 7 && !rig.state.outcome; n++) err(rig, 'DIAGNOSTIC', `kind_${n}`, n === 0 ? 0 : 1);
    expect(rig.state.outcome?.exit_code).toBe(1);
    expect(rig.types().filter((t) => t === 'step_scheduled')).toHaveLength(4);
    expect(rig.state.diagnostic_id).toBeNull();
  });
});

describe('ENF-5: an agent’s error budget', () => {
  it('ENF-5: two errors of a kind are borne; the third of the same ends its work, with the reason, and only its', () => {
    const rig = new Rig().toRoundOne();
    const alpha = liveAgent(rig.state, 'ALPHA')?.agent_id ?? '';
    err(rig, 'ALPHA', 'invalid_output');
    err(rig, 'ALPHA', 'invalid_output', 1);
    expect(rig.state.agents[alpha]?.status).toBe('live');
    err(rig, 'ALPHA', 'invalid_output', 1);
    expect(rig.state.agents[alpha]?.status).toBe('revoked');
    expect(rig.last('agent_revoked')?.body.reason).toContain('3 errors of the kind invalid_output');
    expect(rig.state.outcome).toBeNull();
    expect(rig.state.round?.spoken).toEqual(['ALPHA']);
    rig.speak('BETA');
    expect(rig.state.round?.round).toBe(2);
  });

  it('ENF-5: seven errors in all are borne, spread over time; the eighth ends its work', () => {
    const rig = new Rig().toRoundOne();
    const alpha = liveAgent(rig.state, 'ALPHA')?.agent_id ?? '';
    const kinds = ['a', 'b', 'c', 'd', 'a', 'b', 'c'];
    // A turn's retries end before that, so the budget is spent over several rounds.
    for (const code of kinds) {
      if (!rig.ready('agent_turn').some((s) => rig.roleOf(s) === 'ALPHA')) rig.speak('BETA');
      err(rig, 'ALPHA', code, MINUTE);
    }
    expect(rig.state.agents[alpha]).toMatchObject({ status: 'live', errors: 7 });
    err(rig, 'ALPHA', 'd', MINUTE);
    expect(rig.state.agents[alpha]?.status).toBe('revoked');
    expect(rig.last('agent_revoked')?.body.reason).toContain('8 errors');
  });

  it('ENF-5: a planner whose budget is spent ends the run, which cannot go on without it', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().bootstrap();
    for (let n = 0; n < 3; n++) err(rig, 'PLANNER', 'invalid_output', n);
    expect(rig.state.outcome).toMatchObject({ exit_code: 1, reason: 'error_budget_spent' });
  });
});

describe('ENF-4: calls in a minute', () => {
  const limits = {
    ...(spawnCommand() as { plan: { limits: object } }).plan.limits,
    actions: 10_000,
    steps: 10_000,
  };
  const plan = {
    ...(spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>).plan,
    limits,
  };
  const start = () => new Rig().toRoundOne(spawnCommand({ plan: plan as never }));
  const call = (rig: Rig, count: number): void => {
    const calls = Array.from({ length: count }, (_, n) => ({
      call_id: `c${n}`,
      tool: 'memory_search',
      arguments: {},
      target: '',
    }));
    rig.finish(rig.turnOf('ALPHA'), { kind: 'tool_calls', calls, usage: USAGE });
  };
  const answerAll = (rig: Rig): void => {
    for (const step of rig.ready('action'))
      rig.finish(step, {
        kind: 'action',
        status: 'succeeded',
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: [],
      });
  };
  const refused = (rig: Rig) =>
    Object.values(rig.state.actions).filter((a) => a.outcome?.status === 'denied');

  it('ENF-4: a hundred calls in 60 s pass; the hundred-and-first is refused with the time to wait, and the leg is whole', () => {
    const rig = start();
    call(rig, 100);
    expect(refused(rig)).toEqual([]);
    const one_more = start();
    call(one_more, 101);
    expect(refused(one_more)).toHaveLength(1);
    expect(JSON.parse(refused(one_more)[0]?.outcome?.result ?? '{}')).toMatchObject({
      denied: true,
      rule: 'call_rate',
      retry_after_s: 60,
    });
    expect(one_more.last('agent_throttled')?.body).toMatchObject({ calls: 100 });
    answerAll(one_more);
    expect(one_more.turnOf('ALPHA').work).toMatchObject({ leg: 2 });
  });

  it('ENF-4: the window slides: a call 60 s after the first of a hundred has room again, a millisecond earlier not', () => {
    for (const [after, denied] of [
      [MINUTE - 1, 1],
      [MINUTE, 0],
    ] as const) {
      const rig = start();
      call(rig, 100);
      answerAll(rig);
      rig.now += after;
      call(rig, 1);
      expect(refused(rig), `${after} ms`).toHaveLength(denied);
    }
  });

  it('ENF-4: one that goes on in the second minute loses its token; refusals within the first are one event', () => {
    const rig = start();
    call(rig, 103);
    expect(rig.types().filter((t) => t === 'agent_throttled')).toHaveLength(1);
    answerAll(rig);
    const alpha = liveAgent(rig.state, 'ALPHA')?.agent_id ?? '';
    rig.now += MINUTE;
    call(rig, 100);
    answerAll(rig);
    expect(rig.state.agents[alpha]?.status).toBe('live');
    call(rig, 1);
    expect(rig.state.agents[alpha]?.status).toBe('revoked');
    expect(rig.state.violations).toMatchObject([
      { rule: 'call_rate', agent_id: alpha, consequence: 'agent’s token revoked' },
    ]);
    expect(rig.state.outcome).toBeNull();
  });

  it('ENF-4: after two quiet minutes it begins anew', () => {
    const rig = start();
    call(rig, 101);
    answerAll(rig);
    rig.now += 2 * MINUTE;
    call(rig, 101);
    expect(rig.types().filter((t) => t === 'agent_throttled')).toHaveLength(2);
    expect(rig.state.violations).toEqual([]);
  });
});

describe('ENF-3: a CRITICAL violation', () => {
  it('ENF-3 ENF-7: in one commit the gate is closed, all tokens condemned, and what another agent asked is refused', () => {
    const rig = new Rig().toRoundOne().call('ALPHA', 'access_vault_root').call('BETA', 'memory_search');
    const [bad, good] = rig.ready('action');
    const [badEpoch, goodEpoch] = [rig.claim(bad!), rig.claim(good!)];
    const version = rig.state.facts_seq;
    const before = rig.log.length;
    const violation = { rule: 'forbidden_action:access_vault_root', severity: 'critical' as const };
    rig.when({
      kind: 'admit',
      step_id: bad!.step_id,
      epoch: badEpoch,
      version,
      decision: { ...ALLOW, decision: 'deny', determining: [violation.rule], violation },
    });
    const types = rig.log.slice(before).map((e) => e.type);
    expect(types).toEqual(expect.arrayContaining(['action_decided', 'violation_recorded', 'pipeline_ended']));
    const [revoke] = rig.ready('revoke');
    const condemned = revoke?.work.kind === 'revoke' ? revoke.work.tokens.length : 0;
    expect(condemned).toBe(rig.state.tokens.filter((t) => t.confirmed_at === null).length);
    expect(rig.state.outcome).toMatchObject({ exit_code: 1, reason: 'critical_violation' });
    const late = rig.when({
      kind: 'admit',
      step_id: good!.step_id,
      epoch: goodEpoch,
      version: rig.state.facts_seq,
      decision: ALLOW,
    });
    expect(late.ok).toBe(false);
    expect(rig.state.violations[0]).toMatchObject({
      severity: 'critical',
      rule: violation.rule,
      evidence: expect.stringContaining('access_vault_root'),
      consequence: 'pipeline stopped, all tokens revoked',
    });
  });
});

describe('windows', () => {
  it('ENF-1 ENF-4: a moment counts for less than its window’s length, and no more is remembered than is looked at', () => {
    expect(inWindow([0], LIMITS_OF_CONDUCT.window - 1)).toBe(1);
    expect(inWindow([0], LIMITS_OF_CONDUCT.window)).toBe(0);
    expect(remember([1, 2, 3], 4, 3)).toEqual([2, 3, 4]);
  });
});
