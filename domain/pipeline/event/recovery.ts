import type { PlannerReport } from '../../agents/output.ts';
import type { Seat } from '../../agents/roles.ts';
import type { Severity } from '../../governance/severity.ts';
import type { Tier } from '../../governance/tier.ts';
import type { Fallback } from '../states.ts';
import type { BlackboardEvents, Citation } from './blackboard.ts';

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
  findings: (BlackboardEvents['finding_written'] & { seq: number; at: string })[];
  proposals: (BlackboardEvents['proposal_written'] & { seq: number; at: string })[];
  votes: (BlackboardEvents['vote_cast'] & { seq: number; at: string })[];
  messages: (BlackboardEvents['message_sent'] & { seq: number; at: string })[];
  /** GOV-3: what happened before still counts. */
  labels?: string[];
  /** AGENT-5: what all of it derives from. */
  origin?: string[];
  /** What was done and is not done again; absent: nothing. */
  done?: DoneAction[];
  /** CONS-4: agents that were revoked for a violation; their word counts here no more than there. */
  disowned?: string[];
}

/** What follows when a run does not end well, and what one run takes over from another (REC). */
export interface RecoveryEvents {
  /** REC-3: what the predecessor sealed was read, proven by its hash. */
  handoff_loaded: { prior_pipeline: string; sha256: string; handoff: Handoff };
  pipeline_forked: ForkSeed;
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
  recovery_started: { trigger: RecoveryTrigger; detail: string; until: string };
  synthesis_written: Synthesis;
  /** REC-2: `successor_id` null: no attempt or no budget is left. */
  handoff_sealed: { handoff: Handoff; sha256: string; successor_id: string | null };
}
