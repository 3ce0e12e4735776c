import type { Leases } from './command.ts';
import type { StepKind } from './event/steps.ts';
import { CLOCKS } from './rules.ts';
import { isHeldUp, isOpen, liveToken, maySpend, type PipelineState, type StepState } from './state.ts';

/** Something that becomes due at a time (ms since the epoch). All of them derive from the state; none is stored. */
export type Timer =
  | { kind: 'step_ready'; step_id: string; at: number }
  | { kind: 'lease'; step_id: string; at: number }
  | { kind: 'stuck'; step_id: string; at: number }
  | { kind: 'round_limit'; at: number }
  | { kind: 'stall'; at: number }
  | { kind: 'deadline'; at: number }
  | { kind: 'undecided'; at: number }
  | { kind: 'recovery_limit'; at: number }
  | { kind: 'idle_tokens'; at: number }
  | { kind: 'approval_expiry'; approval_id: string; at: number }
  | { kind: 'token_expiry'; at: number }
  | { kind: 'lease_end'; at: number }
  | { kind: 'agent_lease_end'; agent_id: string; at: number }
  | { kind: 'credentials_limit'; at: number }
  | { kind: 'outcome_due'; action_id: string; at: number };

const ms = (time: string): number => Date.parse(time);

/** When a claimed step was last heard of: its claim, or a heartbeat since. */
const heardAt = (step: StepState, leases: Leases): number =>
  Math.max(ms(step.claimed_at ?? step.ready_at), leases[step.step_id]?.heard_at ?? 0);

/** Last sign of life of any seat in the open round: events, or deltas that only heartbeats carried (AGENT-4). */
function lastProgress(state: PipelineState, leases: Leases): number {
  const streamed = Object.keys(state.steps).map((id) => leases[id]?.progress_at ?? 0);
  return Math.max(ms(state.last_progress_at), ...streamed);
}

/** ENF-2: what an agent of ours does, each with the time (ms) that it has before the first sign of progress. */
const WATCHED: Partial<Record<StepKind, number>> = {
  agent_bootstrap: CLOCKS.stuck,
  agent_turn: CLOCKS.first_progress,
  action: CLOCKS.stuck,
};

/** ENF-2: heartbeats go on, but nothing comes of it. Whoever else is waited for, a step that is claimed is being worked on. */
function stuckSteps(state: PipelineState, leases: Leases): Timer[] {
  return Object.values(state.steps).flatMap((step): Timer[] => {
    const first = step.status === 'claimed' ? WATCHED[step.work.kind] : undefined;
    if (first === undefined) return [];
    const claimed = ms(step.claimed_at ?? step.ready_at);
    const progress = leases[step.step_id]?.progress_at ?? 0;
    const at = progress > claimed ? progress + CLOCKS.stuck : claimed + first;
    return [{ kind: 'stuck', step_id: step.step_id, at }];
  });
}

/** Rule 13: the clock of a stalled round runs only while a seat's step is claimed; null when none is. */
function atWorkSince(state: PipelineState): number | null {
  const claims = Object.values(state.steps)
    .filter((s) => s.status === 'claimed' && (s.work.kind === 'agent_turn' || s.work.kind === 'action'))
    .map((s) => ms(s.claimed_at ?? s.ready_at));
  return claims.length > 0 ? Math.min(...claims) : null;
}

/** CRED-6: a live token's lease is unexpired; what could not be renewed in time is over, whatever Vault would say. */
function leasesEnd(state: PipelineState): Timer[] {
  if (state.gate_closed) return [];
  const own = liveToken(state, null);
  const agents = Object.values(state.agents).flatMap(({ agent_id, accessor, status }): Timer[] => {
    const token = status === 'live' ? state.tokens.find((t) => t.accessor === accessor) : undefined;
    return token ? [{ kind: 'agent_lease_end', agent_id, at: ms(token.expires_at) }] : [];
  });
  return own ? [{ kind: 'lease_end', at: ms(own.expires_at) }, ...agents] : agents;
}

/** CRED-6: how long Vault is waited for; a spawn has a window of its own (PIPE-2), and a pause stops this one. */
function credentialsLimit(state: PipelineState): Timer[] {
  const { hold_since, wait } = state.credentials;
  if (state.state === 'SPAWN' || isHeldUp(state)) return [];
  if (hold_since !== null)
    return [{ kind: 'credentials_limit', at: ms(hold_since) + CLOCKS.credentials_hold }];
  return wait ? [{ kind: 'credentials_limit', at: ms(wait.since) + CLOCKS.credentials_wait }] : [];
}

/** GOV-7: an outside agent acts whether or not a person is waited for, so this clock never stands still. */
const outcomesDue = (state: PipelineState): Timer[] =>
  Object.values(state.actions)
    .filter(isOpen)
    .map(({ action_id, decided_at, request }) => ({
      kind: 'outcome_due',
      action_id,
      at: ms(decided_at ?? request.at) + CLOCKS.outcome_report,
    }));

export function timers(state: PipelineState, leases: Leases): Timer[] {
  const due: Timer[] = [];
  for (const step of Object.values(state.steps)) {
    due.push(
      step.status === 'ready'
        ? { kind: 'step_ready', step_id: step.step_id, at: ms(step.ready_at) }
        : { kind: 'lease', step_id: step.step_id, at: heardAt(step, leases) + CLOCKS.lease },
    );
  }
  for (const token of state.tokens) {
    if (token.confirmed_at === null && (state.gate_closed || token.superseded))
      due.push({ kind: 'token_expiry', at: ms(token.expires_at) });
  }
  if (!state.spawned || state.outcome) return due;
  if (state.spawned.mode === 'external') due.push(...outcomesDue(state));
  if (state.recovery) {
    due.push({ kind: 'recovery_limit', at: ms(state.recovery.until) });
    return due;
  }
  due.push(...leasesEnd(state), ...credentialsLimit(state));
  for (const { approval_id, expires_at } of state.approvals.filter((a) => maySpend(state, a)))
    due.push({ kind: 'approval_expiry', approval_id, at: ms(expires_at) });
  if (state.failure) {
    due.push({ kind: 'undecided', at: ms(state.failure.at) + CLOCKS.undecided });
    return due;
  }
  due.push(...stuckSteps(state, leases));
  const { stopped_since, stopped_ms } = state.clock;
  if (stopped_since !== null) {
    // A person who is waited for stops the clocks of the run; those of steps at work and of tokens go on (PIPE-10, ENF-2).
    const holdsTokens = state.tokens.some((t) => t.confirmed_at === null);
    if (!state.suspended && holdsTokens && state.waiting_for !== 'credentials')
      due.push({ kind: 'idle_tokens', at: ms(stopped_since) + CLOCKS.idle_tokens });
    return due;
  }
  const deadline_ms = state.spawned.limits.deadline_s * 1_000;
  due.push({ kind: 'deadline', at: ms(state.created_at) + deadline_ms + stopped_ms });
  if (state.round && !state.round.closed && state.round.out_since === null) {
    due.push({ kind: 'round_limit', at: ms(state.round.started_at) + state.spawned.limits.round_s * 1_000 });
    const since = atWorkSince(state);
    if (!state.mediation && since !== null) {
      due.push({ kind: 'stall', at: Math.max(since, lastProgress(state, leases)) + CLOCKS.mediation_stall });
    }
  }
  return due;
}
