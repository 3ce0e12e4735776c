import { describe, expect, it } from 'vitest';
import { toPipeline } from '#contract/views.ts';
import { ROLES, type Role } from '#domain/agents/roles.ts';
import type { Trouble } from '#domain/pipeline/dependencies.ts';
import { needsOf, troubleWith } from '#domain/pipeline/dependencies.ts';
import { CLOCKS, RETRIES } from '#domain/pipeline/rules.ts';
import { liveAgent } from '#domain/pipeline/state.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { DEFAULT_LIMITS } from '#domain/plan/limits.ts';
import type { ModelChoice } from '#domain/plan/plan.ts';
import { PERMIT, proposal, Rig, spawnCommand, USAGE } from '../support/pipeline.ts';

const DOWN = { code: 'model_unavailable', message: 'Model provider compatible is failing: HTTP 503.' };
const MODEL = troubleWith('model', ['model:compatible/scripted'], DOWN, 5_000);
const VAULT = troubleWith(
  'vault',
  ['vault'],
  { message: 'Vault cannot be reached; could not log in' },
  5_000,
);

const claim = (rig: Rig, step: { step_id: string }, trouble: Trouble | null = MODEL) =>
  rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w1', trouble });
const kinds = (rig: Rig) => timers(rig.state, {}).map((t) => t.kind as string);

/** Each role its own model, so that one can be away alone. */
const ownModels = () => {
  const command = spawnCommand();
  if (command.kind !== 'spawn') throw new Error('no spawn');
  const of = (role: Role): ModelChoice => ({
    provider: 'compatible',
    model: role.toLowerCase(),
    fallbacks: [],
    max_tokens: 1_000,
  });
  const models = Object.fromEntries(ROLES.map((r) => [r, of(r)])) as Record<Role, ModelChoice>;
  return { ...command, plan: { ...command.plan, models } };
};

describe('a model whose breaker is open', () => {
  it('ENF-1: its step waits: no try, no error, no lost turn, and the pipeline says what it waits for', () => {
    const rig = new Rig().toRoundOne();
    expect(claim(rig, rig.turnOf('ALPHA')).ok).toBe(true);
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 0, epoch: 0, held: { on: 'model' } });
    expect(liveAgent(rig.state, 'ALPHA')).toMatchObject({ errors: 0, doing: 'waiting for its model' });
    expect(rig.state.agent_errors).toEqual([]);
    const shown = toPipeline(rig.state);
    expect(shown.waiting_for).toBe('queue');
    expect(shown.waiting_detail).toContain('compatible/scripted');
    expect(shown.waiting_detail).toContain('HTTP 503');
  });

  it('ENF-1, OPS-1: waiting again for the same writes nothing, however often', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'));
    const { seq } = rig.state;
    for (let n = 0; n < 50; n++) {
      rig.now += 30_000;
      expect(claim(rig, rig.turnOf('ALPHA')).ok).toBe(false);
    }
    expect(rig.state.seq).toBe(seq);
  });

  it('ENF-1: it goes on by itself when the breaker closes, with all its tries', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'));
    rig.now += 60_000;
    rig.speak('ALPHA', { proposal: proposal('after the outage') });
    expect(rig.state.waiting_for).toBeNull();
    expect(toPipeline(rig.state).waiting_detail).toBeUndefined();
    expect(rig.proposalOf('ALPHA').revision).toBe(1);
  });

  it('ENF-1: the failure that opens it, and each probe that fails, count as no try; what it used is charged', () => {
    const rig = new Rig().toRoundOne();
    for (let n = 0; n < RETRIES.agent_turn.attempts + 3; n++) {
      rig.now += 10_000;
      rig.failing(rig.turnOf('ALPHA'), { ...DOWN, usage: USAGE }, MODEL);
    }
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 0, held: { on: 'model' } });
    expect(rig.types()).not.toContain('step_failed');
    // The planner's call, and eight that came to nothing.
    expect(rig.state.usage.cost_microusd).toBe(USAGE.cost_microusd * (RETRIES.agent_turn.attempts + 4));
    expect(rig.state.outcome).toBeNull();
  });

  it('ENF-1: an agent’s own error is one also while a breaker is open', () => {
    const rig = new Rig().toRoundOne();
    rig.failing(rig.turnOf('ALPHA'), { code: 'invalid_output', cause: 'agent' }, MODEL);
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 1, held: null });
    expect(liveAgent(rig.state, 'ALPHA')?.errors).toBe(1);
  });

  it('ENF-2: no stuck clock and no stall run for it, and the round’s limit stands still while nobody can work', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'));
    claim(rig, rig.turnOf('BETA'));
    for (const clock of ['stuck', 'stall', 'round_limit']) expect(kinds(rig)).not.toContain(clock);
    rig.pass(2 * DEFAULT_LIMITS.round_s * 1_000);
    expect(rig.types()).not.toContain('round_closed');
    const limit = () => timers(rig.state, {}).find((t) => t.kind === 'round_limit')?.at ?? 0;
    // Its claim may be a probe of a model that stays silent; the first sign of life is none.
    const alpha = rig.turnOf('ALPHA');
    const epoch = rig.claim(alpha);
    rig.pass(10_000);
    expect(limit()).toBe(0);
    rig.when({ kind: 'progress', step_id: alpha.step_id, epoch, note: '100 characters' });
    expect(limit()).toBe(rig.now + DEFAULT_LIMITS.round_s * 1_000);
  });

  it('ENF-2, PIPE-10: a pause meanwhile does not count twice', () => {
    const rig = new Rig().toRoundOne();
    rig.pass(60_000);
    claim(rig, rig.turnOf('ALPHA'));
    rig.pass(10_000);
    rig.when({ kind: 'pause', reason: 'look' });
    rig.pass(10_000);
    rig.when({ kind: 'resume', reason: 'on' });
    rig.pass(10_000);
    rig.speak('ALPHA', { proposal: proposal('a') });
    const limit = timers(rig.state, {}).find((t) => t.kind === 'round_limit')?.at ?? 0;
    expect(limit - rig.now).toBe(DEFAULT_LIMITS.round_s * 1_000 - 60_000);
    expect(rig.state.clock.stopped_ms).toBe(10_000);
  });

  it('CONS-4: a seat whose own model alone is away is silent at the round’s limit; the others go on', () => {
    const rig = new Rig().toRoundOne(ownModels());
    claim(rig, rig.turnOf('ALPHA'));
    expect(kinds(rig)).toContain('round_limit');
    rig.speak('BETA', { proposal: proposal('b') });
    rig.pass(DEFAULT_LIMITS.round_s * 1_000);
    expect(rig.last('round_closed')?.body.silent).toEqual(['ALPHA']);
    expect(rig.state.waiting_for).toBeNull();
  });

  it('ENF-1, REC-2: an outage longer than the deadline ends the run, and the reason names what was waited for', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'));
    claim(rig, rig.turnOf('BETA'));
    rig.pass(DEFAULT_LIMITS.deadline_s * 1_000 - (rig.now - Date.parse(rig.state.created_at)) - 1);
    expect(rig.state.recovery).toBeNull();
    rig.pass(1);
    expect(rig.state.recovery?.trigger).toBe('deadline');
    expect(rig.state.recovery?.detail).toContain('compatible/scripted');
    expect(rig.state.waiting_for).toBeNull();
    // REC-2: the supervisor waits for nobody: without a model the rules put it together.
    rig.bootstrap();
    claim(rig, rig.ready('synthesis')[0]!);
    expect(rig.state.synthesis?.agent_id).toBeNull();
    expect(rig.state.outcome).toMatchObject({ exit_code: 3, reason: 'deadline' });
    expect(rig.state.outcome?.detail).toContain('HTTP 503');
  });

  it('ENF-1: the planner waits too, instead of ending the run', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.login().bootstrap();
    for (let n = 0; n < 2; n++) rig.failing(wait(rig).turnOf('PLANNER'), DOWN);
    rig.failing(wait(rig).turnOf('PLANNER'), DOWN, MODEL);
    rig.pass(600_000);
    expect(rig.state.outcome).toBeNull();
    expect(rig.state.waiting_for).toBe('queue');
    rig.plan();
    expect(rig.state.state).toBe('ORCHESTRATING');
  });

  it('ENF-1: what is revoked, cancelled or paused meanwhile waits for it no longer', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'));
    rig.when({ kind: 'pause', reason: 'look' });
    expect(rig.state.waiting_for).toBe('resume');
    rig.when({ kind: 'resume', reason: 'on' });
    expect(rig.state.waiting_for).toBe('queue');
    rig.when({ kind: 'revoke', agent_id: liveAgent(rig.state, 'ALPHA')!.agent_id, reason: 'enough' });
    expect(rig.state.waiting_for).toBeNull();
    claim(rig, rig.turnOf('BETA'));
    rig.when({ kind: 'cancel', reason: 'seen enough' });
    expect(rig.state).toMatchObject({ waiting_for: null, outcome: { reason: 'cancelled' } });
  });

  it('OPS-1: a worker does not go on by itself with what needs it', () => {
    const permit = { ...PERMIT, troubled: ['model:compatible/scripted'] };
    const next = (given: typeof PERMIT) => {
      const rig = new Rig();
      rig.when(spawnCommand());
      rig.login();
      const [step] = rig.ready('agent_bootstrap');
      const epoch = rig.claim(step!);
      const token = { accessor: 'acc-1', policies: ['p'], expires_at: rig.expiry() };
      const result = { kind: 'agent_bootstrap' as const, ...token };
      const done = rig.when({
        kind: 'complete',
        step_id: step!.step_id,
        epoch,
        result,
        worker: 'w',
        permit: given,
        slice: { tokens: 1e9, cost_microusd: 1e9, used_up: false },
      });
      return done.ok ? done.value.claimed : 'refused';
    };
    expect(next(PERMIT)).toHaveLength(1);
    expect(next(permit)).toEqual([]);
  });
});

/** Moves the clock to the next try. */
function wait(rig: Rig): Rig {
  rig.now = Math.max(rig.now, ...rig.ready().map((s) => Date.parse(s.ready_at)));
  return rig;
}

describe('Vault’s breaker is open', () => {
  it('CRED-6, OPS-1: steps that need it wait for credentials without a try, and once on record', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA'), VAULT);
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 0, epoch: 0 });
    expect(toPipeline(rig.state)).toMatchObject({ waiting_for: 'credentials' });
    expect(toPipeline(rig.state).waiting_detail).toContain('Vault is not called');
    const { seq } = rig.state;
    rig.now += 30_000;
    claim(rig, rig.turnOf('ALPHA'), VAULT);
    expect(rig.state.seq).toBe(seq);
    rig.now += 30_000;
    rig.speak('ALPHA', { proposal: proposal('a') });
    expect(rig.last('credentials_restored')?.body.waited_ms).toBe(60_000);
    expect(rig.state.waiting_for).toBeNull();
  });

  it('PIPE-2, OPS-1: a spawn’s two minutes go on while it is open, and end the run', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const [login] = rig.ready('credentials_login');
    claim(rig, login!, VAULT);
    expect(rig.state.waiting_for).toBe('credentials');
    rig.now += CLOCKS.credentials_window - 1;
    claim(rig, login!, VAULT);
    expect(rig.state.outcome).toBeNull();
    rig.now += 1;
    claim(rig, login!, VAULT);
    expect(rig.state.outcome).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'credentials_unavailable',
    });
    expect(rig.state.outcome?.detail).toContain('Vault');
  });

  it('CONS-9, OPS-1: the failure context waits for the store without using up its tries', () => {
    const rig = failedConsensus();
    const [step] = rig.ready('store_context');
    const store = troubleWith('redis', ['redis'], { message: 'the store cannot be reached' }, 5_000);
    for (let n = 0; n < 2 * RETRIES.store_context.attempts; n++) {
      rig.now += 60_000;
      rig.failing(rig.ready('store_context')[0]!, { code: 'credentials_store_unavailable' }, store);
    }
    expect(rig.state.steps[step!.step_id]).toMatchObject({ failures: 0, held: { on: 'redis' } });
    expect(rig.state.waiting_for).toBe('fallback');
  });

  it('CRED-4, OPS-1: revocation waits for no breaker', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'cancel', reason: 'enough' });
    const [revoke] = rig.ready('revoke');
    expect(needsOf(rig.state, revoke!.work)).toEqual({ all: [], any: [] });
  });
});

/** ALPHA and BETA vote against each other until nothing is left to try. */
function failedConsensus(): Rig {
  const rig = new Rig().toRoundOne();
  for (let n = 0; n < 20 && !rig.state.failure; n++) {
    for (const seat of ['ALPHA', 'BETA', 'GAMMA'] as const) {
      rig.bootstrap();
      if (rig.ready('agent_turn').some((s) => rig.roleOf(s) === seat))
        rig.speak(seat, n === 0 && seat === 'ALPHA' ? { proposal: proposal('a') } : {});
    }
  }
  if (!rig.state.failure) throw new Error('consensus did not fail');
  return rig;
}

it('RUN-5, OPS-1: what a plan asked the embedded model to break opens no breaker', () => {
  const command = spawnCommand();
  if (command.kind !== 'spawn') throw new Error('no spawn');
  const plan = {
    ...command.plan,
    misbehave: [{ agent: 'ALPHA' as const, kind: 'error' as const, status: 503, times: 9 }],
  };
  const rig = new Rig().toRoundOne({ ...command, plan });
  expect(needsOf(rig.state, rig.turnOf('ALPHA').work)).toEqual({ all: ['vault'], any: [] });
  expect(needsOf(rig.state, rig.turnOf('BETA').work).any).toHaveLength(1);
});
