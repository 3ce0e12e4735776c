import { type PipelineState, pendingApproval } from '../state.ts';
import type { WaitingFor } from '../states.ts';

/** PIPE-10: deadlines stop while a person is waited for. Stopping a stopped clock changes nothing. */
export const stopClock = (state: PipelineState, at: string): PipelineState =>
  state.clock.stopped_since === null ? { ...state, clock: { ...state.clock, stopped_since: at } } : state;

/** The time that stood still is added to the deadline, and to the limit of the round that was open. */
export function startClock(state: PipelineState, at: string): PipelineState {
  const { stopped_ms, stopped_since } = state.clock;
  if (stopped_since === null) return state;
  const pause = Date.parse(at) - Date.parse(stopped_since);
  return {
    ...state,
    last_progress_at: at,
    clock: { stopped_ms: stopped_ms + pause, stopped_since: null },
    round: state.round
      ? { ...state.round, started_at: new Date(Date.parse(state.round.started_at) + pause).toISOString() }
      : null,
  };
}

/** After something was decided or begun: whoever is waited for now; a pause comes before all others (PIPE-10). */
export const waitsFor = (state: PipelineState): WaitingFor | null =>
  state.pause === 'paused' ? 'resume' : personWaitedFor(state);

/** Which person the pipeline waits for, pauses aside; null when it can go on by itself. */
export function personWaitedFor(state: PipelineState): WaitingFor | null {
  // What has ended, or is being ended by the supervisor, waits for nobody.
  if (state.outcome || state.recovery) return null;
  if (pendingApproval(state) || Object.values(state.actions).some((a) => a.unknown && !a.outcome))
    return 'approval';
  if (state.failure && !state.partial) return 'fallback';
  if (state.state === 'REPORT' && !state.continued) return 'continue';
  return null;
}
