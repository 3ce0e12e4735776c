import type { ActionDraft, CitationDraft, PlannerReport } from '../agents/output.ts';
import type { Role, Seat } from '../agents/roles.ts';
import type { ToolTraits } from '../governance/gate.ts';
import type { GateMode, Kill } from '../governance/permit.ts';
import type { Severity } from '../governance/severity.ts';
import type { Tier } from '../governance/tier.ts';
import type { Limits } from '../plan/limits.ts';
import type { Misbehaviour, ModelChoice, Stage } from '../plan/plan.ts';
import type { ExitCode, Fallback, PipelineMode } from './states.ts';

/** A context document as the log names it; its text lies beside the log under its hash, so that events stay small. */
export interface DocumentRef {
  name: string;
  sha256: string;
  bytes: number;
  media_type: string;
  /** AGENT-5: `trusted` when the plan's author vouches for it. */
  origin: 'trusted' | 'untrusted';
}

/** CONS-1: `sha256` is of the quote, so that a citation can be checked without the document. */
export interface Citation extends CitationDraft {
  sha256: string;
}

export interface Usage {
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  /** Integer micro-USD. */
  cost_microusd: number;
  provider: string;
  /** AGENT-6: the model that answered, which may differ from the one asked. */
  model: string;
  latency_ms: number;
}

/** What a step does. One step is one model call, one action, or one conversation with Vault (PIPE-8). */
export type StepWork =
  | { kind: 'credentials_login' }
  | { kind: 'agent_bootstrap'; agent_id: string }
  /** `round` 0 is the planner's; `leg` counts the model calls within one turn (the tool loop). */
  | { kind: 'agent_turn'; agent_id: string; round: number; leg: number }
  | { kind: 'action'; agent_id: string; action_id: string }
  /** REC-2: GAMMA puts together what there is before a run ends early. */
  | { kind: 'synthesis'; agent_id: string }
  /** CONS-9: the failure context goes to the Redis store, for the retry. */
  | { kind: 'store_context' }
  /** REC-3: the next attempt is admitted and spawned; a full quota makes it wait. */
  | { kind: 'spawn_successor'; pipeline_id: string }
  /** ENF-1: a DIAGNOSTIC reads why the run was stopped. */
  | { kind: 'spawn_diagnostic'; pipeline_id: string }
  | { kind: 'revoke'; tokens: { accessor: string; agent_id: string | null }[] };
export type StepKind = StepWork['kind'];

export const DECISIONS = ['allow', 'deny', 'require_approval'] as const;
export type Decision = (typeof DECISIONS)[number];

/** GOV-2: what the gate says about one action. */
export interface GateDecision {
  decision: Decision;
  /** Names of the rules that decided; at least one. */
  determining: string[];
  policy_version: string;
  reason: string;
  /** What would be needed instead; null when allowed. */
  remedy: string | null;
  /** REC-6: `once` is never repeated by itself. */
  effect: 'pure' | 'idempotent' | 'once';
  /** Set when the refusal is a violation (ENF-7). */
  violation: { rule: string; severity: Severity } | null;
  /** GOV-4: of all policies that were in force. */
  policy_sha256?: string;
  /** GOV-4: the tenant's own policies it was judged under, as the permit names them; absent: none. */
  tenant_policy?: string;
  /** GOV-3: what the action leaves behind for those after it. */
  labels?: string[];
  /** GOV-10: what a project that enforces would have been answered. */
  observed?: {
    decision: 'deny' | 'require_approval';
    determining: string[];
    reason: string;
    remedy: string | null;
  };
  /** GOV-4: the facts that are not in the request itself, so that it can be judged again under other policies. */
  judged?: {
    tier: Tier;
    role: string;
    labels: string[];
    approved: boolean;
    actions_left: number;
    mode: GateMode;
    /** Absent: the plan did not ask. */
    plan_asks?: boolean;
  };
}

/** What a step is held for: a dependency's breaker is open (OPS-1), nothing is left of the tenant's month (PIPE-11), or of its error budget (ENF-5). */
export const HELD_ON = ['vault', 'redis', 'model', 'budget', 'error_budget'] as const;
export type HeldOn = (typeof HELD_ON)[number];

/** GOV-8: `enforced`: we hold the credential and act; `cooperative`: the agent acts with its own and tells how it ended. */
export const ENFORCEMENTS = ['enforced', 'cooperative'] as const;
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** What the gate takes a tool for that is not built in. */
export interface OutsideTool extends ToolTraits {
  /** GOV-9: of a fronted MCP server; the description must still be the pinned one when it is called. */
  server: { name: string; tool: string; pinned_sha256: string } | null;
}

/** GOV-1, GOV-7: what whoever registered an agent says of one of its own tools. */
export interface DeclaredTool extends Omit<ToolTraits, 'labels' | 'irreversible'> {
  name: string;
  irreversible: boolean;
}

/** GOV-7, GOV-8: what is known of a request that came from outside. */
export interface OutsideRequest {
  enforcement: Enforcement;
  idempotency_key: string | null;
  /** Of the arguments as they came; those on the event have secrets removed and long texts cut. */
  arguments_sha256: string;
  /** null: a built-in tool. */
  tool: OutsideTool | null;
}

export const MEDIATION_TRIGGERS = ['conflicts', 'complexity', 'no_progress', 'rerun', 'recovery'] as const;
export type MediationTrigger = (typeof MEDIATION_TRIGGERS)[number];

/** REC-2: why the supervisor ends a run early. */
export const RECOVERY_TRIGGERS = ['round_limit', 'deadline', 'abort'] as const;
export type RecoveryTrigger = (typeof RECOVERY_TRIGGERS)[number];

/** What a run that ends early leaves to its successor (REC-2). Bounded: texts are those of the blackboard. */
export interface Handoff {
  prior_pipeline: string;
  attempt: number;
  at_seq: number;
  objective: string;
  report: PlannerReport | null;
  findings: { author: Seat; severity: Severity; title: string; body: string; citations: Citation[] }[];
  proposals: { author: Seat; title: string; body: string; steps: string[]; citations: Citation[] }[];
  reasons: { seat: Seat; proposal_id: string; vote: 'reject' | 'abstain'; reason: string }[];
  synthesis: Synthesis;
  trigger: RecoveryTrigger;
  budgets_left: { tokens: number; cost_microusd: number; actions: number };
  /** AGENT-5: what the handoff derives from. */
  origin: string[];
  /** GOV-3. */
  labels?: string[];
  /** PIPE-7: what the run has done and its successor must not do again; absent: nothing. */
  done?: DoneAction[];
}

/** An action of an earlier run that changed something, or may have. `sha256` is of tool, arguments and target. */
export interface DoneAction {
  action_id: string;
  tool: string;
  target: string;
  sha256: string;
  status: 'succeeded' | 'unknown';
}

export interface Synthesis {
  synthesis_type: 'abort_recovery';
  /** null: put together from the blackboard by rule, without a model. */
  agent_id: string | null;
  title: string;
  body: string;
  steps: string[];
  taken: { proposal_id: string; revision: number; what: string }[];
}

/** What a fork takes along (PIPE-7): what was found and said, never authority or unfinished work. */
export interface ForkSeed {
  from: string;
  at_seq: number;
  at_hash: string;
  report: PlannerReport | null;
  round: number;
  findings: (EventBodies['finding_written'] & { seq: number; at: string })[];
  proposals: (EventBodies['proposal_written'] & { seq: number; at: string })[];
  votes: (EventBodies['vote_cast'] & { seq: number; at: string })[];
  messages: (EventBodies['message_sent'] & { seq: number; at: string })[];
  /** GOV-3: what happened before still counts. */
  labels?: string[];
  /** AGENT-5: what all of it derives from. */
  origin?: string[];
  /** What was done and is not done again; absent: nothing. */
  done?: DoneAction[];
  /** CONS-4: agents that were revoked for a violation; their word counts here no more than there. */
  disowned?: string[];
}

export interface Reservation {
  tokens: number;
  cost_microusd: number;
}

/** CONS-8: a seat that did not agree, and why. */
export interface Dissent {
  seat: Seat;
  vote: 'reject' | 'abstain';
  reason: string;
}

/** How a pipeline ended. */
export interface Outcome {
  state: 'COMPLETED' | 'FAILED';
  exit_code: ExitCode;
  /** A stable code, e.g. `consensus_reached`, `credentials_unavailable`. */
  reason: string;
}

/** Every event body by type. A body's shape never changes: a new shape is a new version (PIPE-7). */
export interface EventBodies {
  pipeline_spawned: {
    pipeline_id: string;
    tenant: string;
    project_id: string;
    number: number;
    plan_id: string;
    plan_name: string;
    plan_version: string;
    plan_sha256: string;
    objective: string;
    documents: DocumentRef[];
    models: Record<Role, ModelChoice>;
    misbehave: Misbehaviour[];
    limits: Limits;
    stages: Stage[];
    /** GOV-5: tools that the plan wants a person to approve; absent: none. */
    approvals?: string[];
    mode: PipelineMode;
    tier: Tier;
    auto_continue: boolean;
    attempt: number;
    predecessor_id: string | null;
    request_sha256: string;
    /** ENF-1: the run that a DIAGNOSTIC reads; absent otherwise. */
    diagnoses?: string;
    /** PROM-1: who takes part, by role; absent where nobody asked. */
    identities?: Record<string, string>;
  };
  /** REC-3: what the predecessor sealed was read, proven by its hash. */
  handoff_loaded: { prior_pipeline: string; sha256: string; handoff: Handoff };
  pipeline_forked: ForkSeed;
  /** CRED-1: the login's accessor is on record while its lease is still the short first one. */
  credentials_recorded: { generation: number; accessor: string; policies: string[]; expires_at: string };
  credentials_extended: { expires_at: string };
  /** CRED-3: the pipeline's own token and its children, by accessor. */
  tokens_renewed: { tokens: { accessor: string; agent_id: string | null; expires_at: string }[] };
  /** CRED-3: renewals do not succeed any more; once, until one does again. The leases end when nothing changes. */
  renewal_failing: { code: string; message: string };
  /** CRED-3: a newer login has taken over. They stay good for what is in flight, and are revoked when that is done. */
  credentials_superseded: { accessors: string[]; reason: string };
  /** CRED-6: the agent's own lease is over, by this record; it works again with a new token. */
  agent_token_lapsed: { agent_id: string; accessor: string };
  /** CRED-6: Vault or the store did not answer. No error of anybody's: the step waits, and the pipeline with it. */
  step_deferred: { step_id: string; epoch: number; code: string; message: string; retry_at: string };
  /** ENF-1, PIPE-11: what the step needs is not to be had now. No error of anybody's and no try: the step waits, and says for what. */
  step_held: {
    step_id: string;
    epoch: number;
    on: HeldOn;
    code: string;
    message: string;
    /** Of a call that was made to see whether it works again. */
    usage: Usage | null;
  };
  /** What it was held for is to be had again; tokens that a long wait has ended come before its next try (PIPE-10). */
  step_released: { step_id: string };
  /** CRED-6: they answer again. */
  credentials_restored: { waited_ms: number };
  state_entered: { state: 'RUNNING' | 'REPORT' | 'ORCHESTRATING' };
  waiting_began: { for: 'continue' };
  /** PIPE-10: tokens of a pipeline that waits long are revoked; a new login follows when it goes on. */
  credentials_suspended: { reason: string };
  pause_requested: { reason: string };
  paused: { in_flight: number };
  resumed: { reason: string };
  /** REC-6: nothing could happen between `since` and this event, though something was due: the system was down. */
  outage_noticed: { since: string };
  continued: { reason: string | null };
  agent_spawned: { agent_id: string; role: Role; tier: Tier; reason: string };
  /** GOV-7: `session_hash` is keyed with a secret of the deployment; the session token itself was shown once. */
  agent_registered: {
    agent_id: string;
    name: string;
    framework: string;
    tier: Tier;
    session_hash: string;
    session_expires_at: string;
    /** GOV-1: its own tools that were declared; absent in logs from before there were any. */
    tools?: DeclaredTool[];
  };
  agent_token_issued: { agent_id: string; accessor: string; policies: string[]; expires_at: string };

  step_scheduled: { step_id: string; work: StepWork };
  /** `reserved` (PIPE-11): the most this call can use; settled when it ends, charged when it is lost. */
  step_claimed: { step_id: string; epoch: number; worker: string; reserved: Reservation | null };
  /** At most one in 10 s and step (PERF-3). */
  step_progressed: { step_id: string; epoch: number; note: string };
  step_completed: { step_id: string; epoch: number; usage: Usage | null };
  /** `retry_at` null: the step's retries are spent. `cause` tells an agent's error from a dependency's (ENF-1). */
  step_failed: {
    step_id: string;
    epoch: number;
    code: string;
    message: string;
    cause: 'agent' | 'dependency';
    retry_at: string | null;
    usage: Usage | null;
  };
  /** The worker that held the claim is gone; the step is ready again under a new epoch, at once when `retry_at` is absent. */
  step_lost: { step_id: string; epoch: number; retry_at?: string };
  step_cancelled: { step_id: string; reason: string };
  /** The queue gave up on the step's message (PIPE-8); the step itself may still be ready. */
  step_dead_lettered: { step_id: string; reason: string };
  step_redriven: { step_id: string };

  report_written: { agent_id: string; report: PlannerReport };
  round_started: { round: number; electorate: Seat[]; snapshot_seq: number };
  finding_written: {
    finding_id: string;
    agent_id: string;
    author: Seat;
    round: number;
    severity: Severity;
    title: string;
    body: string;
    citations: Citation[];
    origin: string[];
  };
  proposal_written: {
    proposal_id: string;
    revision: number;
    agent_id: string;
    author: Seat;
    round: number;
    title: string;
    body: string;
    steps: string[];
    actions: ActionDraft[];
    citations: Citation[];
    content_sha256: string;
    /** CONS-6: only in GAMMA's. */
    taken: { proposal_id: string; revision: number; what: string }[];
    origin: string[];
  };
  vote_cast: {
    seat: Seat;
    agent_id: string;
    round: number;
    proposal_id: string;
    revision: number;
    vote: 'approve' | 'reject' | 'abstain';
    confidence: number;
    reason: string;
    critical: boolean;
    citations: Citation[];
  };
  /** A vote that CONS-2 or CONS-3 does not admit, kept as evidence. */
  vote_refused: { seat: Seat; proposal_id: string; revision: number; why: string };
  message_sent: { from: Seat; to: Seat | 'all'; round: number; body: string };
  /** A seat has given its contribution to the round, or its retries are spent (`silent`). */
  turn_taken: { seat: Seat; round: number; silent: boolean };
  round_closed: { round: number; silent: Seat[]; progress: boolean; conflicts: number };
  mediator_called: { trigger: MediationTrigger; detail: string };
  consensus_reached: {
    proposal_id: string;
    revision: number;
    round: number;
    approvals: Seat[];
    minority_report: Dissent[];
  };
  consensus_failed: { round: number; reason: string; minority_report: Dissent[] };
  /** CONS-9: the failure context is in the store under this key. */
  failure_context_stored: { key: string; sha256: string; ttl_s: number };
  /** REC-1: a person decided what follows a failed consensus. */
  fallback_chosen: { action: Fallback; reason: string; proposal_id: string | null; revision: number | null };
  /** REC-1: new agents, tokens, votes and rounds; budgets continue. */
  generation_started: { generation: number; tier: Tier; mediator: boolean };
  partial_accepted: { proposal_id: string; revision: number; reason: string };
  /** A person must decide; nobody may approve what they asked for themselves (GOV-5). */
  approval_requested: {
    approval_id: string;
    action: 'escalate_tier';
    tier: Tier;
    reason: string;
    requested_by: string;
    sha256: string;
    expires_at: string;
  };
  approval_decided: { approval_id: string; decision: 'approve' | 'deny' | 'expired'; reason: string };
  /** GOV-5: an action waits for a person; `sha256` binds agent, tool, arguments, target and the policies it was judged under. */
  action_approval_requested: {
    approval_id: string;
    action: 'run_action';
    action_id: string;
    agent_id: string;
    tool: string;
    arguments: Record<string, unknown>;
    target: string;
    reason: string;
    requested_by: string;
    policies: string[];
    policy_version: string;
    policy_sha256: string;
    sha256: string;
    expires_at: string;
    /** The action runs here, as a step: approving it makes it ready again. False for an outside agent's own act (GOV-7). */
    runs_here: boolean;
  };

  recovery_started: { trigger: RecoveryTrigger; detail: string; until: string };
  synthesis_written: Synthesis;
  /** REC-2: `successor_id` null: no attempt or no budget is left. */
  handoff_sealed: { handoff: Handoff; sha256: string; successor_id: string | null };

  action_requested: {
    action_id: string;
    agent_id: string;
    /** The turn that asked, and the model's own id of the call; null for an action of the winning proposal. */
    turn_step_id: string | null;
    call_id: string | null;
    tool: string;
    arguments: Record<string, unknown>;
    target: string;
    action_sha256: string;
    origin: string[];
    /** Present when an outside agent asked (GOV-7). */
    outside?: OutsideRequest;
  };
  action_decided: { action_id: string; decision: GateDecision };
  action_finished: {
    action_id: string;
    status: 'succeeded' | 'failed' | 'denied' | 'unknown';
    /** Bounded; `result_sha256` is of the whole. */
    result: string | null;
    result_sha256: string | null;
    truncated: boolean;
    error: string | null;
    origin: string[];
  };
  /** REC-6: a `once` action with intent and no outcome; never retried by itself. */
  action_unknown: { action_id: string; why: string };
  /** GOV-7: an outside agent was let through and never said how it ended. Nobody's work waits for it, unlike `action_unknown`. */
  action_unreported: { action_id: string; why: string };
  /** A person or a probe found out what became of it. */
  action_resolved: { action_id: string; status: 'succeeded' | 'failed'; reason: string };
  violation_recorded: {
    violation_id: string;
    agent_id: string | null;
    rule: string;
    severity: Severity;
    evidence: string;
    consequence: string;
  };

  log_written: {
    log_id: string;
    level: 'debug' | 'info' | 'warn' | 'error';
    source: string;
    message: string;
    fields: Record<string, unknown>;
  };
  /** An operator took one agent's authority away; its seat is silent from here on. */
  agent_revoked: {
    agent_id: string;
    reason: string;
    /** CONS-4: it had broken a rule, so its votes do not count. */
    votes_void: boolean;
  };
  /** ENF-2, CONS-4: `by` takes the seat of an agent that made no progress; votes of the old one stand in `round` only. */
  agent_replaced: { agent_id: string; by: string; round: number; reason: string };
  /** ENF-4: from here on its calls are refused while the window is full. */
  agent_throttled: { agent_id: string; calls: number; until: string };
  /** ENF-1: what a DIAGNOSTIC found, for people to work on. */
  bug_filed: {
    bug_id: string;
    /** The run it is about. */
    about: string;
    agent_id: string;
    severity: Severity;
    title: string;
    body: string;
    citations: CitationDraft[];
  };
  /** ENF-6: a kill switch reached this pipeline; what it stops stops in the same commit. `at` is when it was thrown. */
  kill_switch_thrown: Kill;
  /** A person took it back; what it stopped stays stopped. */
  kill_switch_lifted: { kill_id: string; reason: string };
  /** The end: the gate is closed from this event on (CRED-4, ENF-3); until `sealed`, tokens are still being revoked. */
  pipeline_ended: Outcome & { detail: string | null };
  /** CRED-4: `agent_id` null is the pipeline's own token. `how`: a lookup says it is gone, or its lease ended. */
  token_confirmed_gone: { accessor: string; agent_id: string | null; how: 'lookup' | 'expired' };
  /** PIPE-6: every token is confirmed gone or expired. */
  sealed: { tokens: number; by_lookup: number; by_expiry: number };
}

export type EventType = keyof EventBodies;

/** The version that new events of each type are written with. */
export const EVENT_VERSION = 1;

/** An event as decided: not yet numbered, timed or hashed. */
export type NewEvent = { [T in EventType]: { type: T; body: EventBodies[T] } }[EventType];

/** An event as it stands in the log. Times are RFC 3339 UTC with milliseconds; hashes are lower-case hex SHA-256. */
export type PipelineEvent = {
  [T in EventType]: {
    seq: number;
    type: T;
    v: number;
    at: string;
    actor: string;
    body: EventBodies[T];
    /** Random; lets the content be erased while the chain still verifies (LEDG-2). */
    salt: string;
    /** LEDG-2: set when the content was erased: the commitment to it. `body` is what state needs of it, and no salt is left. */
    content?: string;
    prev_hash: string;
    hash: string;
  };
}[EventType];
