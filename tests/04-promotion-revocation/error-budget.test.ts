import { describe, expect, it } from 'vitest';
import { type Bucket, restoredIn, windowView } from '#domain/governance/error-budget.ts';
import { stepTally } from '#domain/pipeline/step-tally.ts';
import { PERMIT, proposal, Rig, spawnCommand } from '../support/pipeline.ts';

/** Written out: a test that took its numbers from the rule would agree with any. */
const MINUTE = 60_000;
const NOW = 10_000 * MINUTE;
const bucket = (good: number, bad: number, minutesAgo = 0): Bucket => ({
  minute: 10_000 - minutesAgo,
  good,
  bad,
});
const fast = (buckets: Bucket[], target = 950, now = NOW) => windowView('fast', buckets, target, now);
const slow = (buckets: Bucket[], target = 950, now = NOW) => windowView('slow', buckets, target, now);

describe('burn rates', () => {
  it('ENF-5: at the limit of the fast window the budget holds; one error more and it is spent', () => {
    // 5 % may fail; ten times that is half of all steps.
    expect(fast([bucket(50, 50)])).toMatchObject({
      burn_hundredths: 1_000,
      limit_hundredths: 1_000,
      spent: false,
    });
    expect(fast([bucket(50, 51)]).spent).toBe(true);
  });

  it('ENF-5: the same of the slow window, with fewer errors', () => {
    expect(slow([bucket(80, 20, 30)])).toMatchObject({ burn_hundredths: 400, spent: false });
    expect(slow([bucket(80, 21, 30)]).spent).toBe(true);
    expect(fast([bucket(80, 21)]).spent).toBe(false);
  });

  it('ENF-5: the target is configurable, and moves the limit exactly', () => {
    expect(fast([bucket(90, 10)], 990).spent).toBe(false);
    expect(fast([bucket(90, 11)], 990).spent).toBe(true);
    expect(slow([bucket(960, 4)], 999)).toMatchObject({ spent: true });
    expect(slow([bucket(996, 4)], 999)).toMatchObject({ spent: false });
  });

  it('ENF-5: fewer steps than say anything spend nothing, one more does', () => {
    const min_steps = 20;
    expect(fast([bucket(0, min_steps - 1)]).spent).toBe(false);
    expect(fast([bucket(0, min_steps)]).spent).toBe(true);
  });

  it('ENF-5: windows slide by the minute: what is older counts no more', () => {
    const errors = [bucket(0, 100, 0)];
    for (const [view, window, minutes] of [
      [fast, 'fast', 5],
      [slow, 'slow', 60],
    ] as const) {
      expect(view(errors, 950, NOW + (minutes - 1) * MINUTE).spent).toBe(true);
      expect(view(errors, 950, NOW + minutes * MINUTE)).toMatchObject({ spent: false, bad: 0 });
      expect(restoredIn(window, errors, 950, NOW)).toBe(minutes * MINUTE);
    }
    expect(restoredIn('fast', [bucket(9, 1)], 950, NOW)).toBeNull();
  });
});

describe('what a run counts', () => {
  it('ENF-5: steps that ended well, and its agents’ own errors; a dependency’s are nobody’s', () => {
    const rig = new Rig().toRoundOne();
    const before = stepTally(rig.state);
    rig.failing(rig.turnOf('ALPHA'), { code: 'model_unavailable' });
    expect(stepTally(rig.state)).toEqual(before);
    rig.now += 10_000;
    rig.failing(rig.turnOf('ALPHA'), { code: 'invalid_output', cause: 'agent' });
    rig.now += 10_000;
    rig.speak('ALPHA', { proposal: proposal('a') });
    expect(stepTally(rig.state)).toEqual({ good: before.good + 1, bad: before.bad + 1 });
  });
});

describe('a spent budget', () => {
  const permit = {
    ...PERMIT,
    budget_spent: { since: '2026-11-22T12:00:00.000Z', detail: '60 errors of agents in 100 steps' },
  };
  const claim = (rig: Rig, step_id: string, given: typeof PERMIT) =>
    rig.when({ kind: 'claim', step_id, worker: 'w', permit: given });

  it('ENF-5: agents begin nothing, with the reason; what is under way ends well, and it goes on when it is restored', () => {
    const rig = new Rig().toRoundOne();
    const beta = rig.turnOf('BETA');
    const epoch = rig.claim(beta);
    claim(rig, rig.turnOf('ALPHA').step_id, permit);
    expect(rig.turnOf('ALPHA').held).toMatchObject({ on: 'error_budget' });
    expect(rig.state.waiting_for).toBe('queue');
    expect(rig.state.clock.stopped_since).not.toBeNull();
    const done = rig.when({
      kind: 'complete',
      step_id: beta.step_id,
      epoch,
      result: {
        kind: 'turn',
        output: { findings: [], proposal: proposal('b'), votes: [], messages: [] },
        usage: {
          tokens_in: 1,
          tokens_out: 1,
          tokens_cached: 0,
          cost_microusd: 1,
          provider: 'x',
          model: 'y',
          latency_ms: 1,
        },
      },
    });
    expect(done.ok).toBe(true);
    rig.now += 60_000;
    rig.speak('ALPHA', { proposal: proposal('a') });
    expect(rig.state.waiting_for).toBeNull();
    expect(rig.state.clock.stopped_ms).toBe(60_000);
  });

  it('ENF-5, PIPE-10: half an hour of it ends the tokens; a new login comes before the next try', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, rig.turnOf('ALPHA').step_id, permit);
    claim(rig, rig.turnOf('BETA').step_id, permit);
    rig.pass(30 * 60_000).revokeAll();
    expect(rig.state.suspended).toBe(true);
    expect(rig.ready('credentials_login')).toEqual([]);
    claim(rig, rig.turnOf('ALPHA').step_id, permit);
    expect(rig.state.suspended).toBe(true);
    claim(rig, rig.turnOf('ALPHA').step_id, PERMIT);
    expect(rig.state.waiting_for).toBeNull();
    rig.login().bootstrap();
    rig.speak('ALPHA', { proposal: proposal('a') }).speak('BETA', { proposal: proposal('b') });
    expect(rig.state.round?.round).toBe(2);
  });

  it('ENF-5, ENF-1: a DIAGNOSTIC, which finds out why, goes on', () => {
    const rig = new Rig();
    rig.when(spawnCommand({ mode: 'diagnostic', diagnoses: 'pl_x' }));
    rig.login().bootstrap();
    claim(rig, rig.turnOf('DIAGNOSTIC').step_id, permit);
    expect(rig.state.waiting_for).toBeNull();
    expect(Object.values(rig.state.steps).some((s) => s.status === 'claimed')).toBe(true);
  });
});
