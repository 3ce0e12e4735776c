import type { Leases } from '#domain/pipeline/command.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';

/** When each claimed step was last heard of. In memory only: heartbeats would cost a row each (PERF-3). */
export class HeardSteps {
  readonly #wokeAt = Date.now();
  readonly #heard = new Map<string, { heard_at: number; progress_at: number; noted_at: number }>();

  /** True when the progress is due to go to the log. */
  hear(step_id: string, progressed: boolean): boolean {
    const now = Date.now();
    const before = this.#heard.get(step_id) ?? { heard_at: 0, progress_at: 0, noted_at: now };
    const note = progressed && now - before.noted_at >= CLOCKS.progress_every;
    this.#heard.set(step_id, {
      heard_at: now,
      progress_at: progressed ? now : before.progress_at,
      noted_at: note ? now : before.noted_at,
    });
    return note;
  }

  /** Steps that were claimed before this object woke up get a grace to be heard again, instead of being lost at once. */
  view(claimed: string[]): Leases {
    const grace = this.#wokeAt + CLOCKS.lease_grace - CLOCKS.lease;
    for (const id of this.#heard.keys()) if (!claimed.includes(id)) this.#heard.delete(id);
    return Object.fromEntries(
      claimed.map((id) => {
        const heard = this.#heard.get(id);
        return [
          id,
          {
            heard_at: Math.max(heard?.heard_at ?? 0, grace),
            progress_at: Math.max(heard?.progress_at ?? 0, this.#wokeAt),
          },
        ];
      }),
    );
  }
}
