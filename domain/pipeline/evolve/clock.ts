import { type ActionState, type PipelineState, pendingApproval } from '../state.ts';
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

/** REC-6: nothing of ours hangs on what an outside agent left untold (GOV-7). */
const isWaitedFor = ({ unknown, outcome, request }: ActionState): boolean =>
  unknown !== null && !outcome && request.outside?.enforcement !== 'cooperative';

/** What the pipeline waits for, pauses aside: a person before all else; null when it can go on by itself. */
export function personWaitedFor(state: PipelineState): WaitingFor | null {
  // What has ended, or is being ended by the supervisor, waits for nobody.
  if (state.outcome || state.recovery) return null;
  if (pendingApproval(state) || Object.values(state.actions).some(isWaitedFor)) return 'approval';
  if (state.failure && !state.partial) return 'fallback';
  if (state.state === 'REPORT' && !state.continued) return 'continue';
  // CRED-6: nobody can do anything about it here, and no deadline runs meanwhile.
  if (state.credentials.wait) return 'credentials';
  return null;
}

/** CRED-6: Vault and store answer, or nothing waits for them any more. */
export function endCredentialsWait(state: PipelineState, at: string): PipelineState {
  if (!state.credentials.wait) return state;
  const answered: PipelineState = { ...state, credentials: { ...state.credentials, wait: null } };
  const waiting_for = waitsFor(answered);
  const waits: PipelineState = { ...answered, waiting_for };
  return waiting_for === null ? startClock(waits, at) : waits;
}
