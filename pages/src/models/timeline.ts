import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** How a state is made from events; the pure core's `evolve`. */
export interface Fold<S> {
  initial: S;
  evolve(state: S, event: PipelineEvent): S;
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
    for (const event of batch) {
      if (event.seq <= this.head) continue;
      if (event.seq > this.head + 1) return 'gap';
      this.#live = this.#fold.evolve(this.#live, event);
      this.events.push(event);
      if (event.seq % SNAPSHOT_EVERY === 0) this.#snapshots.push(this.#live);
    }
    return this.head > before ? 'added' : 'nothing_new';
  }

  /** The state after event `seq`; clamped to 0…head. */
  at(seq: number): S {
    const wanted = Math.max(0, Math.min(seq, this.head));
    if (wanted === this.head) return this.#live;
    const base = Math.floor(wanted / SNAPSHOT_EVERY) * SNAPSHOT_EVERY;
    const near = this.#cursor.seq <= wanted && this.#cursor.seq > base;
    let state = near ? this.#cursor.state : this.#snapshots[base / SNAPSHOT_EVERY]!;
    for (let i = near ? this.#cursor.seq : base; i < wanted; i++) {
      state = this.#fold.evolve(state, this.events[i]!);
    }
    this.#cursor = { seq: wanted, state };
    return state;
  }
}
