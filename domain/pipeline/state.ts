import type { PlannerReport } from '../agents/output.ts';
import type { AgentPhase, AgentRole, Seat } from '../agents/roles.ts';
import type { Kill } from '../governance/permit.ts';
import type { Tier } from '../governance/tier.ts';
import type { DeclaredTool, GateDecision } from './event/actions.ts';
import type { MediationTrigger } from './event/blackboard.ts';
import type { Outcome } from './event/lifecycle.ts';
import type { HeldOn, Reservation, StepWork } from './event/steps.ts';
import type { EventBodies, EventType } from './event.ts';
import type { PipelineStateName, WaitingFor } from './states.ts';

/** Something on the log, with its place and time. */
export type Entry<T extends EventType> = EventBodies[T] & { seq: number; at: string };

export interface AgentState {
  agent_id: string;
  /** REC-1: agents of an earlier generation take no part any more. */
  generation: number;
  role: AgentRole;
  tier: Tier;
  reason: string;
  phase: AgentPhase;
  /** What it does now, for people. */
  doing: string | null;
  accessor: string | null;
  spawned_at: string;
  last_progress_at: string | null;
  tokens: number;
  cost_microusd: number;
  errors: number;
  /** ENF-5: by code. */
  error_codes: Readonly<Record<string, number>>;
  /** ENF-4: when it made its latest calls (ms), as many as are looked at. */
  calls: readonly number[];
  /** ENF-4: when it was first refused for calling too often (ms). */
  throttled_at: number | null;
  /** The model that answered last; null until one did. */
  answered_by: { provider: string; model: string } | null;
  status: 'live' | 'revoked' | 'replaced';
  /** CONS-4: the votes of an agent revoked for a violation are void. */
  votes_void: boolean;
  replaced_by: string | null;
  /** CONS-4: the round in which its votes still stand. */
  replaced_round: number | null;
  /** Actions asked for in the current turn, by leg. */
  legs: string[][];
  /** GOV-7: of an outside agent; null for ours. */
  session: {
    name: string;
    framework: string;
    hash: string;
    expires_at: string;
    /** GOV-1: its own tools as its registration declared them. */
    tools: readonly DeclaredTool[];
  } | null;
}

/** A step that is not finished. */
export interface StepState {
  step_id: string;
  work: StepWork;
  status: 'ready' | 'claimed';
  /** Claims so far; a completion must name the current one (PIPE-8). */
  epoch: number;
  /** Failed executions so far. */
  failures: number;
  /** CRED-6: how often it had to wait for Vault or the store; none of them a failure. */
  deferrals: number;
  /** Workers lost since it was scheduled. */
  losses: number;
  /** Not before this time. */
  ready_at: string;
  claimed_at: string | null;
  /** CRED-3: the accessor that its worker was sent out with: the agent's, or for a new child the login's. */
  claimed_with: string | null;
  /** PIPE-11: what the call under way may use at most. */
  reserved: Reservation | null;
  /**
   * ENF-1, PIPE-11: since when it waits, and for what; null while it does not. A claimed step keeps it until something comes of it: the call
   * may be a probe of a model that is still away.
   */
  held: { on: HeldOn; since: string; code: string; message: string } | null;
}

export interface TokenState {
  accessor: string;
  agent_id: string | null;
  policies: string[];
  issued_at: string;
  /** When its lease began: issued, or renewed last. */
  renewed_at: string;
  expires_at: string;
  /** CRED-3: a newer login has taken over; it is revoked when nothing in flight uses it. */
  superseded: boolean;
  confirmed_at: string | null;
  how: 'lookup' | 'expired' | null;
}

export interface RoundState {
  round: number;
  electorate: Seat[];
  snapshot_seq: number;
  started_at: string;
  /** Seats whose turn is over, and those of them that had nothing to say in time (they abstain, CONS-4). */
  spoken: Seat[];
  silent: Seat[];
  closed: boolean;
  /** ENF-2: since when no seat could work, because no model was to be had; null while one can. */
  out_since: string | null;
}

export interface ActionState {
  action_id: string;
  request: Entry<'action_requested'>;
  decision: GateDecision | null;
  /** When the gate said so; null while it has not. */
  decided_at: string | null;
  /** REC-6: set while nobody knows what became of it; `step_id` is the step that was lost. */
  unknown: { why: string; step_id: string } | null;
  /** The step that was lost, kept after somebody found out what became of it; null: none was. */
  lost_step_id: string | null;
  outcome: Entry<'action_finished'> | null;
}

export type KillState = Kill & {
  seq: number;
  stopped_at: string;
  lifted_at: string | null;
  lifted_by: string | null;
  lift_reason: string | null;
};

export type Approval = (Entry<'approval_requested'> | Entry<'action_approval_requested'>) & {
  status: 'pending' | 'approve' | 'deny' | 'expired';
  decided_by: string | null;
  decision_reason: string | null;
};

/** What an earlier generation left on the blackboard (REC-1). */
export interface Generation {
  generation: number;
  tier: Tier;
  findings: Entry<'finding_written'>[];
  proposals: Entry<'proposal_written'>[];
  votes: Entry<'vote_cast'>[];
  messages: Entry<'message_sent'>[];
  failure: Entry<'consensus_failed'> | null;
}

/** The whole of a pipeline, derived from its events (PIPE-7). Treat it as immutable. */
export interface PipelineState {
  seq: number;
  spawned: EventBodies['pipeline_spawned'] | null;
  created_at: string;
  created_by: string;
  updated_at: string;
  state: PipelineStateName;
  waiting_for: WaitingFor | null;
  continued: boolean;
  generation: number;
  /** REC-1: may have been escalated since the spawn. */
  tier: Tier;
  pause: 'none' | 'requested' | 'paused';
  /** Tokens were revoked because the pipeline waited long; a login comes before anything else. */
  suspended: boolean;
  /** PIPE-10: the deadline's clock stands still while a person is waited for. */
  clock: { stopped_ms: number; stopped_since: string | null };
  outcome: (Outcome & { detail: string | null; at: string }) | null;
  sealed: boolean;
  /** Position of the last event that could change what the gate says (GOV-2). */
  facts_seq: number;
  gate_closed: boolean;

  tokens: TokenState[];
  renewals: number;
  credential_error: string | null;
  credentials: {
    /** CRED-6: since when steps wait for Vault or the store, and what it said last. */
    wait: { since: string; code: string; message: string } | null;
    /** CRED-6: since when nobody can work because there is no login; Vault has an hour to come back. */
    hold_since: string | null;
    /** CRED-3: since when renewals fail. */
    renewal_failing: { since: string; code: string; message: string } | null;
  };
  agents: Record<string, AgentState>;
  steps: Record<string, StepState>;
  counts: {
    steps: number;
    agents: number;
    findings: number;
    proposals: number;
    actions: number;
    violations: number;
    log: number;
    approvals: number;
    /** GOV-7: outside agents' own acts that were let through and told of, however they ended. */
    outside_acts: number;
  };
  usage: { tokens_in: number; tokens_out: number; cost_microusd: number; steps: number; actions: number };

  report: PlannerReport | null;
  round: RoundState | null;
  findings: Entry<'finding_written'>[];
  /** Every revision, oldest first. */
  proposals: Entry<'proposal_written'>[];
  votes: Entry<'vote_cast'>[];
  messages: Entry<'message_sent'>[];
  /** Rounds in a row without progress (CONS-7). */
  idle_rounds: number;
  last_progress_at: string;
  mediation: { trigger: MediationTrigger; detail: string; round: number } | null;
  verdict: Entry<'consensus_reached'> | null;
  failure: Entry<'consensus_failed'> | null;
  failure_context: Entry<'failure_context_stored'> | null;
  fallbacks: (Entry<'fallback_chosen'> & { by: string })[];
  approvals: Approval[];
  partial: Entry<'partial_accepted'> | null;
  history: Generation[];
  recovery: Entry<'recovery_started'> | null;
  synthesis: Entry<'synthesis_written'> | null;
  handoff: Entry<'handoff_sealed'> | null;
  inherited: Entry<'handoff_loaded'> | null;
  forked: Entry<'pipeline_forked'> | null;

  actions: Record<string, ActionState>;
  /** GOV-3: what admitted actions have left behind, sorted. */
  labels: string[];
  violations: Entry<'violation_recorded'>[];
  /** ENF-1: when its agents made their latest errors (ms), as many as are looked at. */
  agent_errors: readonly number[];
  /** ENF-1: the DIAGNOSTIC that reads this run. */
  diagnostic_id: string | null;
  /** ENF-1: what a DIAGNOSTIC filed. */
  bugs: Entry<'bug_filed'>[];
  /** ENF-6: the switches that reached this pipeline. `seq` and `stopped_at`: when they did. */
  kills: KillState[];
  log: Entry<'log_written'>[];
  progress: { seq: number; at: string; agent_id: string | null; note: string }[];
}

export const initialState: PipelineState = {
  seq: 0,
  spawned: null,
  created_at: '',
  created_by: '',
  updated_at: '',
  state: 'SPAWN',
  waiting_for: null,
  continued: false,
  generation: 1,
  tier: 0,
  pause: 'none',
  suspended: false,
  clock: { stopped_ms: 0, stopped_since: null },
  outcome: null,
  sealed: false,
  facts_seq: 0,
  gate_closed: true,
  tokens: [],
  renewals: 0,
  credential_error: null,
  credentials: { wait: null, hold_since: null, renewal_failing: null },
  agents: {},
  steps: {},
  counts: {
    steps: 0,
    agents: 0,
    findings: 0,
    proposals: 0,
    actions: 0,
    violations: 0,
    log: 0,
    approvals: 0,
    outside_acts: 0,
  },
  usage: { tokens_in: 0, tokens_out: 0, cost_microusd: 0, steps: 0, actions: 0 },
  report: null,
  round: null,
  findings: [],
  proposals: [],
  votes: [],
  messages: [],
  idle_rounds: 0,
  last_progress_at: '',
  mediation: null,
  verdict: null,
  failure: null,
  failure_context: null,
  fallbacks: [],
  approvals: [],
  partial: null,
  history: [],
  recovery: null,
  synthesis: null,
  handoff: null,
  inherited: null,
  forked: null,
  actions: {},
  labels: [],
  violations: [],
  agent_errors: [],
  diagnostic_id: null,
  bugs: [],
  kills: [],
  log: [],
  progress: [],
};

/** The live agent in a role; a replaced or revoked one does not count. */
export const liveAgent = (state: PipelineState, role: AgentRole): AgentState | null =>
  Object.values(state.agents).find(
    (agent) => agent.role === role && agent.status === 'live' && agent.generation === state.generation,
  ) ?? null;

/** CRED-6: what counts as a live token is decided by the record, not by asking Vault. A repeated login leaves the newest. */
export const liveToken = (state: PipelineState, agentId: string | null): TokenState | null =>
  state.tokens.findLast((token) => token.agent_id === agentId && token.confirmed_at === null) ?? null;

/** The token that a step works with: the agent's own, or the login under which a child is issued. */
export const accessorFor = (state: PipelineState, { work }: StepState): string | null => {
  if (!('agent_id' in work)) return null;
  return work.kind === 'agent_bootstrap'
    ? (liveToken(state, null)?.accessor ?? null)
    : (state.agents[work.agent_id]?.accessor ?? null);
};

/** CRED-6: on record, unrevoked, and its lease not over at this time (RFC 3339), and the same of the login that it hangs on. */
export function holdsLiveToken(state: PipelineState, agent_id: string, at: string): boolean {
  const accessor = state.agents[agent_id]?.accessor;
  const own = state.tokens.find((t) => t.accessor === accessor);
  const login = liveToken(state, null);
  return [own, login].every((t) => t && t.confirmed_at === null && t.expires_at > at);
}

/** A scheduled step is revoking it (CRED-4). */
export const isCondemned = (state: PipelineState, accessor: string): boolean =>
  Object.values(state.steps).some(
    ({ work }) => work.kind === 'revoke' && work.tokens.some((t) => t.accessor === accessor),
  );

/** GOV-7: an outside agent may act, or has, and has not said how it ended. */
export const isOpen = ({ request, decision, unknown, outcome }: ActionState): boolean =>
  request.outside?.enforcement === 'cooperative' &&
  decision?.decision === 'allow' &&
  unknown === null &&
  outcome === null;

/** The latest revision of each proposal, oldest proposal first. */
export function latestProposals(state: PipelineState): Entry<'proposal_written'>[] {
  const latest = new Map<string, Entry<'proposal_written'>>();
  for (const proposal of state.proposals) latest.set(proposal.proposal_id, proposal);
  return [...latest.values()];
}

/** PIPE-11: what calls under way may still use. */
export function reservedNow(state: PipelineState): Reservation {
  const held = Object.values(state.steps).flatMap((s) => (s.reserved ? [s.reserved] : []));
  return {
    tokens: held.reduce((sum, r) => sum + r.tokens, 0),
    cost_microusd: held.reduce((sum, r) => sum + r.cost_microusd, 0),
  };
}

/** GOV-5: it can still be decided on, or was approved and not used yet. */
export const maySpend = (state: PipelineState, approval: Approval): boolean =>
  approval.status === 'pending' ||
  (approval.status === 'approve' &&
    approval.action === 'run_action' &&
    state.actions[approval.action_id]?.outcome === null);

/**
 * Whether it is held up by what Vault's coming back would not change: a person, or the tenant's budget. While only a model is away its
 * tokens are kept alive like those of a run that works.
 */
export const isHeldUp = ({ waiting_for, clock }: PipelineState): boolean =>
  waiting_for !== null &&
  waiting_for !== 'credentials' &&
  (waiting_for !== 'queue' || clock.stopped_since !== null);

export const pendingApproval = (state: PipelineState): Approval | null =>
  state.approvals.find((a) => a.status === 'pending') ?? null;

/** PIPE-10: it waits for what a person or the calendar gives, and its tokens are gone: it asks on, and a login comes before its next try. */
export const asksWithoutToken = (state: PipelineState, { held, status }: StepState): boolean =>
  status === 'ready' &&
  (held?.on === 'budget' || held?.on === 'error_budget') &&
  state.suspended &&
  state.pause === 'none';

/**
 * PIPE-8, PIPE-10: whether a ready step may be worked on now. A pause holds agents' work, not the conversation with Vault; an
 * agent works only with a token of its own.
 */
export function mayStart(state: PipelineState, step: StepState): boolean {
  const { work } = step;
  if (!('agent_id' in work)) return true;
  if (state.pause !== 'none') return false;
  return work.kind === 'agent_bootstrap'
    ? !state.gate_closed
    : state.agents[work.agent_id]?.accessor !== null;
}
