import { describe, expect, it } from 'vitest';
import { toPipeline, toTokenStatus } from '#contract/views.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { liveAgent, liveToken } from '#domain/pipeline/state.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { ALLOW, proposal, Rig, spawnCommand } from '../support/pipeline.ts';

const AWAY = { code: 'credentials_unavailable', message: 'Vault cannot be reached; could not read the key' };
const HOUR = 3_600_000;
const retryAt = (rig: Rig) => Math.max(...rig.ready().map((s) => Date.parse(s.ready_at)));

/** Moves the clock to the next try of everything that waits. */
const again = (rig: Rig): Rig => {
  rig.now = Math.max(rig.now, retryAt(rig));
  return rig;
};

describe('Vault silent', () => {
  it('PIPE-2 PIPE-10: after a long wait an agent’s token has two minutes from the new login on, not from when the agent was made', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'pause', reason: 'lunch' });
    rig.pass(CLOCKS.idle_tokens).revokeAll();
    rig.when({ kind: 'resume', reason: 'back' });
    rig.login();
    const broken = { code: 'odd_answer', message: 'not what Vault says' };
    const [alpha] = rig.ready('agent_bootstrap');
    const step = () => rig.state.steps[alpha!.step_id];
    rig.failing(alpha!, broken);
    expect(step()).toMatchObject({ failures: 1 });
    const login = Date.parse(liveToken(rig.state, null)!.issued_at);
    rig.now = login + 119_999;
    rig.failing(step()!, broken);
    expect(step()).toMatchObject({ failures: 2 });
    rig.now = Math.max(login + 120_000, Date.parse(step()!.ready_at));
    rig.failing(step()!, broken);
    expect(step()).toBeUndefined();
  });

  it('CRED-6: the step waits, which is no error and no failure, and the pipeline says what it waits for', () => {
    const rig = new Rig().toRoundOne();
    rig.failing(rig.turnOf('ALPHA'), AWAY);
    expect(rig.types()).not.toContain('step_failed');
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 0, deferrals: 1 });
    expect(liveAgent(rig.state, 'ALPHA')).toMatchObject({ errors: 0, doing: 'waiting for credentials' });
    expect(toPipeline(rig.state).waiting_for).toBe('credentials');
    expect(toTokenStatus(rig.state)).toMatchObject({ status: 'active', last_error: AWAY.message });
  });

  it('CRED-6, ENF-2: steps in flight finish under their own stuck clocks, and no other runs meanwhile: not the deadline’s or the round’s', () => {
    const rig = new Rig().toRoundOne();
    const beta = rig.turnOf('BETA');
    const epoch = rig.claim(beta);
    rig.failing(rig.turnOf('ALPHA'), AWAY);
    const kinds = timers(rig.state, {}).map((t) => t.kind);
    for (const clock of ['deadline', 'round_limit', 'stall']) expect(kinds).not.toContain(clock);
    const watched = timers(rig.state, {}).flatMap((t) => (t.kind === 'stuck' ? [t.step_id] : []));
    expect(watched).toEqual([beta.step_id]);
    const usage = { tokens_in: 1, tokens_out: 1, tokens_cached: 0, cost_microusd: 1, latency_ms: 1 };
    const done = rig.when({
      kind: 'complete',
      step_id: beta.step_id,
      epoch,
      result: {
        kind: 'turn',
        output: { findings: [], proposal: proposal('b'), votes: [], messages: [] },
        usage: { ...usage, provider: 'x', model: 'y' },
      },
    });
    expect(done.ok).toBe(true);
    // It began before the wait, so it does not show that Vault is back.
    expect(rig.state.waiting_for).toBe('credentials');
  });

  it('CRED-6: however often it has to wait, the step is tried again, ever more rarely, and goes on when Vault is back', () => {
    const rig = new Rig().toRoundOne();
    for (let n = 0; n < 20; n++) rig.failing(again(rig).turnOf('ALPHA'), AWAY);
    const before = rig.now;
    expect(retryAt(rig) - before).toBeLessThanOrEqual(90_000);
    const deadline = () => timers(rig.state, {}).find((t) => t.kind === 'deadline')?.at ?? 0;
    again(rig).speak('ALPHA', { proposal: proposal('a') });
    expect(rig.last('credentials_restored')?.body.waited_ms).toBeGreaterThan(60_000);
    expect(rig.state.waiting_for).toBeNull();
    expect(toTokenStatus(rig.state).last_error).toBeNull();
    expect(deadline()).toBe(
      Date.parse(rig.state.created_at) +
        rig.state.spawned!.limits.deadline_s * 1_000 +
        rig.state.clock.stopped_ms,
    );
    expect(rig.state.clock.stopped_ms).toBeGreaterThan(60_000);
  });

  it('CRED-6: its being away is not counted with a model’s failures', () => {
    const rig = new Rig().toRoundOne();
    for (let n = 0; n < 10; n++) rig.failing(again(rig).turnOf('ALPHA'), AWAY);
    rig.failing(again(rig).turnOf('ALPHA'), { code: 'model_overloaded' });
    expect(rig.turnOf('ALPHA').failures).toBe(1);
    expect(rig.state.waiting_for).toBeNull();
  });

  it('PIPE-10, CRED-6: half an hour of it does not suspend tokens that may still be good; a person’s half hour does', () => {
    const rig = new Rig().toRoundOne();
    rig.failing(rig.turnOf('ALPHA'), AWAY);
    expect(timers(rig.state, {}).map((t) => t.kind)).not.toContain('idle_tokens');
    rig.when({ kind: 'pause', reason: 'lunch' });
    expect(rig.state.waiting_for).toBe('resume');
    expect(timers(rig.state, {}).map((t) => t.kind)).toContain('idle_tokens');
    rig.when({ kind: 'resume', reason: 'back' });
    expect(rig.state.waiting_for).toBe('credentials');
  });

  it('PIPE-2: the spawn’s own login has two minutes, not hours', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    while (!rig.state.outcome) rig.failing(again(rig).ready('credentials_login')[0]!, AWAY);
    expect(rig.state.outcome.reason).toBe('credentials_unavailable');
    expect(rig.now - Date.parse(rig.state.created_at)).toBeLessThan(CLOCKS.credentials_window + 30_000);
  });
});

describe('the lease ends', () => {
  /** ALPHA waits for Vault until the leases are over. */
  function held(): Rig {
    const rig = new Rig().toRoundOne();
    rig.failing(rig.turnOf('ALPHA'), AWAY);
    return rig.pass(2 * HOUR + 1);
  }

  it('CRED-6: the pipeline holds: the gate is closed, nobody works, and only a login is tried', () => {
    const rig = held();
    expect(rig.state).toMatchObject({ gate_closed: true, suspended: true, outcome: null });
    expect(rig.state.tokens.every((t) => t.how === 'expired')).toBe(true);
    expect(rig.ready('credentials_login')).toHaveLength(1);
    const turn = rig.turnOf('BETA');
    expect(rig.when({ kind: 'claim', step_id: turn.step_id, worker: 'w' }).ok).toBe(false);
  });

  it('CRED-6: Vault back within the hour: a new login, new tokens, and the round goes on', () => {
    const rig = held();
    const began = rig.now;
    while (rig.now - began < HOUR - 120_000)
      rig.failing(again(rig).ready('credentials_login')[0]!, { ...AWAY, code: 'credentials_sealed' });
    expect(rig.state.outcome).toBeNull();
    again(rig).login().bootstrap();
    expect(rig.state.gate_closed).toBe(false);
    again(rig).speak('ALPHA', { proposal: proposal('after all') });
    expect(rig.state.waiting_for).toBeNull();
  });

  it('CRED-6: not back within the hour: FAILED 1 credentials_expired, and nothing is left', () => {
    const rig = held();
    rig.failing(rig.ready('credentials_login')[0]!, AWAY);
    rig.pass(HOUR - 1);
    expect(rig.state.outcome).toBeNull();
    rig.pass(1);
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'credentials_expired' });
    expect(rig.state.outcome?.detail).toBe(AWAY.message);
    expect(rig.state.sealed).toBe(true);
  });

  it('CRED-6: the hour does not run while a person holds the pipeline', () => {
    const rig = held();
    rig.when({ kind: 'pause', reason: 'look' });
    rig.pass(3 * HOUR);
    expect(rig.state.outcome).toBeNull();
    rig.when({ kind: 'resume', reason: 'on' });
    rig.pass(HOUR - 1);
    expect(rig.state.outcome).toBeNull();
    rig.pass(1);
    expect(rig.state.outcome?.reason).toBe('credentials_expired');
  });

  it('CRED-6: an agent whose own lease is over gets another token; the pipeline does not stop for it', () => {
    const spawn = spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>;
    const limits = { ...spawn.plan.limits, deadline_s: 86_400, round_s: 86_400 };
    const rig = new Rig().toRoundOne({ ...spawn, plan: { ...spawn.plan, limits } });
    const beta = liveAgent(rig.state, 'BETA')!;
    const own = liveToken(rig.state, null)!.accessor;
    rig.now += HOUR;
    rig.when({
      kind: 'record_renewals',
      renewed: [{ accessor: own, expires_at: rig.expiry(), capped: false }],
      failed: [],
    });
    rig.pass(HOUR + 1);
    expect(rig.state.agents[beta.agent_id]).toMatchObject({ accessor: null, status: 'live' });
    rig.bootstrap();
    rig.speak('BETA', { proposal: proposal('b') });
    expect(rig.state.outcome).toBeNull();
  });

  it('CRED-6: steps that wait although leases can be extended end after three hours: something else is wrong', () => {
    const rig = new Rig().toRoundOne();
    const own = liveToken(rig.state, null)!.accessor;
    rig.failing(rig.turnOf('ALPHA'), { ...AWAY, code: 'credentials_store_unavailable' });
    for (let n = 0; n < 5; n++) {
      rig.pass(HOUR / 2);
      const renewed = [{ accessor: own, expires_at: rig.expiry(), capped: false }];
      rig.when({ kind: 'record_renewals', renewed, failed: [] });
    }
    expect(rig.state.outcome).toBeNull();
    rig.pass(HOUR / 2);
    expect(rig.state.outcome?.reason).toBe('credentials_expired');
  });
});

describe('the gate', () => {
  it('CRED-6, GOV-2: a lease that is over admits nothing, also before the alarm has noticed', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'blackboard_read');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const admit = () =>
      rig.when({
        kind: 'admit',
        step_id: step!.step_id,
        epoch,
        version: rig.state.facts_seq,
        decision: ALLOW,
      });
    rig.now += 2 * HOUR;
    expect(admit()).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
    rig.now -= 1;
    expect(admit()).toMatchObject({ ok: true, value: { admission: 'run' } });
  });
});

describe('revoked out of band', () => {
  const DEAD = { code: 'token_revoked', message: 'the token is no longer valid in Vault', retryable: false };

  it('CRED-6: the agent is stopped and its seat falls silent; the others go on', () => {
    const rig = new Rig().toRoundOne();
    const alpha = liveAgent(rig.state, 'ALPHA')!;
    rig.failing(rig.turnOf('ALPHA'), DEAD);
    expect(rig.state.agents[alpha.agent_id]?.status).toBe('revoked');
    expect(rig.ready('revoke')).toHaveLength(1);
    rig.speak('BETA', { proposal: proposal('alone') });
    expect(rig.state.outcome).toBeNull();
  });

  it('CRED-6: the pipeline’s own token: FAILED 1 token_revoked', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login();
    rig.failing(rig.ready('agent_bootstrap')[0]!, DEAD);
    expect(rig.state.outcome).toMatchObject({ exit_code: 1, reason: 'token_revoked' });
  });

  it('CRED-3: a token that was replaced under a step in flight was not revoked by anybody else', () => {
    const rig = new Rig().toRoundOne();
    const alpha = rig.turnOf('ALPHA');
    const epoch = rig.claim(alpha);
    const { agent_id } = alpha.work as { agent_id: string };
    rig.now += HOUR / 2;
    const old = rig.state.agents[agent_id]!.accessor!;
    const renewed = [{ accessor: old, expires_at: rig.expiry(60), capped: true }];
    rig.when({ kind: 'record_renewals', renewed, failed: [] });
    const [step] = rig.ready('agent_bootstrap');
    rig.finish(step!, { kind: 'agent_bootstrap', accessor: 'new', policies: [], expires_at: rig.expiry() });
    const error = { ...DEAD, cause: 'dependency' as const, retry_after_s: null, usage: null };
    rig.when({ kind: 'fail', step_id: alpha.step_id, epoch, error });
    expect(rig.state.agents[agent_id]?.status).toBe('live');
    expect(rig.state.steps[alpha.step_id]?.status).toBe('ready');
  });
});
