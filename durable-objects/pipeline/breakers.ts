import type { Permit } from '#domain/governance/permit.ts';
import { isShared, type Needs, needsOf, type Trouble, troubleWith } from '#domain/pipeline/dependencies.ts';
import type { StepWork } from '#domain/pipeline/event/steps.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { answerWithin } from '../shared/patience.ts';
import type { ControlRpc, Observation, Tried } from '../tenant/rpc.ts';

/** A control object that says nothing for this long is not waited for: the call is made (ms). */
const PATIENCE_MS = 2_000;
/** A held step asks again within this time (ms), whatever the breaker says: somebody else's probe may have closed it. */
const AGAIN_MS = 10_000;

type Control = Pick<ControlRpc, 'tryDependency' | 'observeDependencies' | 'releaseDependencies'>;

/** What asking brought: `trouble` when the step cannot be begun, else the models that are not to be called and the names that it tries. */
export interface Way {
  trouble: Trouble | null;
  avoid: string[];
  trying: string[];
}
const CLEAR: Way = { trouble: null, avoid: [], trying: [] };

/**
 * OPS-1: a pipeline's side of the breakers. Its permit says which ones are not closed, almost always none, so that a step costs no call of
 * its own; only what needs one of those asks before it is begun. In memory: what an evicted object has forgotten of a probe, its
 * breaker takes for lost.
 */
export class StepBreakers {
  readonly #control: () => Control;
  readonly #trying = new Map<string, string[]>();

  constructor(control: () => Control) {
    this.#control = control;
  }

  async wayFor(
    state: PipelineState,
    step_id: string,
    work: StepWork,
    permit: Permit | null,
    /** In [0, 1): those that wait for the same do not come back together. */
    random: number,
  ): Promise<Way> {
    const troubled = new Set(permit?.troubled ?? []);
    if (troubled.size === 0) return CLEAR;
    const { all, any } = needsOf(state, work);
    const names = [...all, ...any.map(({ name }) => name)].filter((name) => troubled.has(name));
    if (names.length === 0) return CLEAR;
    const by = `${state.spawned?.pipeline_id}:${step_id}`;
    const tried = new Map<string, Tried>();
    // Vault and store first: whoever cannot reach them makes no probe of a model.
    for (const name of names) {
      const answer = await this.#tryOne(name, by);
      tried.set(name, answer);
      if (isShared(name) && answer.kind === 'wait') break;
    }
    const way = judge({ all, any }, tried, random);
    const trying = [...tried].flatMap(([name, { kind }]) => (kind === 'go' ? [name] : []));
    if (way.trouble) await this.#release(trying, by);
    else if (trying.length > 0) this.#trying.set(step_id, trying);
    return way.trouble ? way : { ...way, trying };
  }

  /**
   * What a step's calls showed, before its end is decided: a failure that opens a breaker, or that was its probe, counts as no try. Answers
   * the trouble that the step is in now; null for none.
   */
  async failed(
    state: PipelineState,
    step_id: string,
    work: StepWork,
    seen: Observation[],
  ): Promise<Trouble | null> {
    const by = `${state.spawned?.pipeline_id}:${step_id}`;
    const open = new Set(await this.#report(step_id, by, seen));
    const { all, any } = needsOf(state, work);
    const shared = all.find((name) => open.has(name));
    const errorOf = (name: string) => seen.findLast((s) => s.name === name)?.error ?? null;
    if (shared) return troubleWith(shared, [shared], errorOf(shared), 0);
    const models = any.map(({ name }) => name);
    const last = models.at(-1);
    return last !== undefined && models.every((name) => open.has(name))
      ? troubleWith('model', models, errorOf(last), 0)
      : null;
  }

  /** The step ended well: nobody waits for the answer. */
  async ended(state: PipelineState, step_id: string, seen: Observation[]): Promise<void> {
    if (seen.length === 0 && !this.#trying.has(step_id)) return;
    await this.#report(step_id, `${state.spawned?.pipeline_id}:${step_id}`, seen);
  }

  async #report(step_id: string, by: string, seen: Observation[]): Promise<string[]> {
    const left = (this.#trying.get(step_id) ?? []).filter((name) => !seen.some((s) => s.name === name));
    this.#trying.delete(step_id);
    try {
      if (left.length > 0) await this.#release(left, by);
      if (seen.length === 0) return [];
      return (await answerWithin(this.#control().observeDependencies(seen), PATIENCE_MS)) ?? [];
    } catch {
      // Nobody could be told: the next failure is.
      return [];
    }
  }

  async #tryOne(name: string, by: string): Promise<Tried> {
    const go: Tried = { kind: 'go', probe: false, last_error: null };
    try {
      return (await answerWithin(this.#control().tryDependency(name, by), PATIENCE_MS)) ?? go;
    } catch {
      return go;
    }
  }

  async #release(names: string[], by: string): Promise<void> {
    if (names.length === 0) return;
    await answerWithin(this.#control().releaseDependencies(names, by), PATIENCE_MS).catch(() => null);
  }
}

/** Pure: whether the step can be begun, and with which of its models. */
function judge({ all, any }: Needs, tried: ReadonlyMap<string, Tried>, random: number): Way {
  const waiting = (name: string) => {
    const found = tried.get(name);
    return found?.kind === 'wait' ? found : null;
  };
  const again = (ms: number): number => Math.min(AGAIN_MS, ms) * (1 + random / 4);
  for (const name of all) {
    const wait = waiting(name);
    if (wait)
      return { ...CLEAR, trouble: troubleWith(name, [name], wait.last_error, again(wait.retry_in_ms)) };
  }
  const away = any.flatMap(({ name, model }) => {
    const wait = waiting(name);
    return wait ? [{ name, model, wait }] : [];
  });
  const [soonest] = [...away].sort((a, b) => a.wait.retry_in_ms - b.wait.retry_in_ms);
  if (soonest && away.length === any.length) {
    const names = any.map(({ name }) => name);
    const wait = again(soonest.wait.retry_in_ms);
    return { ...CLEAR, trouble: troubleWith('model', names, soonest.wait.last_error, wait) };
  }
  return { ...CLEAR, avoid: away.map(({ model }) => model) };
}
