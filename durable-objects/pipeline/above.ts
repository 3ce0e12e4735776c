import type { Permit } from '#domain/governance/permit.ts';
import type { TenantSlice } from '#domain/pipeline/command.ts';
import { needFor } from '#domain/pipeline/decide/reserve.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { controlStub, type ObjectNamespace } from '../shared/stubs.ts';
import { HeldPermit } from './permit.ts';
import { DrawnSlice } from './slice.ts';

/** What the tenant's control object grants this pipeline. Asked for before a transaction, never in one. */
export class GrantsFromAbove {
  readonly #env: { CONTROL: ObjectNamespace };
  readonly #state: () => PipelineState;
  readonly #permit = new HeldPermit();
  readonly #slice = new DrawnSlice();

  constructor(env: { CONTROL: ObjectNamespace }, state: () => PipelineState) {
    this.#env = env;
    this.#state = state;
  }

  /** ENF-6: null when there is none to be had, which means no. */
  async permit(): Promise<Permit | null> {
    const { spawned } = this.#state();
    if (!spawned) return null;
    return this.#permit.current(() => controlStub(this.#env.CONTROL, spawned.tenant), spawned.project_id);
  }

  /** Something above has changed: the permit that is held is asked for anew. */
  recall(): void {
    this.#permit.drop();
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
