import type { EventBodies, EventType } from '../event.ts';
import type { Entry, PipelineState } from '../state.ts';

/** An event with its place in the log; hashes do not matter to the state. */
export type PlacedEvent<T extends EventType = EventType> = {
  [K in T]: { seq: number; type: K; v?: number; at: string; actor: string; body: EventBodies[K] };
}[T];

export type Evolver<T extends EventType> = (state: PipelineState, event: PlacedEvent<T>) => PipelineState;

/** One handler per event type; together the folders' tables are complete (checked by the type of VERSIONS). */
export type Evolvers = { [T in EventType]: Evolver<T> };

export const entry = <T extends EventType>(event: {
  seq: number;
  at: string;
  body: EventBodies[T];
}): Entry<T> => ({ ...event.body, seq: event.seq, at: event.at }) as Entry<T>;
