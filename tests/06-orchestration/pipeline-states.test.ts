import { describe, expect, it } from 'vitest';
import { toPipeline } from '#contract/views.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { replay, UnknownEventError } from '#domain/pipeline/evolve.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { DEFAULT_LIMITS, type Limits } from '#domain/plan/limits.ts';
import { proposal, Rig, spawnCommand, vote } from '../support/pipeline.ts';

const withLimits = (limits: Partial<Limits>): Command => {
  const command = spawnCommand();
  if (command.kind !== 'spawn') throw new Error('not a spawn');
  return { ...command, plan: { ...command.plan, limits: { ...DEFAULT_LIMITS, ...limits } } };
};

const passing = (rig: Rig): Rig => {
  rig.toRoundOne();
  rig.speak('ALPHA', { proposal: proposal('do it') }).speak('BETA');
  const { proposal_id, revision } = rig.proposalOf('ALPHA');
  return rig.speak('ALPHA').speak('BETA', { votes: [vote(proposal_id, revision, 'approve')] });
};

describe('states of a pipeline', () => {
  it('PIPE-1: a run goes SPAWN, RUNNING, REPORT, ORCHESTRATING, COMPLETED and ends with exit code 0', () => {
    const rig = passing(new Rig());
    expect(
      rig.log.filter((e) => e.type === 'state_entered').map((e) => (e.body as { state: string }).state),
    ).toEqual(['RUNNING', 'REPORT', 'ORCHESTRATING']);
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'COMPLETED',
      exit_code: 0,
      waiting_for: null,
      sealed: false,
    });
    expect(toPipeline(rig.revokeAll().state).sealed).toBe(true);
  });

  it('PIPE-1: the exit code is null while the pipeline lives', () => {
    const rig = new Rig().toRoundOne();
    expect(toPipeline(rig.state).exit_code).toBeNull();
  });

  it('PIPE-2: no agent step exists before the pipeline has a live token', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    expect(rig.ready().map((s) => s.work.kind)).toEqual(['credentials_login']);
    expect(Object.keys(rig.state.agents)).toEqual([]);
  });

  it('PIPE-2: Vault silent is retried with backoff and jitter for two minutes, then FAILED with credentials_unavailable', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const delays: number[] = [];
    while (rig.state.outcome === null) {
      const [step] = rig.ready('credentials_login');
      const before = rig.now;
      rig.failing(step!, { code: 'vault_unavailable' });
      const again = rig.state.steps[step!.step_id]?.ready_at;
      if (again) {
        delays.push(Date.parse(again) - before);
        rig.now = Date.parse(again);
      }
    }
    expect(delays.slice(0, 3)).toEqual([500, 1_000, 2_000]);
    expect(delays.every((d) => d <= 15_000)).toBe(true);
    expect(rig.now - Date.parse(rig.state.created_at)).toBeGreaterThanOrEqual(120_000);
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'credentials_unavailable',
      sealed: true,
    });
  });

  it('PIPE-2: at two minutes to the millisecond Vault is given up, and a millisecond before it is not', () => {
    const failedAt = (ms: number) => {
      const rig = new Rig();
      rig.when(spawnCommand());
      const [step] = rig.ready('credentials_login');
      rig.now += ms;
      rig.failing(step!, { code: 'credentials_unavailable' });
      return toPipeline(rig.state).reason;
    };
    expect(failedAt(119_999)).toBeNull();
    expect(failedAt(120_000)).toBe('credentials_unavailable');
  });

  it('PIPE-3: the planner writes a report with its complexity', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().plan(42);
    expect(rig.state.report?.complexity).toBe(42);
    expect(toPipeline(rig.state).complexity).toBe(42);
  });

  it('PIPE-4: without auto_continue the pipeline waits after its report until a person continues it', () => {
    const rig = new Rig();
    rig.when(spawnCommand({ auto_continue: false }));
    rig.login().plan();
    expect(toPipeline(rig.state)).toMatchObject({ state: 'REPORT', waiting_for: 'continue' });
    expect(rig.ready()).toEqual([]);
    expect(rig.when({ kind: 'continue', reason: null }).ok).toBe(true);
    expect(toPipeline(rig.state)).toMatchObject({ state: 'ORCHESTRATING', waiting_for: null });
  });

  it('PIPE-4: continuing a pipeline that does not wait is refused with the states that allow it', () => {
    const rig = new Rig().toRoundOne();
    const refused = rig.when({ kind: 'continue', reason: null });
    expect(refused).toMatchObject({ ok: false, error: { code: 'wrong_state', allowed: ['REPORT'] } });
  });

  it('PIPE-5: ALPHA and BETA are ready at the same time', () => {
    const rig = new Rig().toRoundOne();
    expect(rig.ready('agent_turn').map((s) => rig.roleOf(s))).toEqual(['ALPHA', 'BETA']);
  });

  it('PIPE-5: actions of the winning proposal run after the verdict, still ORCHESTRATING, before COMPLETED', () => {
    const rig = new Rig().toRoundOne();
    const act = { tool: 'memory_read', arguments: '{"id":"m1"}', target: 'memory' };
    rig.speak('ALPHA', { proposal: { ...proposal('act'), actions: [act] } }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('ALPHA').speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
    expect(rig.state.verdict).not.toBeNull();
    expect(rig.state.state).toBe('ORCHESTRATING');
    const [step] = rig.ready('action');
    expect(rig.last('action_requested')?.body).toMatchObject({
      tool: 'memory_read',
      arguments: { id: 'm1' },
    });
    rig.finish(step!, {
      kind: 'action',
      status: 'succeeded',
      result: '{}',
      result_sha256: null,
      truncated: false,
      error: null,
      origin: [],
    });
    expect(rig.state.state).toBe('COMPLETED');
  });

  it('PIPE-5, PIPE-6: the winner’s actions run one after another, and the end says how many were not carried out', () => {
    const act = (id: string) => ({
      tool: 'memory_write',
      arguments: JSON.stringify({ id }),
      target: 'memory',
    });
    const ended = (statuses: ('succeeded' | 'failed')[]) => {
      const rig = new Rig().toRoundOne();
      rig.round({ ALPHA: { proposal: { ...proposal('act'), actions: [act('a'), act('b')] } } });
      rig.round({ BETA: { votes: [vote(rig.proposalOf('ALPHA').proposal_id, 1, 'approve')] } });
      for (const status of statuses) {
        expect(rig.ready('action').length).toBe(1);
        rig.judge();
        rig.report({ status, error: status === 'failed' ? 'no' : null });
      }
      return rig.state.outcome;
    };
    expect(ended(['succeeded', 'succeeded'])).toMatchObject({ exit_code: 0, detail: null });
    expect(ended(['failed', 'succeeded'])).toMatchObject({
      exit_code: 0,
      detail: '1 of the 2 actions of the verdict were not carried out.',
    });
  });

  it('PIPE-6: a pipeline is sealed only when every recorded token is confirmed gone', () => {
    const rig = passing(new Rig());
    expect(rig.state.tokens.length).toBe(4);
    const [step] = rig.ready('revoke');
    const some = rig.state.tokens.slice(0, 3).map((t) => ({ accessor: t.accessor, how: 'lookup' as const }));
    rig.finish(step!, { kind: 'revoke', gone: some });
    expect(rig.state.sealed).toBe(false);
    rig.revokeAll();
    expect(rig.state.sealed).toBe(true);
    expect(rig.last('sealed')?.body).toEqual({ tokens: 4, by_lookup: 4, by_expiry: 0 });
  });

  it('PIPE-6: with Vault gone for good a pipeline is sealed when the leases have ended', () => {
    const rig = passing(new Rig());
    rig.pass(7_201_000);
    expect(rig.state.sealed).toBe(true);
    expect(rig.last('sealed')?.body).toMatchObject({ by_expiry: 4 });
  });

  it('PIPE-7: replaying the log gives the state that the commands built, at every event', () => {
    const rig = passing(new Rig()).revokeAll();
    expect(replay(rig.log)).toEqual(rig.state);
    const half = rig.log.slice(0, 20);
    expect(replay(half).seq).toBe(20);
    expect(replay(rig.log.slice(20), replay(half))).toEqual(rig.state);
  });

  it('PIPE-7: an event of an unknown version halts the replay instead of being guessed at', () => {
    const rig = passing(new Rig());
    const future = rig.log.map((e, i) => (i === 5 ? { ...e, v: 99 } : e));
    expect(() => replay(future)).toThrow(UnknownEventError);
  });

  it('PIPE-7, LEDG-2: the log is a hash chain in which any change is found at its place', () => {
    const rig = passing(new Rig());
    expect(verifyChain(rig.log)).toEqual({ ok: true, count: rig.log.length });
    for (const change of [
      { at: '2026-01-01T00:00:00.000Z' },
      { actor: 'person:mallory' },
      { salt: 'x' },
      { type: 'sealed' },
    ]) {
      const bent = rig.log.map((e, i) => (i === 7 ? { ...e, ...change } : e));
      expect(verifyChain(bent as typeof rig.log)).toMatchObject({ ok: false, seq: 8 });
    }
    expect(verifyChain([...rig.log.slice(0, 4), ...rig.log.slice(5)])).toMatchObject({ ok: false, seq: 6 });
  });

  it('PIPE-9: the same spawn again changes nothing; another body under the same id is a conflict', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const again = rig.when(spawnCommand());
    expect(again).toMatchObject({ ok: true, value: { events: [] } });
    expect(rig.when(spawnCommand({ request_sha256: 'b'.repeat(64) }))).toMatchObject({
      ok: false,
      error: { code: 'idempotency_conflict' },
    });
  });

  it('PIPE-10: a cancelled pipeline fails with exit code 1, drops its steps and revokes its tokens', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'cancel', reason: 'wrong plan' });
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'cancelled' });
    expect(Object.values(rig.state.steps).map((s) => s.work.kind)).toEqual(['revoke']);
    expect(rig.when({ kind: 'cancel', reason: 'again' })).toMatchObject({
      ok: false,
      error: { code: 'pipeline_ended' },
    });
  });

  it('PIPE-11: a deadline ends the pipeline, but not while it waits for a person', () => {
    const waiting = new Rig();
    waiting.when(spawnCommand({ auto_continue: false }));
    waiting.login().plan();
    waiting.pass(10 * 3_600_000);
    expect(waiting.state.outcome).toBeNull();

    const working = new Rig().toRoundOne(withLimits({ deadline_s: 60 }));
    working.pass(60_001);
    expect(working.state.recovery).toMatchObject({ trigger: 'deadline' });
  });

  it('REC-6: hours in which the system was down count neither against the round nor against the deadline', () => {
    const rig = new Rig().toRoundOne(withLimits({ deadline_s: 3_600, round_s: 300 }));
    rig.claim(rig.turnOf('ALPHA'));
    rig.pass(40_000);
    const last = rig.state.updated_at;
    rig.pass(9 * 3_600_000);
    expect(rig.last('outage_noticed')?.body).toEqual({ since: last });
    expect(rig.state).toMatchObject({ outcome: null, recovery: null, round: { round: 1, silent: [] } });

    // What was left of the round is left of it still: 300 s less the 40 before.
    rig.pass(259_000);
    expect(rig.state.round?.closed).toBe(false);
    rig.pass(2_000);
    expect(rig.state.outcome).toMatchObject({ reason: 'no_agent_answered' });
  });

  it('REC-6: an alarm that is a little late is no outage, and neither is a step that waits in a queue', () => {
    const late = new Rig().toRoundOne(withLimits({ round_s: 300 }));
    late.pass(300_000 + CLOCKS.outage);
    expect(late.types()).not.toContain('outage_noticed');
    expect(late.state.outcome).toMatchObject({ reason: 'no_agent_answered' });

    const queued = new Rig().toRoundOne(withLimits({ round_s: 300 }));
    queued.pass(4 * CLOCKS.outage);
    expect(queued.types()).not.toContain('outage_noticed');
  });

  it('PIPE-10: clocks that stand still for a person are not moved again by an outage', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'pause', reason: 'lunch' });
    rig.pass(9 * 3_600_000);
    expect(rig.types()).not.toContain('outage_noticed');
  });
});
