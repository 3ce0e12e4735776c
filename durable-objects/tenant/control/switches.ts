import type { StepTally } from '#domain/governance/error-budget.ts';
import type { Kill } from '#domain/governance/permit.ts';
import { isShared } from '#domain/pipeline/dependencies.ts';
import { err, ok } from '#domain/result.ts';
import * as breakers from '../breakers.ts';
import * as errorBudget from '../error-budget.ts';
import * as kills from '../kills.ts';
import * as people from '../people.ts';
import { grant, NO_GRANT } from '../permit.ts';
import { push } from '../push.ts';
import { recordChange } from '../store.ts';
import type { ControlClass } from './base.ts';

/** The answer to a switch waits for its pipelines this long (ms). */
const PUSH_WITHIN_MS = 3_000;

/** What stops work or makes it wait: permits, kill switches, the error budget, breakers (ENF-5, ENF-6, OPS-1). */
export const WithSwitches = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async permit(project_id: string, tally?: StepTally & { pipeline_id: string }) {
      const system = await this.system.current();
      return this.within.store(
        (s) => {
          if (tally) errorBudget.tellSteps(s, tally.pipeline_id, tally);
          return grant(s, project_id, system);
        },
        () => NO_GRANT,
      );
    }
    async errorBudget() {
      return this.within.result((s) => ok(errorBudget.errorBudget(s)));
    }
    async liftErrorBudget(actor: string, reason: string) {
      return this.within.result((s) => ok(errorBudget.liftErrorBudget(s, actor, reason)));
    }
    async throwSwitch(actor: string, a: { scope: 'project' | 'tenant'; id: string; reason: string }) {
      const thrown = this.within.result((s) => {
        const known = a.scope === 'tenant' ? a.id === s.tenant : people.hasProject(s, a.id);
        if (!known) return err({ code: 'not_found', what: `${a.scope} ${a.id}` });
        const done = kills.throwSwitch(s, actor, a);
        if (done.thrown) recordChange(s, actor, 'kill_switch_thrown', done.kill);
        return ok(done.kill);
      });
      return thrown.ok ? ok(await this.#push(thrown.value)) : thrown;
    }
    async noteSwitch(kill: Kill, project_id: string) {
      this.within.require((s) => {
        if (kills.noteSwitch(s, kill, project_id)) recordChange(s, kill.by, 'kill_switch_thrown', kill);
      });
    }
    async liftSwitch(actor: string, kill_id: string, reason: string) {
      return this.within.result((s) => {
        const done = kills.liftSwitch(s, actor, kill_id, reason);
        if (!done.ok) return done;
        if (done.value.lifted) recordChange(s, actor, 'kill_switch_lifted', { kill_id, reason });
        return ok(done.value.record);
      });
    }
    async listSwitches() {
      return this.within.store(kills.listSwitches, () => []);
    }
    async systemSwitched(killed: Kill | null) {
      this.system.pushed(killed);
      return killed ? this.#push(killed) : { in_flight: [], unacknowledged: [] };
    }
    async #push(kill: Kill) {
      const tenant = this.within.tenant ?? '';
      const targets = this.within
        .store(
          (s) => kills.reach(s, kill),
          () => [],
        )
        .map((name) => ({
          name,
          stop: async () => ({
            ...(await this.ports.pipeline(tenant, name).kill(tenant, kill)),
            unacknowledged: [],
          }),
        }));
      return push(kill, targets, PUSH_WITHIN_MS);
    }
    async observeDependencies(seen: breakers.Observation[]) {
      const shared = seen.filter(({ name }) => isShared(name));
      const own = this.within.store(
        (s) =>
          breakers.observe(
            s,
            seen.filter(({ name }) => !isShared(name)),
          ),
        () => [],
      );
      if (shared.length === 0) return own;
      const above = await this.ports.directory().observeShared(shared);
      this.system.learned(
        shared.map(({ name }) => name),
        above,
      );
      return [...own, ...above];
    }
    async tryDependency(name: string, by: string) {
      if (isShared(name)) return this.ports.directory().tryShared(name, by);
      return this.within.require((s) => breakers.tryBreaker(s, name, by));
    }
    async releaseDependencies(names: string[], by: string) {
      this.within.store(
        (s) => breakers.release(s, names, by),
        () => undefined,
      );
      const shared = names.filter(isShared);
      if (shared.length > 0) await this.ports.directory().releaseShared(shared, by);
    }
    async breakers() {
      const shared = await this.ports.directory().sharedBreakers();
      return [...shared, ...this.within.store(breakers.listBreakers, () => [])];
    }
  };
