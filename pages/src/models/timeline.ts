import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** How a state is made from events; the pure core's `replay`. */
export interface Fold<S> {
  initial: S;
  replay(events: readonly PipelineEvent[], from: S): S;
}

/** A snapshot every so many events: a jump folds at most this many, which is below one frame. */
export const SNAPSHOT_EVERY = 500;

export type Appended = 'added' | 'nothing_new' | 'gap';

/**
 * All events of one pipeline and the state after each of them (UI-4's time travel). Events come in order with repeats
 * after a reconnect (API-3); a gap means that the stream must be read again from `head`.
 */
export class Timeline<S> {
  readonly events: PipelineEvent[] = [];
  readonly #fold: Fold<S>;
  /** `#snapshots[i]` is the state after event `i * SNAPSHOT_EVERY`. */
  readonly #snapshots: S[];
  #live: S;
  /** The last state asked for, so that stepping by one event folds one event. */
  #cursor: { seq: number; state: S };

  constructor(fold: Fold<S>) {
    this.#fold = fold;
    this.#snapshots = [fold.initial];
    this.#live = fold.initial;
    this.#cursor = { seq: 0, state: fold.initial };
  }

  /** Sequence number of the newest event; 0 before the first. */
  get head(): number {
    return this.events.length;
  }

  append(batch: readonly PipelineEvent[]): Appended {
    const before = this.head;
    let fresh: PipelineEvent[] = [];
    let gap = false;
    for (const event of batch) {
      const next = this.head + fresh.length + 1;
      if (event.seq < next) continue;
      gap = event.seq > next;
      if (gap) break;
      fresh.push(event);
      if (event.seq % SNAPSHOT_EVERY !== 0) continue;
      this.#add(fresh);
      this.#snapshots.push(this.#live);
      fresh = [];
    }
    this.#add(fresh);
    if (gap) return 'gap';
    return this.head > before ? 'added' : 'nothing_new';
  }

  /** One fold for all of them; when one cannot be folded, those before it stay. */
  #add(fresh: readonly PipelineEvent[]): void {
    try {
      this.#live = this.#fold.replay(fresh, this.#live);
      this.events.push(...fresh);
    } catch {
      for (const event of fresh) {
        this.#live = this.#fold.replay([event], this.#live);
        this.events.push(event);
      }
    }
  }

  /** The state after event `seq`; clamped to 0…head. */
  at(seq: number): S {
    const wanted = Math.max(0, Math.min(seq, this.head));
    if (wanted === this.head) return this.#live;
    const base = Math.floor(wanted / SNAPSHOT_EVERY) * SNAPSHOT_EVERY;
    const near = this.#cursor.seq <= wanted && this.#cursor.seq > base;
    const from = near ? this.#cursor.state : this.#snapshots[base / SNAPSHOT_EVERY]!;
    const state = this.#fold.replay(this.events.slice(near ? this.#cursor.seq : base, wanted), from);
    this.#cursor = { seq: wanted, state };
    return state;
  }
}
