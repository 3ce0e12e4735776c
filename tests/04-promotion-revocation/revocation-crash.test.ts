import { describe, expect, it } from 'vitest';
import { replay } from '#domain/pipeline/evolve.ts';
import { handleStepBatch, type PipelinePort, type StepDeps } from '#workers/steps/index.ts';
import { message, StepWorld, samplePlan } from '../03-agent-execution/step-world.ts';
import { PIPELINE, TENANT } from '../support/pipeline.ts';

/** A worker that is killed at its n-th call to Vault or to its pipeline: the call may have been made, and nothing after it is. */
class Mortal {
  calls = 0;
  readonly #dies: { at: number; before: boolean };

  constructor(at: number, before: boolean) {
    this.#dies = { at, before };
  }

  get dead(): boolean {
    return this.calls >= this.#dies.at;
  }

  /** Wraps every function; once dead, calls never come back. */
  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const method = Reflect.get(object, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (this.dead) return gone();
          this.calls += 1;
          if (this.dead && this.#dies.before) return gone();
          const answer = await method.apply(object, args);
          return this.dead ? gone() : answer;
        };
      },
    });
  }
}

/** A killed process does not answer, and does not fail either. */
const gone = (): Promise<never> => new Promise(() => {});

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** One worker at a time, so that the number of a call means the same in every run. */
async function workUntilDead(world: StepWorld, mortal: Mortal, limit = 400): Promise<void> {
  const deps: StepDeps = {
    ...world.deps,
    credentials: mortal.of(world.desk),
    pipeline: () => mortal.of(world.port) as PipelinePort,
  };
  for (let n = 0; n < limit && !mortal.dead; n++) {
    const [step] = world.rig.ready();
    if (!step) return;
    world.rig.now = Math.max(world.rig.now, Date.parse(step.ready_at));
    const hint = message({ tenant: TENANT, pipeline_id: PIPELINE, step_id: step.step_id });
    const work = handleStepBatch({ queue: 'ags-steps-0', messages: [hint] }, deps);
    let done = false;
    void work.then(() => {
      done = true;
    });
    // The model is in this process, so a few turns of the event loop are all that a step takes.
    for (let turn = 0; turn < 500 && !done && !mortal.dead; turn++) await soon();
  }
}

/** What is left when the process is gone: the log, and whatever lives in Vault. Another process goes on from there. */
async function restartAndEnd(world: StepWorld): Promise<void> {
  world.rig.state = replay(JSON.parse(JSON.stringify(world.rig.log)));
  if (!world.rig.state.outcome) world.rig.when({ kind: 'cancel', reason: 'the end comes now' });
  for (let n = 0; n < 50 && !world.rig.state.sealed; n++) {
    // Claims of the dead run out.
    world.rig.pass(21_000);
    await world.deliver();
  }
}

const spawned = () => new StepWorld().spawn(samplePlan('clean-change'));

describe('no recorded token outlives its pipeline', () => {
  it('CRED-4, REC-6: whichever call to Vault or to the pipeline a worker dies at, before it is made or before it is answered', async () => {
    const whole = new Mortal(Number.POSITIVE_INFINITY, true);
    const world = spawned();
    await workUntilDead(world, whole);
    expect(world.rig.state.sealed).toBe(true);
    expect(whole.calls).toBeGreaterThan(25);
    for (let at = 1; at <= whole.calls; at++) {
      for (const before of [true, false]) {
        const killed = spawned();
        await workUntilDead(killed, new Mortal(at, before));
        await restartAndEnd(killed);
        const where = `killed at call ${at}, ${before ? 'before it was made' : 'before it was answered'}`;
        expect(killed.rig.state.sealed, where).toBe(true);
        const recorded = killed.rig.state.tokens;
        expect(
          recorded.filter((t) => killed.desk.alive.has(t.accessor)),
          where,
        ).toEqual([]);
        // The proof is in the log: each token once, by a lookup.
        const proofs = killed.rig.log.flatMap((e) => (e.type === 'token_confirmed_gone' ? [e.body] : []));
        expect(proofs.map((p) => p.accessor).sort(), where).toEqual(recorded.map((t) => t.accessor).sort());
        expect(new Set(proofs.map((p) => p.how)), where).toEqual(
          new Set(recorded.length > 0 ? ['lookup'] : []),
        );
      }
    }
  }, 120_000);

  it('CRED-1: a login that a crash kept off the record is the only thing that may be left, and it has its short lease', async () => {
    // Call 1 is the claim, call 2 the login: Vault has answered, and nobody heard it.
    const killed = spawned();
    await workUntilDead(killed, new Mortal(2, false));
    expect([...killed.desk.alive]).toEqual(['pipeline-1']);
    expect(killed.rig.state.tokens).toEqual([]);
    await restartAndEnd(killed);
    expect([...killed.desk.alive]).toEqual(['pipeline-1']);
    expect(killed.desk.leases.get('pipeline-1')).toBe(300);
  });

  it('CRED-4, REC-6: cancelled after any commit of a run, evicted there, everything recorded is proven gone', async () => {
    const whole = spawned();
    const commits = new Set([whole.rig.log.length]);
    const { when } = whole.rig;
    whole.rig.when = (...args) => {
      const done = when.apply(whole.rig, args);
      commits.add(whole.rig.log.length);
      return done;
    };
    await whole.run();
    expect(commits.size).toBeGreaterThan(20);
    for (const cut of commits) {
      const world = spawned();
      const log = whole.rig.log.slice(0, cut);
      world.rig.log = [...log];
      world.rig.head = { seq: log.at(-1)!.seq, hash: log.at(-1)!.hash };
      world.rig.now = Date.parse(log.at(-1)!.at);
      world.rig.state = replay(log);
      const { tokens } = world.rig.state;
      for (const { accessor, confirmed_at } of tokens) if (!confirmed_at) world.desk.alive.add(accessor);
      await restartAndEnd(world);
      expect(world.rig.state.sealed, `after event ${cut}`).toBe(true);
      expect([...world.desk.alive], `after event ${cut}`).toEqual([]);
    }
  }, 60_000);
});
