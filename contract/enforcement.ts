import * as z from 'zod';
import { KILL_SCOPES } from '#domain/governance/permit.ts';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { Cursor, GivenId, GivenTime, Limit, PipelineId, page, Reason, Time } from './primitives.ts';

/** ENF-6. `id` names what is stopped: an agent, a pipeline, a project, the tenant; for `system` it is `system`. */
export const KillRequest = z
  .strictObject({ scope: z.enum(KILL_SCOPES), id: z.string().min(1).max(80), reason: Reason })
  .meta({ id: 'KillRequest' });
export type KillRequest = z.infer<typeof KillRequest>;

export const InFlightAction = z
  .object({
    pipeline_id: PipelineId,
    action_id: z.string(),
    agent_id: z.string(),
    tool: z.string(),
    target: z.string(),
    admitted_at: Time,
  })
  .describe('Let through before, outcome not known yet')
  .meta({ id: 'InFlightAction' });
export type InFlightAction = z.infer<typeof InFlightAction>;

export const KillResult = z
  .object({
    kill_id: z.string(),
    scope: z.enum(KILL_SCOPES),
    id: z.string(),
    thrown_at: Time,
    effective_at: Time.describe('From then on nothing new is authorised in its scope'),
    in_flight: z.array(InFlightAction),
    unacknowledged: z
      .array(z.string())
      .describe('Pipelines that have not said yet that they stopped; `t/{tenant}` for a whole tenant'),
  })
  .meta({ id: 'KillResult' });
export type KillResult = z.infer<typeof KillResult>;

export const LiftRequest = z.strictObject({ reason: Reason });

export const KillSwitch = z
  .object({
    kill_id: z.string(),
    scope: z.enum(KILL_SCOPES),
    id: z.string(),
    project_id: z.string().nullable(),
    reason: z.string(),
    by: z.string(),
    at: Time,
    lifted_at: Time.nullable(),
    lifted_by: z.string().nullable(),
    lift_reason: z.string().nullable(),
    unacknowledged: z.array(z.string()),
  })
  .meta({ id: 'KillSwitch' });
export type KillSwitch = z.infer<typeof KillSwitch>;
/** A switch as a pipeline's own log has it. */
export const ThrownSwitch = KillSwitch.omit({ project_id: true, unacknowledged: true })
  .extend({ seq: z.int(), stopped_at: Time.describe('When it reached this pipeline') })
  .meta({ id: 'ThrownSwitch' });

export const KillSwitchPage = page(KillSwitch).meta({ id: 'KillSwitchPage' });

/** ENF-7: newest first. */
export const ViolationsQuery = z.strictObject({
  pipeline_id: GivenId.optional(),
  project_id: GivenId.optional(),
  agent_id: GivenId.optional(),
  rule: z.string().max(200).optional(),
  severity: z.enum(SEVERITIES).optional(),
  since: GivenTime.optional(),
  until: GivenTime.optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});

export const LedgerViolation = z
  .object({
    violation_id: z.string(),
    pipeline_id: PipelineId,
    project_id: z.string().nullable(),
    seq: z.int(),
    at: Time,
    agent_id: z.string().nullable(),
    role: z.string().nullable(),
    rule: z.string(),
    severity: z.enum(SEVERITIES),
    evidence: z.string(),
    consequence: z.string(),
  })
  .meta({ id: 'LedgerViolation' });
export type LedgerViolation = z.infer<typeof LedgerViolation>;
export const ViolationPage = page(LedgerViolation).meta({ id: 'ViolationPage' });

export const BugsQuery = z.strictObject({ limit: Limit.optional(), cursor: Cursor.optional() });
export const LedgerBug = z
  .object({
    bug_id: z.string(),
    project_id: z.string().nullable(),
    pipeline_id: z
      .string()
      .nullable()
      .describe('Where it was found; a diagnosis names the run that it is about in its text'),
    title: z.string(),
    detail: z.string(),
    severity: z.string(),
    status: z.string(),
    created_by: z.string(),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'Bug' });
export type LedgerBug = z.infer<typeof LedgerBug>;
export const BugPage = page(LedgerBug).meta({ id: 'BugPage' });
