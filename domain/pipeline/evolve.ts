import { EVENT_VERSION } from './event.ts';
import { agentEvolvers } from './evolve/agents.ts';
import { blackboardEvolvers } from './evolve/blackboard.ts';
import { credentialEvolvers } from './evolve/credentials.ts';
import { folding } from './evolve/entries.ts';
import type { Evolvers, PlacedEvent } from './evolve/evolver.ts';
import { lifecycleEvolvers } from './evolve/lifecycle.ts';
import { recoveryEvolvers } from './evolve/recovery.ts';
import { stepEvolvers } from './evolve/steps.ts';
import { initialState, type PipelineState } from './state.ts';

export type { PipelineState } from './state.ts';
export { initialState } from './state.ts';

/** Version 1 of every event. A changed body adds a table under its own version; old ones stay (PIPE-7). */
const VERSIONS: Record<number, Evolvers> = {
  1: {
    ...lifecycleEvolvers,
    ...stepEvolvers,
    ...agentEvolvers,
    ...blackboardEvolvers,
    ...recoveryEvolvers,
    ...credentialEvolvers,
  },
};

/** The log holds something this code does not know; going on would be guessing. */
export class UnknownEventError extends Error {
  constructor(event: { seq: number; type: string; v: number }) {
    super(
      `event ${event.seq} is ${event.type} version ${event.v}, which this version of the system does not know`,
    );
    this.name = 'UnknownEventError';
  }
}

/** The state after one more event. Pure; throws {@link UnknownEventError} only. */
export function evolve(state: PipelineState, event: PlacedEvent): PipelineState {
  const apply = VERSIONS[event.v ?? EVENT_VERSION]?.[event.type] as
    | ((state: PipelineState, event: PlacedEvent) => PipelineState)
    | undefined;
  if (!apply) throw new UnknownEventError({ ...event, v: event.v ?? EVENT_VERSION });
  const next = apply(state, event);
  return { ...next, seq: event.seq, updated_at: event.at };
}

/** The state that a whole log, or its beginning, stands for (`?at=seq`). */
export const replay = (events: Iterable<PlacedEvent>, from: PipelineState = initialState): PipelineState =>
  folding(() => {
    let state = from;
    for (const event of events) state = evolve(state, event);
    return state;
  });
