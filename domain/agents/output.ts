import * as z from 'zod';
import { SEVERITIES } from '../governance/severity.ts';

/**
 * What agents answer with. These schemas are sent to models as strict JSON schemas, so every field is required and
 * absence is null; limits keep one answer well below the 2 MB row and the 128 KB message.
 */
const text = (max: number) => z.string().trim().min(1).max(max);

/** CONS-1: source is a context document or a tool, locator a JSON pointer, a section or a line, quote the words found there. */
export const CitationDraft = z.strictObject({
  source: text(300),
  locator: text(500),
  quote: z.string().max(2_000),
});
export type CitationDraft = z.infer<typeof CitationDraft>;

export const FindingDraft = z.strictObject({
  severity: z.enum(SEVERITIES),
  title: text(300),
  body: z.string().max(8_000),
  citations: z.array(CitationDraft).max(20),
});
export type FindingDraft = z.infer<typeof FindingDraft>;

/** PIPE-5: what the pipeline is to do through the gate once the proposal has won; `arguments` is a JSON object as text. */
export const ActionDraft = z.strictObject({
  tool: text(80),
  arguments: z.string().max(20_000),
  target: z.string().max(500),
});
export type ActionDraft = z.infer<typeof ActionDraft>;

export const ProposalDraft = z.strictObject({
  /** The proposal that this one revises; null for a new one. Agents revise only their own. */
  revises: z.string().max(80).nullable(),
  title: text(300),
  body: text(20_000),
  steps: z.array(text(1_000)).max(30),
  actions: z.array(ActionDraft).max(10),
  citations: z.array(CitationDraft).max(60),
});
export type ProposalDraft = z.infer<typeof ProposalDraft>;

export const VOTES = ['approve', 'reject', 'abstain'] as const;
export const VoteDraft = z.strictObject({
  proposal_id: text(80),
  revision: z.int().min(1).max(1_000),
  vote: z.enum(VOTES),
  confidence: z.int().min(0).max(100),
  reason: text(4_000),
  /** CONS-3: an objection that blocks until its seat withdraws it; counts only with a citation. */
  critical: z.boolean(),
  citations: z.array(CitationDraft).max(20),
});
export type VoteDraft = z.infer<typeof VoteDraft>;

export const MessageDraft = z.strictObject({
  to: z.enum(['ALPHA', 'BETA', 'GAMMA', 'all']),
  body: text(4_000),
});
export type MessageDraft = z.infer<typeof MessageDraft>;

/** PIPE-3: the PLANNER's report. */
export const PlannerReport = z.strictObject({
  summary: text(8_000),
  tasks: z.array(z.strictObject({ title: text(300), detail: z.string().max(2_000) })).max(40),
  risks: z
    .array(
      z.strictObject({
        severity: z.enum(SEVERITIES),
        title: text(300),
        citations: z.array(CitationDraft).max(10),
      }),
    )
    .max(40),
  proposed_actions: z
    .array(z.strictObject({ tool: text(80), target: z.string().max(500), reason: text(1_000) }))
    .max(40),
  complexity: z.int().min(0).max(100),
});
export type PlannerReport = z.infer<typeof PlannerReport>;

const turn = {
  findings: z.array(FindingDraft).max(60),
  proposal: ProposalDraft.nullable(),
  votes: z.array(VoteDraft).max(20),
  messages: z.array(MessageDraft).max(10),
};

/** One seat's contribution to one round (ALPHA and BETA). */
export const TurnOutput = z.strictObject(turn);
export type TurnOutput = z.infer<typeof TurnOutput>;

/** CONS-6: GAMMA's merged proposal says what it took from whom. */
export const MediationOutput = z.strictObject({
  ...turn,
  taken: z
    .array(z.strictObject({ proposal_id: text(80), revision: z.int().min(1), what: text(2_000) }))
    .max(20),
});
export type MediationOutput = z.infer<typeof MediationOutput>;

/** The names under which the schemas travel in `response_format.json_schema.name`. */
export const OUTPUT_SCHEMAS = {
  planner_report: PlannerReport,
  research_turn: TurnOutput,
  synthesis_turn: TurnOutput,
  mediation_turn: MediationOutput,
} as const;
export type OutputSchemaName = keyof typeof OUTPUT_SCHEMAS;
