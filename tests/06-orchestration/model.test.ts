import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Explorer, forkOf, type Spawn, spawnOf, successorOf } from '../support/model-check.ts';
import { headStart, runToTheEnd, WORLDS } from '../support/model-check-endings.ts';
import { Watch } from '../support/model-check-invariants.ts';
import { type Scenario, scenario } from '../support/model-check-moves.ts';
import { proposal, Rig, vote } from '../support/pipeline.ts';

/** `AGS_SEED=… AGS_PATH=… AGS_RUNS=… AGS_MOVES=…` repeats a failure, or looks for longer (docs/testing.md). */
const SEED = process.env.AGS_SEED === undefined ? undefined : Number(process.env.AGS_SEED);
const RUNS = Number(process.env.AGS_RUNS ?? 40);
/** Ten times what the runs usually take, so that a slow machine does not cut them short. */
const TIME_MS = 10_000 + RUNS * 300;
const LONGEST = Number(process.env.AGS_MOVES ?? 120);

function explore(property: (scenario: Scenario) => void): void {
  const checked = fc.check(fc.property(scenario(LONGEST), property), {
    numRuns: RUNS,
    seed: SEED,
    path: process.env.AGS_PATH,
    // Shrinking stops here; what was found by then is reported.
    interruptAfterTimeLimit: TIME_MS,
    markInterruptAsFailure: false,
  });
  if (!checked.failed) return;
  const { seed, counterexamplePath, counterexample, errorInstance } = checked;
  throw new Error(
    `${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}
repeat it: AGS_SEED=${seed} AGS_PATH=${counterexamplePath} AGS_RUNS=${RUNS} AGS_MOVES=${LONGEST}
${JSON.stringify(counterexample?.[0])}`,
    { cause: errorInstance },
  );
}

describe('the pure core under random histories', { timeout: TIME_MS + 10_000 }, () => {
  for (const world of WORLDS) {
    it(`REL-1, PIPE-1, PIPE-7, PIPE-8, CONS-2, PIPE-11, CRED-4: no rule breaks, and it ends when ${world.name}`, () => {
      explore(({ setting, moves }) => {
        const explorer = headStart(new Explorer(spawnOf(setting)), setting.start);
        for (const move of moves) explorer.make(move);
        runToTheEnd(explorer, world);
      });
    });
  }

  it('REC-3, REL-1: a lineage has at most three attempts, one successor each, and ends', () => {
    explore(({ setting, moves }) => {
      let next: Spawn | null = spawnOf({ ...setting, earlier: 0 });
      const ids: string[] = [];
      for (let attempt = 1; next; attempt++) {
        expect(attempt).toBeLessThanOrEqual(3);
        ids.push(next.pipeline_id);
        const explorer: Explorer = headStart(new Explorer(next), setting.start);
        for (const move of moves) explorer.make(move);
        explorer.send({ kind: 'abort', reason: 'enough' }, 'person:ada');
        runToTheEnd(explorer, WORLDS[0]!);
        next = successorOf(explorer);
        expect(next !== null).toBe(explorer.state.outcome?.exit_code === 3);
      }
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  it('PIPE-7, REL-1: a fork from any event begins without authority or unfinished work, and ends', () => {
    explore(({ setting, moves, fork }) => {
      const source = headStart(new Explorer(spawnOf(setting)), setting.start);
      for (const move of moves) source.make(move);
      const spawn = forkOf(source, fork);
      if (!spawn) return;
      const forked = new Explorer(spawn);
      expect(forked.state.tokens).toEqual([]);
      expect(forked.state.actions).toEqual({});
      expect(forked.state.approvals).toEqual([]);
      expect(Object.values(forked.state.steps).map((s) => s.work.kind)).toEqual(['credentials_login']);
      for (const move of moves) forked.make(move);
      runToTheEnd(forked, WORLDS[0]!);
    });
  });

  it('REL-1: the watch itself notices a gap, another state, a second end, a vote on what could not be seen', () => {
    const fresh = () => new Rig().toRoundOne();
    const seen = (rig: Rig): Watch => {
      const watch = new Watch();
      watch.saw(rig.log, rig.state);
      return watch;
    };
    const rig = fresh();
    expect(() => new Watch().saw(rig.log.slice(1), rig.state)).toThrow('LEDG-2');
    expect(() => new Watch().saw(rig.log, { ...rig.state, tier: 2 })).toThrow('PIPE-7');

    const twice = fresh();
    twice.when({ kind: 'cancel', reason: 'x' });
    const watch = seen(twice);
    const end = twice.last('pipeline_ended')!;
    expect(() => watch.saw([{ ...end, seq: twice.state.seq + 1 }], twice.state)).toThrow('PIPE-1: one end');

    const blind = fresh();
    blind.speak('ALPHA', { proposal: proposal('unseen') });
    const before = seen(blind);
    const { proposal_id } = blind.proposalOf('ALPHA');
    const { at, actor, v, salt, prev_hash, hash } = blind.log.at(-1)!;
    const body = {
      seat: 'BETA' as const,
      agent_id: 'ag_x',
      round: 1,
      ...vote(proposal_id, 1, 'approve'),
      citations: [],
    };
    const cast = {
      seq: blind.state.seq + 1,
      type: 'vote_cast' as const,
      at,
      actor,
      v,
      salt,
      prev_hash,
      hash,
    };
    expect(() => before.saw([{ ...cast, body }], blind.state)).toThrow('CONS-2');
  });
});
