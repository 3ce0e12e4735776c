import type { Permit } from '#domain/governance/permit.ts';
import type { TenantSlice } from '#domain/pipeline/command.ts';
import { needFor } from '#domain/pipeline/decide/reserve.ts';
import type { Trouble } from '#domain/pipeline/dependencies.ts';
import type { StepWork } from '#domain/pipeline/event/steps.ts';
import type { PipelineState, StepState } from '#domain/pipeline/state.ts';
import { stepTally } from '#domain/pipeline/step-tally.ts';
import { controlStub, type ObjectNamespace } from '../shared/stubs.ts';
import type { Observation } from '../tenant/breakers.ts';
import type { Slice } from '../tenant/rpc.ts';
import { StepBreakers, type Way } from './breakers.ts';
import { HeldPermit } from './permit.ts';
import { DrawnSlice } from './slice.ts';

/** What the tenant's control object grants this pipeline. Asked for before a transaction, never in one. */
export class GrantsFromAbove {
  readonly #env: { CONTROL: ObjectNamespace };
  readonly #state: () => PipelineState;
  readonly #permit = new HeldPermit();
  readonly #slice = new DrawnSlice();
  readonly #breakers: StepBreakers;

  constructor(env: { CONTROL: ObjectNamespace }, state: () => PipelineState) {
    this.#env = env;
    this.#state = state;
    this.#breakers = new StepBreakers(() => controlStub(env.CONTROL, state().spawned?.tenant ?? ''));
  }

  /** ENF-6: null when there is none to be had, which means no. */
  async permit(): Promise<Permit | null> {
    const { spawned } = this.#state();
    if (!spawned) return null;
    return this.#permit.current(
      () => controlStub(this.#env.CONTROL, spawned.tenant),
      spawned.project_id,
      // ENF-5: told with what is asked for anyway.
      () => ({ pipeline_id: spawned.pipeline_id, ...stepTally(this.#state()) }),
    );
  }

  /** OPS-1: whether what the step needs is to be had. Without a permit nothing is known, and what needs none goes on. */
  async wayFor(step: StepState, permit: Permit | null): Promise<Way> {
    const known = step.work.kind === 'store_context' ? await this.permit() : permit;
    return this.#breakers.wayFor(this.#state(), step.step_id, step.work, known, Math.random());
  }

  /** What a step's failing calls showed; the trouble that it is in, if they opened a breaker. */
  async failed(step_id: string, work: StepWork, seen: Observation[]): Promise<Trouble | null> {
    const trouble = await this.#breakers.failed(this.#state(), step_id, work, seen);
    // What the permit says of breakers is older than what was just reported.
    if (trouble) this.recall();
    return trouble;
  }

  ended(step_id: string, seen: Observation[]): Promise<void> {
    return this.#breakers.ended(this.#state(), step_id, seen);
  }

  /** Something above has changed: the permit that is held is asked for anew. */
  recall(): void {
    this.#permit.drop();
  }

  begin(slice: Slice): void {
    this.#slice.begin(slice);
  }

  get slice(): TenantSlice {
    return this.#slice.held;
  }

  /** PIPE-11: of the tenant's month as much as this step's calls could use; null when nobody could be asked. */
  async sliceFor(step_id: string): Promise<TenantSlice | null> {
    const { spawned } = this.#state();
    if (!spawned) return null;
    return this.#slice.cover(
      () => controlStub(this.#env.CONTROL, spawned.tenant),
      spawned.pipeline_id,
      () => {
        const step = this.#state().steps[step_id];
        return step ? needFor(this.#state(), step.work) : null;
      },
    );
  }
}
