import { describe, expect, it } from 'vitest';
import {
  type AgentIdentity,
  type IdentityRun,
  identityIdOf,
  progressOf,
  type Standing,
  tierChange,
} from '#domain/governance/promotion.ts';
import { identityRuns } from '#domain/pipeline/identity-runs.ts';
import { parsePlan } from '#domain/plan/index.ts';
import { identitiesOf } from '#workers/steps/index.ts';
import { ALLOW, Rig, silentTurn, spawnCommand } from '../support/pipeline.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-22T12:00:00.000Z');

let made = 0;
/** A compliant run, `days` ago, of a plan of its own. */
const run = (days: number, more: Partial<IdentityRun> = {}): IdentityRun => {
  made += 1;
  return {
    pipeline_id: `pl_${String(made).padStart(5, '0')}`,
    plan_sha256: `plan-${made}`,
    ended_at: NOW - days * DAY,
    real_model: true,
    admitted_actions: 1,
    violations: 0,
    high_violations: 0,
    worst: null,
    ...more,
  };
};
const violating = (worst: IdentityRun['worst']): Partial<IdentityRun> => ({
  violations: 1,
  high_violations: worst === 'high' ? 1 : 0,
  worst,
});
const runs = (n: number, from = 40): IdentityRun[] => Array.from({ length: n }, (_, i) => run(from - i));
const at = (tier: Standing['tier'], more: Partial<Standing> = {}): Standing => ({
  tier,
  suspended: false,
  since: NOW - 100 * DAY,
  ...more,
});

describe('T0 to T1', () => {
  it('PROM-1: five compliant runs promote, four do not; the runs that justify it are named', () => {
    const four = runs(4);
    expect(tierChange(at(0), four, NOW)).toBeNull();
    const five = [...four, run(1)];
    expect(tierChange(at(0), five, NOW)).toMatchObject({
      rule: 'earned',
      to: 1,
      runs: five.map((r) => r.pipeline_id),
    });
  });

  it('PROM-1: the last three must be in a row', () => {
    const broken = [...runs(5), run(3, { admitted_actions: 0 }), run(2), run(1)];
    expect(progressOf(at(0), broken, NOW)).toMatchObject({ compliant: 7, in_a_row: 2, met: false });
    expect(tierChange(at(0), [...broken, run(0)], NOW)).toMatchObject({ to: 1 });
  });

  it.each([
    ['no admitted action', { admitted_actions: 0 }, 0],
    ['a MEDIUM violation', violating('medium'), 0],
    ['a HIGH violation', violating('high'), 0],
    ['a LOW violation', violating('low'), 1],
    ['the embedded model', { real_model: false }, 0],
  ] as const)('PROM-1: a run with %s', (_what, more, counted) => {
    expect(progressOf(at(0), [run(1, more)], NOW).compliant).toBe(counted);
  });

  it('PROM-1: the same plan counts once; running it again breaks nothing', () => {
    const same = Array.from({ length: 9 }, (_, i) => run(20 - i, { plan_sha256: 'same' }));
    expect(progressOf(at(0), same, NOW)).toMatchObject({ compliant: 1, in_a_row: 1, met: false });
    const others = [...runs(2, 8), run(5, { plan_sha256: 'same' }), ...runs(2, 4)];
    expect(tierChange(at(0), [...same, ...others], NOW)).toMatchObject({ to: 1 });
  });

  it('PROM-1: the embedded model neither earns nor loses', () => {
    const embedded = runs(20).map((r) => ({ ...r, real_model: false }));
    expect(tierChange(at(0), embedded, NOW)).toBeNull();
    const critical = run(1, { real_model: false, ...violating('critical') });
    expect(tierChange(at(1), [critical], NOW)).toBeNull();
  });
});

describe('T1 to T2', () => {
  it('PROM-1: ten runs, five in a row, 30 days clean: met, and still a person’s to give', () => {
    const ten = runs(10);
    expect(progressOf(at(1), ten, NOW)).toMatchObject({ to: 2, met: true, person_needed: true });
    expect(tierChange(at(1), ten, NOW)).toBeNull();
    expect(progressOf(at(1), ten.slice(1), NOW).met).toBe(false);
  });

  it('PROM-1: five in a row are enough, four are not, however many there are in all', () => {
    const broken = (after: number) => [...runs(10, 60), run(45, { admitted_actions: 0 }), ...runs(after, 44)];
    expect(progressOf(at(1), broken(4), NOW)).toMatchObject({ compliant: 14, in_a_row: 4, met: false });
    expect(progressOf(at(1), broken(5), NOW)).toMatchObject({ compliant: 15, in_a_row: 5, met: true });
  });

  it('PROM-1: a violation 29 days ago is too young, even a LOW one; 30 days ago it is not', () => {
    const low = (days: number) => [run(days, violating('low')), ...runs(10, 20)];
    expect(progressOf(at(1), low(29), NOW)).toMatchObject({ clean_days: 29, met: false });
    expect(progressOf(at(1), low(30), NOW)).toMatchObject({ clean_days: 30, met: true });
  });

  it('PROM-1: what was earned before the last change of tier does not count again', () => {
    const ten = runs(10);
    expect(progressOf(at(1, { since: NOW - 35 * DAY }), ten, NOW).compliant).toBe(5);
    expect(progressOf(at(1, { since: NOW - 10 * DAY }), runs(10, 9), NOW)).toMatchObject({
      clean_days: 10,
      met: false,
    });
  });

  it('PROM-1: the clean days begin with the tier, however long ago the last violation was', () => {
    const old = [run(60, violating('low')), ...runs(10, 9)];
    expect(progressOf(at(1, { since: NOW - 10 * DAY }), old, NOW)).toMatchObject({
      clean_days: 10,
      met: false,
    });
  });

  it('PROM-1: a bad run of a plan that counted before breaks the row', () => {
    const same = [...runs(4, 20), run(10, { plan_sha256: 'same' })];
    expect(progressOf(at(0), same, NOW)).toMatchObject({ in_a_row: 5, met: true });
    const broken = [...same, run(5, { plan_sha256: 'same', admitted_actions: 0 })];
    expect(progressOf(at(0), broken, NOW)).toMatchObject({ compliant: 5, in_a_row: 0, met: false });
  });

  it('PROM-1: nobody rises above T2, and nobody while suspended', () => {
    expect(progressOf(at(2), runs(30), NOW)).toMatchObject({ to: null, met: false });
    expect(tierChange(at(0, { suspended: true }), runs(10), NOW)).toBeNull();
  });
});

describe('demotion', () => {
  it('PROM-2: one CRITICAL violation: T0 and suspended, once, with the run', () => {
    const critical = run(1, violating('critical'));
    const all = [...runs(3), critical];
    expect(tierChange(at(2), all, NOW)).toMatchObject({
      rule: 'critical_violation',
      to: 0,
      suspended: true,
      runs: [critical.pipeline_id],
    });
    expect(tierChange(at(0, { suspended: true }), all, NOW)).toBeNull();
    // A person has granted a tier since.
    expect(tierChange(at(1, { since: NOW }), all, NOW)).toBeNull();
  });

  it('PROM-2: what a run did that ended with the change of tier counts, a moment earlier it does not', () => {
    const since = NOW - DAY;
    const critical = (ended_at: number) => [run(0, { ...violating('critical'), ended_at })];
    expect(tierChange(at(1, { since }), critical(since), NOW)).toMatchObject({ to: 0 });
    expect(tierChange(at(1, { since }), critical(since - 1), NOW)).toBeNull();
  });

  it('PROM-2: three HIGH violations in 7 days take one tier away; two, or an older third, do not', () => {
    const high = (...days: number[]) => days.map((d) => run(d, violating('high')));
    expect(tierChange(at(2), high(6, 3, 1), NOW)).toMatchObject({
      rule: 'high_violations',
      to: 1,
      suspended: false,
    });
    expect(tierChange(at(2), high(3, 1), NOW)).toBeNull();
    expect(tierChange(at(2), high(7, 3, 1), NOW)).toBeNull();
    expect(
      tierChange(at(1), [run(1, { violations: 3, high_violations: 3, worst: 'high' })], NOW),
    ).toMatchObject({ to: 0 });
    expect(tierChange(at(0), high(3, 2, 1), NOW)).toBeNull();
  });
});

describe('identities', () => {
  const planWith = (model: string) => {
    const parsed = parsePlan(
      `name: a\nversion: 1.0.0\ntier: 1\nobjective: x\nagents: { model: { model: ${model} } }\n`,
      {},
      {
        inputs: {},
        defaults: {
          model: { provider: 'compatible', model: 'm', fallbacks: [], max_tokens: 100 },
          providers: ['compatible'],
          prices: {},
        },
      },
    );
    if (!parsed.ok) throw new Error('the plan does not parse');
    return parsed.value.plan;
  };

  it('PROM-1: another model, prompt, tool list, version or tenant is another identity; the same is the same', () => {
    const [planner, alpha] = identitiesOf(planWith('a/b')) as [AgentIdentity, AgentIdentity];
    expect(identitiesOf(planWith('a/b'))[0]).toEqual(planner);
    const id = (change: Partial<AgentIdentity>) => identityIdOf('acme', { ...planner, ...change });
    const others = [
      identityIdOf('acme', alpha),
      identityIdOf('other', planner),
      identityIdOf('acme', identitiesOf(planWith('c/d'))[0]!),
      id({ prompt_sha256: 'x' }),
      id({ tools_sha256: 'x' }),
      id({ version: '2' }),
      id({ template: 'mine' }),
    ];
    expect(new Set([id({}), ...others]).size).toBe(others.length + 1);
    // What people read of the model does not decide.
    expect(id({ model: 'a nicer name' })).toBe(id({}));
  });

  it('PROM-1: an ended run tells of each identity that spoke: its actions and its violations, nobody else’s', () => {
    const spawn = spawnCommand();
    if (spawn.kind !== 'spawn') throw new Error('not a spawn');
    const identities = { PLANNER: 'aid_p', ALPHA: 'aid_a', BETA: 'aid_b', GAMMA: 'aid_g' };
    const rig = new Rig().toRoundOne({ ...spawn, identities });
    expect(identityRuns(rig.state)).toEqual([]);
    const ask = (tool: string, decision: typeof ALLOW) => {
      rig.call('ALPHA', tool);
      const [step] = rig.ready('action');
      const epoch = rig.claim(step!);
      rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version: rig.state.facts_seq, decision });
      return { step: step!, epoch };
    };
    const { step, epoch } = ask('document_read', ALLOW);
    rig.when({
      kind: 'complete',
      step_id: step.step_id,
      epoch,
      result: {
        kind: 'action',
        status: 'succeeded',
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: [],
      },
    });
    ask('http_get', { ...ALLOW, decision: 'deny', violation: { rule: 'egress', severity: 'medium' } });
    rig.speak('ALPHA', silentTurn);
    rig.when({ kind: 'cancel', reason: 'enough' });
    const told = Object.fromEntries(identityRuns(rig.state).map((r) => [r.identity_id, r]));
    // BETA and GAMMA never spoke.
    expect(Object.keys(told).sort()).toEqual(['aid_a', 'aid_p']);
    expect(told.aid_a).toMatchObject({
      admitted_actions: 1,
      violations: 1,
      worst: 'medium',
      real_model: true,
    });
    expect(told.aid_p).toMatchObject({ admitted_actions: 0, violations: 0, worst: null });
    expect(new Rig().toRoundOne().state.spawned?.identities).toBeUndefined();
  });
});
