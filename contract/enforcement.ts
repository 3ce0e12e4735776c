import * as z from 'zod';
import { KILL_SCOPES } from '#domain/governance/permit.ts';
import { PipelineId, page, Reason, Time } from './primitives.ts';

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
