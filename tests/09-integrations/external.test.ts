import { describe, expect, it } from 'vitest';
import type { ReportedOutcome } from '#domain/pipeline/command.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { stepTally } from '#domain/pipeline/step-tally.ts';
import { ALLOW, ASK, PERMIT, Rig, spawnCommand } from '#tests/support/pipeline.ts';

const HASH = 'h'.repeat(64);
const DENY: GateDecision = {
  ...ALLOW,
  decision: 'deny',
  determining: ['tier_too_low'],
  reason: 'no',
  remedy: 'less',
};

/** An external pipeline with one agent that has its token. */
class Outside extends Rig {
  agent = '';

  open(): this {
    this.when(spawnCommand({ mode: 'external' }));
    this.login();
    this.register();
    return this.bootstrap();
  }

  #registered = 0;

  register(session_hash = `${HASH}${this.#registered++}`): string {
    this.when({
      kind: 'register',
      name: 'coder',
      framework: 'claude-code',
      tier: 1,
      session_hash,
      session_expires_at: this.expiry(7_200),
    });
    this.agent = this.last('agent_registered')!.body.agent_id;
    return this.agent;
  }

  ask(change: { tool?: string; key?: string; sha?: string; builtin?: boolean } = {}) {
    const { tool = 'Bash', key = null, sha = 'a'.repeat(64), builtin = false } = change;
    return this.when(
      {
        kind: 'ask',
        agent_id: this.agent,
        tool,
        arguments: { command: 'ls' },
        target: 'localhost',
        origin: [],
        outside: {
          enforcement: builtin ? 'enforced' : 'cooperative',
          idempotency_key: key,
          arguments_sha256: sha,
          tool: builtin ? null : { min_tier: 1, effect: 'once', acts: true, external: true, server: null },
        },
      },
      `agent:${this.agent}`,
    );
  }

  get action() {
    return Object.values(this.state.actions).at(-1)!;
  }

  judgeIt(decision = ALLOW, version = this.state.facts_seq) {
    return this.when({ kind: 'judge', action_id: this.action.action_id, version, decision }, 'system:gate');
  }

  tell(status: ReportedOutcome['status'], by = this.agent) {
    const outcome = { status, result: '1', result_sha256: null, truncated: false, error: null };
    return this.when({ kind: 'report', agent_id: by, action_id: this.action.action_id, outcome });
  }
}

const code = (done: { ok: boolean; error?: { code: string } }) => (done.ok ? 'ok' : done.error?.code);

describe('an external pipeline', () => {
  it('GOV-7: runs without a planner until its caller ends it: COMPLETED, 0, sealed once its tokens are gone', () => {
    const rig = new Outside().open();
    expect(rig.state).toMatchObject({ state: 'RUNNING', waiting_for: null, outcome: null });
    expect(rig.types()).not.toContain('agent_spawned');
    expect(code(rig.when({ kind: 'end', reason: 'done' }))).toBe('ok');
    expect(rig.state.outcome).toMatchObject({ state: 'COMPLETED', exit_code: 0, reason: 'ended_by_caller' });
    rig.revokeAll();
    expect(rig.state.sealed).toBe(true);
    expect(code(rig.when({ kind: 'end', reason: 'again' }))).toBe('pipeline_ended');
  });

  it('GOV-7: its deadline fails it with exit code 1, and hands nothing over', () => {
    const rig = new Outside().open();
    const deadline = rig.state.spawned!.limits.deadline_s * 1_000;
    rig.pass(deadline - 1);
    expect(rig.state.outcome).toBeNull();
    rig.pass(1);
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'deadline' });
    expect(rig.types()).not.toContain('recovery_started');
  });

  it('GOV-7: nothing but an external pipeline takes outside agents, or is ended by its caller', () => {
    const rig = new Rig().toRoundOne();
    expect(code(rig.when({ kind: 'end', reason: 'r' }))).toBe('wrong_state');
    const asked = { name: 'n', framework: 'f', tier: 0 as const };
    const done = rig.when({
      kind: 'register',
      ...asked,
      session_hash: HASH,
      session_expires_at: rig.expiry(),
    });
    expect(code(done)).toBe('wrong_state');
    expect(code(new Outside().open().when({ kind: 'abort', reason: 'r' }))).toBe('wrong_state');
  });

  it('API-2 GOV-7: the same session again is the same registration, also once the pipeline has ended', () => {
    const rig = new Outside().open();
    const first = rig.agent;
    expect(rig.register('again')).not.toBe(first);
    const before = rig.state.seq;
    const second = rig.agent;
    expect(rig.register('again')).toBe(second);
    rig.when({ kind: 'end', reason: 'done' });
    const ended = rig.state.seq;
    expect(rig.register('again')).toBe(second);
    expect([before, rig.state.seq]).toEqual([rig.last('agent_registered')!.seq + 1, ended]);
  });

  it('GOV-7 CRED-1: an agent that registers before the login gets its own token after it', () => {
    const rig = new Outside();
    rig.when(spawnCommand({ mode: 'external' }));
    const agent = rig.register();
    rig.login().bootstrap();
    expect(rig.state.agents[agent]).toMatchObject({ role: 'OUTSIDE', accessor: `acc-${agent}` });
  });
});

describe('asking, acting, reporting', () => {
  it('GOV-7 GOV-8: a cooperative action is let through, done elsewhere, and its outcome is on record', () => {
    const rig = new Outside().open();
    rig.ask();
    expect(rig.judgeIt()).toMatchObject({ ok: true, value: { admission: 'run' } });
    expect(rig.ready('action')).toEqual([]);
    expect(code(rig.tell('succeeded'))).toBe('ok');
    expect(rig.action.outcome).toMatchObject({ status: 'succeeded', result: '1' });
    expect(rig.action.outcome?.origin).toContain('untrusted');
    expect(code(rig.tell('succeeded'))).toBe('ok');
    expect(code(rig.tell('failed'))).toBe('outcome_conflict');
    expect(rig.state.outcome).toBeNull();
  });

  it('GOV-8: what we hold the credential for becomes a step of ours, and its agent cannot tell its outcome', () => {
    const rig = new Outside().open();
    rig.ask({ tool: 'http_get', builtin: true });
    rig.judgeIt();
    const [step] = rig.ready('action');
    expect(step?.work).toEqual({ kind: 'action', agent_id: rig.agent, action_id: rig.action.action_id });
    expect(code(rig.tell('succeeded'))).toBe('outcome_conflict');
  });

  it('GOV-2: judged on facts that have changed since, it is judged again; denied, it is over', () => {
    const rig = new Outside().open();
    rig.ask();
    expect(rig.judgeIt(ALLOW, rig.state.facts_seq - 1)).toMatchObject({
      value: { admission: 'judge_again' },
    });
    expect(rig.action.decision).toBeNull();
    expect(rig.judgeIt(DENY)).toMatchObject({ value: { admission: 'stopped' } });
    expect(rig.action.outcome).toMatchObject({ status: 'denied' });
    expect(code(rig.tell('succeeded'))).toBe('outcome_conflict');
  });

  it('GOV-8: the same key and request is the same action; the same key with another request is a conflict', () => {
    const rig = new Outside().open();
    rig.ask({ key: 'k1' });
    const before = rig.log.length;
    expect(code(rig.ask({ key: 'k1' }))).toBe('ok');
    expect(rig.log.length).toBe(before);
    expect(code(rig.ask({ key: 'k1', sha: 'b'.repeat(64) }))).toBe('idempotency_conflict');
    rig.ask({ key: 'k2' });
    expect(Object.keys(rig.state.actions)).toHaveLength(2);
  });

  it('GOV-7: no outcome within 10 min counts as unknown; a late one is evidence, and a person decides', () => {
    const rig = new Outside().open();
    rig.ask();
    rig.judgeIt();
    rig.pass(CLOCKS.outcome_report - 1);
    expect(rig.action.unknown).toBeNull();
    rig.pass(1);
    expect(rig.action.unknown).not.toBeNull();
    // Nobody's work hangs on it: the clock goes on, and others may ask.
    expect(rig.state).toMatchObject({ waiting_for: null, clock: { stopped_since: null } });
    expect(code(rig.tell('succeeded'))).toBe('ok');
    expect(rig.action.outcome).toBeNull();
    expect(rig.last('log_written')?.body.message).toContain('reports succeeded');
    const { action_id } = rig.action;
    rig.when({ kind: 'resolve_action', action_id, status: 'failed', reason: 'I looked' });
    expect(rig.action.outcome).toMatchObject({ status: 'failed' });
    expect(rig.state.outcome).toBeNull();
  });

  it('GOV-7: sessions die with their agent, with their pipeline, and with their time', () => {
    const rig = new Outside().open();
    const first = rig.agent;
    rig.ask();
    rig.judgeIt();
    const open = rig.action.action_id;
    const second = rig.register();
    rig.bootstrap();
    rig.when({ kind: 'revoke', agent_id: first, reason: 'enough' });
    expect(rig.state.actions[open]?.unknown?.why).toContain('session ended');
    rig.agent = first;
    expect(code(rig.ask())).toBe('session_over');
    rig.agent = second;
    expect(code(rig.ask())).toBe('ok');
    rig.now += 7_200_000;
    expect(code(rig.ask())).toBe('session_over');
    const other = new Outside().open();
    other.when({ kind: 'end', reason: 'done' });
    expect(code(other.ask())).toBe('session_over');
  });

  it.each(['an agent’s switch', 'a pipeline’s switch', 'one from above'])(
    'ENF-6 REC-6: stopped by %s between asking and being judged, nothing is authorised; an act under way is told late, as evidence',
    (how) => {
      const rig = new Outside().open();
      rig.ask();
      rig.judgeIt();
      const underWay = rig.action.action_id;
      rig.ask();
      const asked = rig.action.action_id;
      const above = {
        kill_id: 'ks_t_1',
        scope: 'tenant',
        id: 'acme',
        reason: 'r',
        by: 'person:p',
        at: '',
      } as const;
      rig.when({
        ...{ kind: 'kill', reason: 'r', kill: how === 'one from above' ? above : null },
        agent_id: how === 'an agent’s switch' ? rig.agent : null,
      });
      expect(code(rig.judgeIt())).toBe('session_over');
      expect(rig.state.actions[asked]?.decision).toBeNull();
      expect(code(rig.ask())).toBe('session_over');
      // It was let through before; what became of it its agent may still say, once, and nothing follows from it.
      const told = (action_id: string) =>
        rig.when({
          kind: 'report',
          agent_id: rig.agent,
          action_id,
          outcome: { status: 'succeeded', result: '1', result_sha256: null, truncated: false, error: null },
        });
      expect(code(told(underWay))).toBe('ok');
      expect(code(told(underWay))).toBe('ok');
      expect(rig.log.filter((e) => e.type === 'log_written')).toMatchObject([
        { body: { source: 'late outcome', fields: { action_id: underWay, status: 'succeeded' } } },
      ]);
      expect(rig.state.actions[underWay]).toMatchObject({ outcome: null, unknown: expect.anything() });
      expect(code(told(asked))).toBe('session_over');
    },
  );

  it('PIPE-10: a pipeline that holds takes no questions, and takes them again after it', () => {
    const rig = new Outside().open();
    rig.when({ kind: 'pause', reason: 'look' });
    expect(code(rig.ask())).toBe('wrong_state');
    rig.when({ kind: 'resume', reason: 'go' });
    expect(code(rig.ask())).toBe('ok');
  });

  it('GOV-5, GOV-7: what waits for a person is asked for once, however often its agent has it judged', () => {
    const rig = new Outside().open();
    rig.ask();
    rig.judgeIt(ASK);
    expect(rig.state.waiting_for).toBe('approval');
    const before = rig.log.length;
    for (const decision of [ASK, ALLOW])
      expect(rig.judgeIt(decision)).toMatchObject({ ok: true, value: { admission: 'stopped', events: [] } });
    expect(rig.state.approvals).toHaveLength(1);
    expect(rig.log.length).toBe(before);
  });

  it('GOV-7, GOV-8: of what was not judged yet, or waits for a person, there is no outcome to tell', () => {
    const rig = new Outside().open();
    rig.ask();
    for (const prepare of [() => {}, () => rig.judgeIt(ASK)]) {
      prepare();
      expect(code(rig.tell('succeeded'))).toBe('outcome_conflict');
      expect(rig.action.outcome).toBeNull();
    }
  });
});

describe('what is over', () => {
  it('GOV-2: a refusal says which rule, why, and what would be needed', () => {
    const rig = new Outside().open();
    rig.ask();
    rig.judgeIt(DENY);
    expect(JSON.parse(rig.action.outcome?.result ?? '')).toEqual({
      denied: true,
      rule: 'tier_too_low',
      reason: 'no',
      remedy: 'less',
    });
  });

  it('AGENT-5: what an agent was shown is among the origins of what it asks next, and of nobody else’s', () => {
    const rig = new Outside().open();
    const first = rig.agent;
    rig.ask({ tool: 'crm_read' });
    rig.judgeIt();
    rig.tell('succeeded');
    const second = rig.register();
    rig.bootstrap();
    rig.ask();
    expect(rig.action.request.origin).toEqual(['outside', 'untrusted']);
    rig.agent = first;
    rig.ask();
    expect(rig.action.request.agent_id).not.toBe(second);
    expect(rig.action.request.origin).toEqual(['outside', 'tool:crm_read', 'untrusted']);
  });

  it('GOV-2: an action that was refused is not let through by another judgement', () => {
    const rig = new Outside().open();
    rig.ask();
    rig.judgeIt(DENY);
    expect(code(rig.judgeIt())).toBe('wrong_state');
    expect(rig.action).toMatchObject({ decision: { decision: 'deny' }, outcome: { status: 'denied' } });
  });

  it('GOV-2, CRED-6: when the lease is over nothing is let through', () => {
    const rig = new Outside().open();
    rig.ask();
    rig.now += 7_200_000;
    rig.register('later');
    expect(code(rig.judgeIt())).not.toBe('ok');
    expect(rig.action.decision).toBeNull();
  });
});

describe('the tenant’s error budget and agents that run elsewhere', () => {
  it('ENF-5: acts that were told of count as good, however they ended; refusals and silence do not', () => {
    const rig = new Outside().open();
    const begun = stepTally(rig.state);
    const act = (end: (() => void) | null, decision = ALLOW) => {
      rig.ask();
      rig.judgeIt(decision);
      end?.();
      return stepTally(rig.state).good - begun.good;
    };
    expect(act(() => rig.tell('succeeded'))).toBe(1);
    expect(act(() => rig.tell('failed'))).toBe(2);
    rig.tell('failed');
    expect(stepTally(rig.state)).toEqual({ good: begun.good + 2, bad: begun.bad });
    expect(act(() => rig.tell('unknown'))).toBe(2);
    expect(act(null, DENY)).toBe(2);
    expect(act(null, { ...DENY, violation: { rule: 'r', severity: 'low' } })).toBe(2);
    expect(stepTally(rig.state).bad).toBe(begun.bad + 1);
  });

  it('ENF-5: while it is spent nothing is let through; asked again when it is restored, it is judged', () => {
    const rig = new Outside().open();
    rig.ask();
    const { action_id } = rig.action;
    const judged = { kind: 'judge', action_id, version: rig.state.facts_seq, decision: ALLOW } as const;
    const spent = { ...PERMIT, budget_spent: { since: 'earlier', detail: 'too many errors' } };
    const refused = rig.when({ ...judged, permit: spent });
    expect(refused).toMatchObject({
      ok: false,
      error: {
        code: 'error_budget_spent',
        retry_after_s: 60,
        detail: expect.stringContaining('too many errors'),
      },
    });
    expect(rig.action.decision).toBeNull();
    expect(code(rig.when(judged))).toBe('ok');
    expect(rig.action.decision).toMatchObject({ decision: 'allow' });
  });

  it('ENF-6: a kill switch goes before a spent budget', () => {
    const rig = new Outside().open();
    rig.ask();
    const killed = {
      kill_id: 'ks_1',
      scope: 'tenant',
      id: 't',
      reason: 'stop',
      by: 'person:x',
      at: 'now',
    } as const;
    const permit = { ...PERMIT, killed, budget_spent: { since: 'earlier', detail: 'errors' } };
    const { action_id } = rig.action;
    rig.when({ kind: 'judge', action_id, version: rig.state.facts_seq, decision: ALLOW, permit });
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', reason: 'killed' });
  });
});
