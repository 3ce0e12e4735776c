import { isOurs } from '../../agents/roles.ts';
import { modelsOf } from '../dependencies.ts';
import {
  type ActionState,
  type PipelineState,
  pendingApproval,
  type RoundState,
  type StepState,
} from '../state.ts';
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
    round: state.round && stoodStill(state.round, stopped_since, at),
  };
}

/** The round's limit moves by the time from `since` to `at`; what it was out of work before that counts too, and once. */
function stoodStill(round: RoundState, since: string, at: string): RoundState {
  const from = Math.min(Date.parse(since), Date.parse(round.out_since ?? since));
  const started_at = new Date(Date.parse(round.started_at) + Date.parse(at) - from).toISOString();
  return { ...round, started_at, out_since: round.out_since && at };
}

/** What the run itself waits for; what belongs to its end holds nobody up. */
const heldSteps = (state: PipelineState): NonNullable<StepState['held']>[] =>
  Object.values(state.steps).flatMap(({ held, work, status }) =>
    held && status === 'ready' && ('agent_id' in work || work.kind === 'credentials_login') ? [held] : [],
  );

/** ENF-2: no seat of the round can work, as far as is known: the models of every one of them are those that a seat already waits for. */
function isOut(state: PipelineState): boolean {
  const { round, spawned, agents, steps } = state;
  if (!round || round.closed || !spawned) return false;
  const works = Object.values(steps).some(
    ({ status, work, held }) => status === 'claimed' && work.kind === 'agent_turn' && !held,
  );
  if (works) return false;
  const waiting = Object.values(steps).flatMap(({ held, work }) => {
    const role = held?.on === 'model' && 'agent_id' in work ? agents[work.agent_id]?.role : undefined;
    return role && isOurs(role) ? modelsOf(spawned.models[role]).map(({ name }) => name) : [];
  });
  return round.electorate.every((seat) =>
    modelsOf(spawned.models[seat]).every(({ name }) => waiting.includes(name)),
  );
}

/** The round's limit stands still while nobody in it can work (ENF-2); a seat whose own model alone is away is silent at the limit (CONS-4). */
function roundClock(state: PipelineState, at: string): PipelineState {
  const { round } = state;
  const out = isOut(state);
  if (!round || out === (round.out_since !== null)) return state;
  if (out) return { ...state, round: { ...round, out_since: at } };
  // While every clock is stopped, the rest is added when it starts again.
  const since = round.out_since ?? at;
  const until = state.clock.stopped_since ?? at;
  const moved = until > since ? stoodStill(round, since, until) : round;
  return { ...state, round: { ...moved, out_since: null } };
}

/**
 * Whether every clock stands still: somebody is waited for who can do something about it, or Vault (CRED-6). While a model is away the
 * deadline goes on, so that an outage longer than that ends the run with its reason.
 */
const standsStill = (state: PipelineState): boolean =>
  state.waiting_for !== null &&
  (state.waiting_for !== 'queue' || heldSteps(state).some(({ on }) => on !== 'model'));

/** Most runs never wait for a dependency: what they do need not look whether that changes anything. */
export const settleIfHeld = (before: PipelineState, after: PipelineState, at: string): PipelineState =>
  before.round?.out_since || Object.values(before.steps).some(({ held }) => held) ? settle(after, at) : after;

/** After anything that could change who or what is waited for. */
export function settle(state: PipelineState, at: string): PipelineState {
  const waits: PipelineState = { ...state, waiting_for: waitsFor(state) };
  return roundClock(standsStill(waits) ? stopClock(waits, at) : startClock(waits, at), at);
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
  return heldSteps(state).length > 0 ? 'queue' : null;
}

/** CRED-6: Vault and store answer, or nothing waits for them any more. */
export function endCredentialsWait(state: PipelineState, at: string): PipelineState {
  if (!state.credentials.wait) return state;
  return settle({ ...state, credentials: { ...state.credentials, wait: null } }, at);
}
