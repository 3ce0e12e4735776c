import type { MediationOutput, OutputSchemaName, PlannerReport, TurnOutput } from '../agents/output.ts';
import type { AgentRole, Seat } from '../agents/roles.ts';
import type { ToolTraits } from '../governance/gate.ts';
import type { GateMode } from '../governance/permit.ts';
import type { Tier } from '../governance/tier.ts';
import type { Misbehaviour, ModelChoice, ResolvedPlan } from '../plan/plan.ts';
import type { GateDecision } from './event/actions.ts';
import type { DocumentRef } from './event/lifecycle.ts';
import type { Handoff } from './event/recovery.ts';
import type { Reservation, StepWork, Usage } from './event/steps.ts';
import type { EventBodies } from './event.ts';
import type { PipelineMode } from './states.ts';

/** CONS-2: the blackboard as it stood when the round began, as a seat is shown it. */
export interface BlackboardView {
  seat: Seat;
  round: number;
  report: PlannerReport | null;
  findings: Pick<
    EventBodies['finding_written'],
    'finding_id' | 'author' | 'severity' | 'title' | 'body' | 'citations'
  >[];
  /** The latest revision of each proposal. */
  proposals: Pick<
    EventBodies['proposal_written'],
    'proposal_id' | 'revision' | 'author' | 'round' | 'title' | 'body' | 'steps' | 'actions' | 'citations'
  >[];
  votes: Pick<
    EventBodies['vote_cast'],
    'seat' | 'round' | 'proposal_id' | 'revision' | 'vote' | 'confidence' | 'reason' | 'critical'
  >[];
  messages: Pick<EventBodies['message_sent'], 'from' | 'to' | 'round' | 'body'>[];
}

/** One call of a tool within the current turn, and what came back. */
export interface ToolExchange {
  call_id: string;
  tool: string;
  arguments: Record<string, unknown>;
  /** JSON text; a refusal is `{denied: true, rule, reason, remedy}`. */
  result: string;
  origin: string[];
}

/** Everything a model call needs (AGENT-1); document texts are fetched by hash. */
export interface TurnAssignment {
  objective: string;
  documents: DocumentRef[];
  /** null for the PLANNER. */
  blackboard: BlackboardView | null;
  /** Calls of this turn so far, in order, grouped by the leg that asked for them. */
  transcript: ToolExchange[][];
  schema: OutputSchemaName;
  /** False on the last leg of a turn: the model must answer now. */
  tools_allowed: boolean;
  model: ModelChoice;
  /** PIPE-11: what this step may use in all its calls; null: nothing was reserved. */
  budget: Reservation | null;
  misbehave: Misbehaviour[];
  /** What an earlier run or generation left: its failure (REC-1) or its handoff (REC-3), as JSON; null for none. */
  earlier: { source: 'failure_context' | 'handoff'; text: string } | null;
}

/** CONS-9: why a consensus failed, for the retry and for people. */
export interface FailureContext {
  pipeline_id: string;
  generation: number;
  round: number;
  reason: string;
  conflicts: number;
  proposals: {
    proposal_id: string;
    revision: number;
    author: Seat;
    title: string;
    body: string;
    steps: string[];
  }[];
  votes: {
    seat: Seat;
    proposal_id: string;
    revision: number;
    vote: string;
    confidence: number;
    reason: string;
  }[];
}

/** ENF-1: what a DIAGNOSTIC is spawned with; `text` is the run that it reads. */
export interface DiagnosticAssignment {
  pipeline_id: string;
  plan: Omit<ResolvedPlan, 'documents'>;
  text: string;
}

/** REC-3: what the next attempt is spawned with; the worker adds the texts of its documents. */
export interface SuccessorAssignment {
  pipeline_id: string;
  predecessor_id: string;
  attempt: number;
  created_by: string;
  plan: Omit<ResolvedPlan, 'documents'>;
  documents: DocumentRef[];
  mode: PipelineMode;
  auto_continue: boolean;
  handoff: Handoff;
  sha256: string;
}

/** What the gate judges an action by (GOV-2). `version` is the log position the facts were read at. */
export interface GateFacts {
  version: number;
  tenant: string;
  project_id: string;
  agent_id: string;
  role: AgentRole;
  tier: Tier;
  tool: string;
  arguments: Record<string, unknown>;
  target: string;
  origin: string[];
  /** This action included. */
  actions_left: number;
  gate_closed: boolean;
  /** GOV-3: what admitted actions have left behind in this run, and in those that it goes on from. */
  labels: string[];
  /** GOV-5: a person has approved exactly this action, as it was judged under this hash of the policies; null for none. */
  approved_under: string | null;
  /** GOV-5: the plan wants a person to approve this tool. */
  plan_asks?: boolean;
  /** GOV-4: the tenant's policies in force, as the permit names them. */
  policy: string;
  mode: GateMode;
  /** GOV-7: of a tool that runs elsewhere, as its agent declared it. */
  outside_tool?: ToolTraits | null;
}

export interface ActionAssignment {
  action_id: string;
  facts: GateFacts;
  /** What a blackboard read shows. */
  blackboard: BlackboardView | null;
  documents: DocumentRef[];
}

/** What a worker gets when it claims a step (PIPE-8). */
export interface Assignment {
  tenant: string;
  pipeline_id: string;
  project_id: string;
  step_id: string;
  epoch: number;
  /** 1-based count of executions of this step. */
  attempt: number;
  generation: number;
  work: StepWork;
  agent: { agent_id: string; role: AgentRole; tier: Tier } | null;
  turn: TurnAssignment | null;
  action: ActionAssignment | null;
  /** Accessor of the pipeline's own token: a child is issued under this one or not at all (CRED-2). */
  login_accessor: string | null;
  /** Accessor of the agent's own token; absent from an object of an older version. */
  agent_accessor?: string | null;
  failure_context: FailureContext | null;
  successor: SuccessorAssignment | null;
  diagnostic: DiagnosticAssignment | null;
  /** OPS-1: models whose breakers are open; the next of the turn's is called instead. Absent: none. */
  avoid?: string[];
  /** OPS-1: dependencies whose breakers wait for this step's word, also that it went well. Absent: none. */
  trying?: string[];
}

export interface ToolCall {
  call_id: string;
  tool: string;
  arguments: Record<string, unknown>;
  /** What the tool would touch: a URL's host, a document, a resource name. */
  target: string;
}

/** How a claimed step ended well. */
export type StepResult =
  | { kind: 'credentials_login'; accessor: string; policies: string[]; expires_at: string }
  | { kind: 'agent_bootstrap'; accessor: string; policies: string[]; expires_at: string }
  | { kind: 'tool_calls'; calls: ToolCall[]; usage: Usage }
  | { kind: 'planner_report'; report: PlannerReport; usage: Usage }
  | { kind: 'turn'; output: TurnOutput | MediationOutput; usage: Usage }
  | {
      kind: 'action';
      /** `unknown`: the act began and nobody can say how it ended (REC-6). */
      status: 'succeeded' | 'failed' | 'unknown';
      result: string | null;
      result_sha256: string | null;
      truncated: boolean;
      error: string | null;
      origin: string[];
    }
  | { kind: 'store_context'; key: string; sha256: string; ttl_s: number }
  | { kind: 'spawn_successor'; number: number }
  | { kind: 'spawn_diagnostic'; number: number }
  | { kind: 'revoke'; gone: { accessor: string; how: 'lookup' | 'expired' }[] };

/** How it ended badly. `cause` decides who is blamed (ENF-1); a retryable error is tried again with backoff. */
export interface StepError {
  code: string;
  /** For people; never contains a secret or a stack. */
  message: string;
  cause: 'agent' | 'dependency';
  retryable: boolean;
  retry_after_s: number | null;
  usage: Usage | null;
}

/**
 * The answer to `admit`: run the tool, stop (already decided or refused), judge again on newer facts, or try again later, because nobody
 * above could be asked (ENF-6).
 */
export type Admission =
  | { kind: 'no_permit' }
  | { kind: 'run' }
  | { kind: 'stopped'; why: string }
  | { kind: 'judge_again'; facts: GateFacts };

export interface Admit {
  step_id: string;
  epoch: number;
  version: number;
  decision: GateDecision;
}
