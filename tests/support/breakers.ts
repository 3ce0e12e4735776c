import {
  attempt,
  type Breaker,
  CLOSED,
  noteFailure,
  noteSuccess,
  releaseProbe,
} from '#domain/governance/breaker.ts';
import type { ControlRpc, Tried } from '#objects/tenant/rpc.ts';

/** A control object's breakers without its storage: the same rules, over a clock that the test moves. */
export class MemoryBreakers
  implements Pick<ControlRpc, 'observeDependencies' | 'tryDependency' | 'releaseDependencies'>
{
  readonly breakers = new Map<string, Breaker>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  of = (name: string): Breaker => this.breakers.get(name) ?? CLOSED;

  get troubled(): string[] {
    return [...this.breakers].flatMap(([name, { state }]) => (state === 'closed' ? [] : [name]));
  }

  observeDependencies: ControlRpc['observeDependencies'] = async (seen) => {
    for (const { name, error, ok } of seen)
      this.breakers.set(
        name,
        error ? noteFailure(this.of(name), this.#now(), error, { ok }) : noteSuccess(this.of(name)),
      );
    return this.troubled.filter((name) => seen.some((s) => s.name === name));
  };
  tryDependency: ControlRpc['tryDependency'] = async (name, by): Promise<Tried> => {
    const { breaker, answer } = attempt(this.of(name), this.#now(), by);
    this.breakers.set(name, breaker);
    return { ...answer, last_error: breaker.last_error };
  };
  releaseDependencies: ControlRpc['releaseDependencies'] = async (names, by) => {
    for (const name of names) this.breakers.set(name, releaseProbe(this.of(name), by));
  };
}
