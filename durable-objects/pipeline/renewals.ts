import type { RenewalMessage } from '#contract/queue.ts';
import { renewalAt } from '#domain/pipeline/renewal.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';

export interface RenewalQueue {
  RENEWALS: Queue<RenewalMessage>;
}

/**
 * Asks for the renewal of this pipeline's tokens when its clock says so (CRED-1: the first, short lease; CRED-3: what the cron missed).
 * In memory only: a woken object asks once more, and a second renewal finds nothing due.
 */
export class RenewalRequests {
  readonly #env: RenewalQueue;
  #notBefore = 0;

  constructor(env: RenewalQueue) {
    this.#env = env;
  }

  /** Infinity for never. */
  nextDue(state: PipelineState): number {
    return Math.max(renewalAt(state), this.#notBefore);
  }

  async ask(state: PipelineState): Promise<void> {
    if (!state.spawned || this.nextDue(state) > Date.now()) return;
    this.#notBefore = Date.now() + CLOCKS.renew_again;
    const { tenant, pipeline_id } = state.spawned;
    await this.#env.RENEWALS.send({ tenant, pipeline_ids: [pipeline_id] });
  }
}
