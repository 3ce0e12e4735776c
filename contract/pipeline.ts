import * as z from 'zod';
import { ActionDraft, PlannerReport } from '#domain/agents/output.ts';
import { AGENT_PHASES, AGENT_ROLES, SEATS } from '#domain/agents/roles.ts';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { DECISIONS, ENFORCEMENTS } from '#domain/pipeline/event/actions.ts';
import { MEDIATION_TRIGGERS } from '#domain/pipeline/event/blackboard.ts';
import { RECOVERY_TRIGGERS } from '#domain/pipeline/event/recovery.ts';
import {
  CONSENSUS_STATUSES,
  FALLBACKS,
  PIPELINE_MODES,
  PIPELINE_STATES,
  TOKEN_STATUSES,
  WAITING_FOR,
} from '#domain/pipeline/states.ts';
import { ThrownSwitch } from './enforcement.ts';
import { MicroUsd, PipelineId, page, Sha256, Time } from './primitives.ts';

export const Tier = z
  .union([z.literal(0), z.literal(1), z.literal(2)])
  .describe('0 observer, 1 executor, 2 operator');

/** UI-5: what a banner says about a violation of high severity or above. */
export const Incident = z
  .object({
    violation_id: z.string(),
    seq: z.int(),
    at: Time,
    rule: z.string(),
    severity: z.enum(SEVERITIES),
    agent_id: z.string().nullable(),
    role: z.enum(AGENT_ROLES).nullable(),
    /** What an outside agent calls itself. */
    agent_name: z.string().optional(),
    tool: z.string().nullable(),
    target: z.string().nullable(),
    consequence: z.string(),
  })
  .meta({ id: 'Incident' });
export type Incident = z.infer<typeof Incident>;

/** `P` of API.md. */
export const Pipeline = z
  .object({
    pipeline_id: PipelineId,
    number: z.int().describe('Per tenant, without gaps'),
    project_id: z.string(),
    plan_id: z.string(),
    plan_name: z.string(),
    plan_version: z.string(),
    objective: z.string(),
    mode: z.enum(PIPELINE_MODES),
    tier: Tier,
    state: z.enum(PIPELINE_STATES),
    waiting_for: z.enum(WAITING_FOR).nullable(),
    /** What exactly it waits for and since when, where that is no person; absent otherwise. */
    waiting_detail: z.string().optional(),
    exit_code: z.int().min(0).max(3).nullable(),
    reason: z.string().nullable(),
    attempt: z.int(),
    generation: z.int(),
    predecessor_id: z.string().nullable(),
    successor_id: z.string().nullable(),
    seq: z.int(),
    round: z.int(),
    complexity: z.int().nullable(),
    /** The winning proposal in one line; null until consensus. */
    verdict: z.string().nullable(),
    providers: z.array(z.string()).describe('Model providers in use; `embedded` is not an LLM'),
    usage: z.object({
      tokens_in: z.int(),
      tokens_out: z.int(),
      cost_microusd: MicroUsd,
      steps: z.int(),
      actions: z.int(),
    }),
    limits: z.object({
      rounds: z.int(),
      steps: z.int(),
      tokens: z.int(),
      cost_microusd: MicroUsd,
      actions: z.int(),
      deadline_s: z.int(),
      round_s: z.int(),
    }),
    sealed: z.boolean(),
    /** The newest one; absent where none happened. */
    incident: Incident.optional(),
    created_by: z.string(),
    created_at: Time,
    updated_at: Time,
    ended_at: Time.nullable(),
    /** LEDG-5: since when its log lies in the archive; absent while it does not. */
    archived_at: Time.optional(),
  })
  .meta({ id: 'Pipeline' });
export type Pipeline = z.infer<typeof Pipeline>;

export const PipelinePage = page(Pipeline).meta({ id: 'PipelinePage' });

export const PipelineEventMessage = z
  .object({
    seq: z.int(),
    type: z.string(),
    v: z.int(),
    at: Time,
    actor: z.string(),
    body: z.record(z.string(), z.unknown()),
    salt: z.string(),
    /** LEDG-2: set when the content was erased; `body` is then what is left of it. */
    content: Sha256.optional(),
    prev_hash: Sha256,
    hash: Sha256,
  })
  .meta({ id: 'PipelineEvent' });
export const EventPage = page(PipelineEventMessage).meta({ id: 'PipelineEventPage' });

export const AgentCard = z
  .object({
    agent_id: z.string(),
    role: z.enum(AGENT_ROLES),
    /** What an outside agent calls itself (GOV-7). */
    name: z.string().optional(),
    tier: Tier,
    phase: z.enum(AGENT_PHASES),
    /** What it does now, for people; null when idle. */
    step: z.string().nullable(),
    last_progress_at: Time.nullable(),
    tokens: z.int(),
    cost_microusd: MicroUsd,
    errors: z.int(),
    token_status: z.enum(TOKEN_STATUSES),
    model: z.string(),
    provider: z.string(),
    spawned_because: z.string(),
    replaced_by: z.string().nullable(),
  })
  .meta({ id: 'AgentCard' });
export type AgentCard = z.infer<typeof AgentCard>;

const Citation = z
  .object({ source: z.string(), locator: z.string(), quote: z.string(), sha256: Sha256 })
  .meta({ id: 'Citation' });
const Seat = z.enum(SEATS);
const entry = { seq: z.int(), at: Time };

export const Finding = z
  .object({
    ...entry,
    finding_id: z.string(),
    agent_id: z.string(),
    author: Seat,
    round: z.int(),
    severity: z.enum(SEVERITIES),
    title: z.string(),
    body: z.string(),
    citations: z.array(Citation),
    origin: z.array(z.string()),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof Finding>;

export const Proposal = z
  .object({
    ...entry,
    proposal_id: z.string(),
    revision: z.int(),
    agent_id: z.string(),
    author: Seat,
    round: z.int(),
    title: z.string(),
    body: z.string(),
    steps: z.array(z.string()),
    actions: z.array(ActionDraft).describe('Run through the gate once it has won (PIPE-5)'),
    citations: z.array(Citation),
    content_sha256: Sha256,
    taken: z.array(z.object({ proposal_id: z.string(), revision: z.int(), what: z.string() })),
    origin: z.array(z.string()),
  })
  .meta({ id: 'Proposal' });
export type Proposal = z.infer<typeof Proposal>;

export const Vote = z
  .object({
    ...entry,
    agent_id: z.string(),
    seat: Seat,
    round: z.int(),
    proposal_id: z.string(),
    revision: z.int(),
    vote: z.enum(['approve', 'reject', 'abstain']),
    confidence: z.int(),
    reason: z.string(),
    critical: z.boolean(),
    citations: z.array(Citation),
  })
  .meta({ id: 'Vote' });
export type Vote = z.infer<typeof Vote>;

export const Message = z
  .object({ ...entry, from: Seat, to: z.enum([...SEATS, 'all']), round: z.int(), body: z.string() })
  .meta({ id: 'AgentMessage' });

export const ActionRecord = z
  .object({
    ...entry,
    action_id: z.string(),
    agent_id: z.string(),
    tool: z.string(),
    arguments: z.record(z.string(), z.unknown()),
    target: z.string(),
    action_sha256: Sha256,
    status: z.enum(['requested', 'allowed', 'succeeded', 'failed', 'denied', 'unknown', 'cancelled']),
    decision: z.enum(DECISIONS).nullable(),
    determining: z.array(z.string()),
    policy_version: z.string().nullable(),
    reason: z.string().nullable(),
    remedy: z.string().nullable(),
    result: z.string().nullable(),
    error: z.string().nullable(),
    origin: z.array(z.string()),
    enforcement: z.enum(ENFORCEMENTS),
  })
  .meta({ id: 'ActionRecord' });
export type ActionRecord = z.infer<typeof ActionRecord>;

export const Violation = z
  .object({
    ...entry,
    violation_id: z.string(),
    agent_id: z.string().nullable(),
    rule: z.string(),
    severity: z.enum(SEVERITIES),
    evidence: z.string(),
    consequence: z.string(),
  })
  .meta({ id: 'Violation' });

/** ENF-1. */
export const Bug = z
  .object({
    ...entry,
    bug_id: z.string(),
    about: z.string().describe('The run it is about'),
    agent_id: z.string(),
    severity: z.enum(SEVERITIES),
    title: z.string(),
    body: z.string(),
    citations: z.array(z.object({ source: z.string(), locator: z.string(), quote: z.string() })),
  })
  .meta({ id: 'FiledBug' });

export const LogLine = z
  .object({
    ...entry,
    log_id: z.string(),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    source: z.string(),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LogLine' });

export const MinorityReport = z
  .array(z.object({ seat: Seat, vote: z.enum(['reject', 'abstain']), reason: z.string() }))
  .meta({ id: 'MinorityReport' });

export const Verdict = z
  .object({
    proposal_id: z.string(),
    revision: z.int(),
    seq: z.int(),
    approvals: z.array(Seat),
    minority_report: MinorityReport,
  })
  .meta({ id: 'Verdict' });

/** API.md's approval; `tool` is what is asked for. */
export const ApprovalView = z
  .object({
    approval_id: z.string(),
    action_id: z.string().nullable(),
    pipeline_id: PipelineId,
    tool: z.string(),
    arguments: z.record(z.string(), z.unknown()),
    target: z.string(),
    action_sha256: Sha256,
    requested_by: z.string(),
    reason: z.string(),
    policies: z.array(z.string()),
    status: z.enum(['pending', 'approved', 'denied', 'expired']),
    decided_by: z.string().nullable(),
    expires_at: Time,
  })
  .meta({ id: 'Approval' });
export type ApprovalView = z.infer<typeof ApprovalView>;
export const ApprovalPage = page(ApprovalView).meta({ id: 'ApprovalPage' });

/** REC-4: one attempt of a lineage. */
export const LineageEntry = z
  .object({
    pipeline_id: PipelineId,
    number: z.int(),
    attempt: z.int(),
    generation: z.int(),
    state: z.enum(PIPELINE_STATES),
    exit_code: z.int().nullable(),
    reason: z.string().nullable(),
    verdict: z.string().nullable(),
    created_at: Time,
    ended_at: Time.nullable(),
  })
  .meta({ id: 'LineageEntry' });
/** `outcome` is the newest attempt's. `waiting`: its successor is planned and not yet admitted. */
export const Lineage = z
  .object({
    items: z.array(LineageEntry),
    outcome: z.object({ state: z.enum(PIPELINE_STATES), exit_code: z.int().nullable() }),
    waiting: z.string().nullable(),
  })
  .meta({ id: 'Lineage' });
export type Lineage = z.infer<typeof Lineage>;

export const Orchestration = z
  .object({
    pipeline: Pipeline,
    round: z.int(),
    agents: z.array(AgentCard),
    blackboard: z.object({
      problem: z.object({
        objective: z.string(),
        documents: z.array(
          z.object({
            name: z.string(),
            sha256: Sha256,
            bytes: z.int(),
            media_type: z.string(),
            origin: z.string(),
          }),
        ),
      }),
      report: PlannerReport.nullable(),
      findings: z.array(Finding),
      proposals: z.array(Proposal).describe('Every revision, oldest first'),
      votes: z.array(Vote),
      messages: z.array(Message),
      progress: z.array(z.object({ ...entry, agent_id: z.string().nullable(), note: z.string() })),
      consensus: Verdict.nullable(),
    }),
    actions: z.array(ActionRecord),
    violations: z.array(Violation),
    kills: z.array(ThrownSwitch).describe('ENF-6: the switches that reached this pipeline'),
    diagnostic_id: z.string().nullable().describe('ENF-1: the pipeline that reads why this one was stopped'),
    bugs: z.array(Bug).describe('ENF-1: what a DIAGNOSTIC filed'),
    log: z.array(LogLine),
    gamma: z.object({
      spawned: z.boolean(),
      reason: z.enum(MEDIATION_TRIGGERS).nullable(),
      detail: z.string().nullable(),
    }),
    recovery: z.object({
      trigger: z.enum(RECOVERY_TRIGGERS).nullable(),
      detail: z.string().nullable(),
      synthesis: z
        .object({
          ...entry,
          synthesis_type: z.literal('abort_recovery'),
          agent_id: z.string().nullable(),
          title: z.string(),
          body: z.string(),
          steps: z.array(z.string()),
          taken: z.array(z.object({ proposal_id: z.string(), revision: z.int(), what: z.string() })),
        })
        .nullable(),
      handoff_sha256: Sha256.nullable(),
      resumed_from: z.object({ pipeline_id: z.string(), sha256: Sha256 }).nullable(),
      forked_from: z.object({ pipeline_id: z.string(), at_seq: z.int() }).nullable(),
      failure: z.object({ reason: z.string(), round: z.int(), minority_report: MinorityReport }).nullable(),
      fallbacks: z.array(
        z.object({ ...entry, by: z.string(), action: z.enum(FALLBACKS), reason: z.string() }),
      ),
      generations: z.array(
        z.object({ generation: z.int(), tier: Tier, proposals: z.int(), reason: z.string().nullable() }),
      ),
    }),
    approvals: z.array(ApprovalView),
  })
  .meta({ id: 'Orchestration' });
export type Orchestration = z.infer<typeof Orchestration>;

export const TokenStatusView = z
  .object({
    pipeline_id: PipelineId,
    status: z.enum(TOKEN_STATUSES),
    issued_at: Time.nullable(),
    expires_at: Time.nullable(),
    renewals: z.int(),
    policies: z.array(z.string()),
    last_error: z.string().nullable(),
    revoked_at: Time.nullable(),
    confirmed_at: Time.nullable(),
    agents: z.array(
      z.object({
        agent_id: z.string(),
        role: z.enum(AGENT_ROLES),
        status: z.enum(TOKEN_STATUSES),
        expires_at: Time.nullable(),
        confirmed_at: Time.nullable(),
      }),
    ),
  })
  .meta({ id: 'TokenStatus' });
export type TokenStatusView = z.infer<typeof TokenStatusView>;

export const ConsensusView = z
  .object({
    pipeline_id: PipelineId,
    status: z.enum(CONSENSUS_STATUSES),
    round: z.int(),
    exit_code: z.int().nullable(),
    quorum: z.object({ seats: z.array(Seat), needed: z.int(), voted: z.int() }),
    proposals: z.array(
      z.object({
        proposal_id: z.string(),
        revision: z.int(),
        approve: z.int(),
        reject: z.int(),
        abstain: z.int(),
        critical: z.int(),
        passes: z.boolean(),
      }),
    ),
    conflicts: z.int(),
    verdict: Verdict.omit({ approvals: true }).nullable(),
    fallbacks: z.array(
      z.object({ action: z.enum(FALLBACKS), allowed: z.boolean(), why_not: z.string().nullable() }),
    ),
  })
  .meta({ id: 'ConsensusStatus' });
export type ConsensusView = z.infer<typeof ConsensusView>;
