import * as z from 'zod';
import { FALLBACKS, PIPELINE_STATES } from '#domain/pipeline/states.ts';
import { LIMITS } from '#domain/plan/limits.ts';
import { Tier } from './pipeline.ts';
import { Cursor, GivenId, GivenTime, Limit, PlanId, Reason, Time } from './primitives.ts';

/** API-2: unknown fields are refused, so every request is a strict object. */
const limits = z.strictObject(
  Object.fromEntries(
    Object.entries(LIMITS).map(([name, { min, max }]) => [name, z.int().min(min).max(max).optional()]),
  ) as Record<keyof typeof LIMITS, z.ZodOptional<z.ZodInt>>,
);

/** DSL-1: inline context goes up to 1 MiB; with JSON escapes a plan's request stays below this (bytes). */
export const MAX_PLAN_BYTES = 2 * 1024 * 1024;

/** The plan's text, and the texts of the files that its context names, by that name. */
export const PlanSource = z.strictObject({
  source: z.string().min(1).max(MAX_PLAN_BYTES),
  files: z.record(z.string().max(300), z.string().max(MAX_PLAN_BYTES)).optional(),
});

const Inputs = z.record(
  z.string().max(80),
  z.union([z.string().max(MAX_PLAN_BYTES), z.number(), z.boolean()]),
);

export const SpawnRequest = z
  .strictObject({
    plan_id: GivenId.optional(),
    plan: PlanSource.optional(),
    tier: Tier.optional(),
    project_id: z.string().max(80).optional(),
    inputs: Inputs.optional(),
    auto_continue: z.boolean().optional(),
    limits: limits.optional(),
    mode: z.enum(['run', 'external']).optional(),
  })
  .refine((r) => (r.plan_id === undefined) !== (r.plan === undefined), {
    error: 'give either plan_id or plan',
    path: ['plan_id'],
  })
  .meta({ id: 'SpawnRequest' });
export type SpawnRequest = z.infer<typeof SpawnRequest>;

export const PlanCheckRequest = z
  .strictObject({
    source: z.string().min(1).max(MAX_PLAN_BYTES).optional(),
    files: z.record(z.string().max(300), z.string().max(MAX_PLAN_BYTES)).optional(),
    plan_id: GivenId.optional(),
    inputs: Inputs.optional(),
    tier: Tier.optional(),
  })
  .refine((r) => (r.plan_id === undefined) !== (r.source === undefined), {
    error: 'give either plan_id or source',
    path: ['source'],
  })
  .meta({ id: 'PlanCheckRequest' });

export const PlanFinding = z
  .object({
    severity: z.enum(['error', 'warning', 'info']),
    code: z.string(),
    message: z.string(),
    /** 1-based; null when the finding has no place in the text. */
    line: z.int().nullable(),
    column: z.int().nullable(),
    expected: z.string().nullable(),
  })
  .meta({ id: 'PlanFinding' });
export type PlanFinding = z.infer<typeof PlanFinding>;

export const PlanCheckResult = z
  .object({
    ok: z.boolean(),
    findings: z.array(PlanFinding),
    decisions: z.array(
      z.object({ tool: z.string(), target: z.string(), decision: z.string(), reason: z.string() }),
    ),
    estimate: z.object({ steps: z.int(), cost_microusd: z.int() }).nullable(),
  })
  .meta({ id: 'PlanCheckResult' });
export type PlanCheckResult = z.infer<typeof PlanCheckResult>;

export const PlanSummary = z
  .object({
    plan_id: PlanId,
    name: z.string(),
    version: z.string(),
    sha256: z.string(),
    objective: z.string(),
    tier: Tier,
    created_at: Time,
  })
  .meta({ id: 'Plan' });
export type PlanSummary = z.infer<typeof PlanSummary>;

export const ContinueRequest = z.strictObject({ pipeline_id: GivenId, reason: Reason.optional() });
export const EndRequest = z.strictObject({ pipeline_id: GivenId, reason: Reason });
/** PIPE-7: `at` is the seq of the last event that the fork takes along. */
export const ForkRequest = z.strictObject({
  pipeline_id: GivenId,
  at: z.int().min(1),
  tier: Tier.optional(),
});
export const ApprovalDecisionRequest = z.strictObject({
  decision: z.enum(['approve', 'deny']),
  reason: Reason,
  action_sha256: z.string().max(64),
});
export const ApprovalsQuery = z.strictObject({
  status: z.enum(['pending', 'approved', 'denied', 'expired']).optional(),
  pipeline_id: GivenId.optional(),
});
export const RevokeRequest = z.strictObject({
  pipeline_id: GivenId,
  agent_id: z.string().max(80).optional(),
  reason: Reason,
});
export const RevokeResult = z.object({
  pipeline_id: GivenId,
  scope: z.enum(['agent', 'pipeline']),
  status: z.enum(['revoking', 'revoked']),
  gate_closed_at: Time,
  seq: z.int(),
});
export const FallbackRequest = z.strictObject({
  pipeline_id: GivenId,
  action: z.enum(FALLBACKS),
  reason: Reason,
  proposal_id: z.string().max(80).optional(),
  revision: z.int().min(1).optional(),
  confirm: z.boolean().optional(),
});
/** REC-5. `fields` is limited to 4 KiB of JSON. */
export const LogRequest = z.strictObject({
  pipeline_id: GivenId,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  source: z.string().trim().min(1).max(200),
  message: z.string().trim().min(1).max(8_000),
  fields: z
    .record(z.string().max(80), z.unknown())
    .refine((f) => JSON.stringify(f).length <= 4_096, 'at most 4096 characters of JSON')
    .optional(),
});

export const OfPipeline = z.strictObject({ pipeline_id: GivenId });
export const OfPipelineAt = OfPipeline.extend({ at: z.coerce.number().int().min(1).optional() });
export const EventsQuery = OfPipeline.extend({
  since: z.coerce.number().int().min(0).optional(),
  limit: Limit.optional(),
});
export const ActivePipelinesQuery = z.strictObject({
  project_id: z.string().max(80).optional(),
  state: z.enum(PIPELINE_STATES).optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});
export const PipelinesQuery = ActivePipelinesQuery.extend({
  since: GivenTime.optional(),
  until: GivenTime.optional(),
  q: z.string().max(200).optional(),
});
