import type { ActionDraft, CitationDraft, PlannerReport } from '../../agents/output.ts';
import type { Seat } from '../../agents/roles.ts';
import type { Severity } from '../../governance/severity.ts';

/** CONS-1: `sha256` is of the quote, so that a citation can be checked without the document. */
export interface Citation extends CitationDraft {
  sha256: string;
}

export const MEDIATION_TRIGGERS = ['conflicts', 'complexity', 'no_progress', 'rerun', 'recovery'] as const;
export type MediationTrigger = (typeof MEDIATION_TRIGGERS)[number];

/** CONS-8: a seat that did not agree, and why. */
export interface Dissent {
  seat: Seat;
  vote: 'reject' | 'abstain';
  reason: string;
}

/** What agents find, propose, say and vote, in rounds, until a verdict (CONS). */
export interface BlackboardEvents {
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
}
