import type { TenantSlice } from '#domain/pipeline/command.ts';
import type { Reservation } from '#domain/pipeline/event/steps.ts';
import { answerWithin } from '../shared/patience.ts';
import type { ControlRpc, Slice } from '../tenant/rpc.ts';

/** A tenant's control object that says nothing for this long counts as unreachable (ms). */
const PATIENCE_MS = 2_000;
/** Steps claimed side by side may each have to draw; more often than this in one claim is left to the next try. */
const DRAWS = 3;

const covers = (slice: TenantSlice | null, need: Reservation): boolean =>
  slice !== null && slice.tokens >= need.tokens && slice.cost_microusd >= need.cost_microusd;

/**
 * PIPE-11: what the pipeline has drawn of its tenant's month. Asked for when a step needs more than that, so most steps ask nobody. In
 * memory only: the control object has it written down, and tells an object that woke up again.
 */
export class DrawnSlice {
  #drawn: TenantSlice | null = null;

  /** What the admission drew, so that a short run never asks. */
  begin(slice: Slice): void {
    this.#drawn ??= { ...slice, used_up: false };
  }

  /** What was drawn; nothing before the first time. A step that does not fit into it is left to a claim that may ask. */
  get held(): TenantSlice {
    return this.#drawn ?? { tokens: 0, cost_microusd: 0, used_up: false };
  }

  /**
   * Draws until `need`, looked at anew each time, is covered or the month is used up. Null: nobody could be asked. There is no waiting
   * between the last look and the answer.
   */
  async cover(
    control: () => Pick<ControlRpc, 'draw'>,
    pipeline_id: string,
    need: () => Reservation | null,
  ): Promise<TenantSlice | null> {
    for (let draws = 0; ; draws++) {
      const wanted = need();
      if (wanted === null || covers(this.#drawn, wanted)) return { ...this.held, used_up: false };
      if (draws > 0 && this.#drawn?.used_up) return this.#drawn;
      if (draws === DRAWS) return this.held;
      try {
        const drawn = await answerWithin(control().draw(pipeline_id, wanted), PATIENCE_MS);
        if (!drawn) return null;
        this.#drawn = drawn;
      } catch {
        return null;
      }
    }
  }
}
