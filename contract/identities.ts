import * as z from 'zod';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { Tier } from './pipeline.ts';
import { Reason, Sha256, Time } from './primitives.ts';

const count = z.int().min(0);

/** PROM-1: how far an agent is on its way to the next tier. */
export const PromotionProgress = z
  .object({
    to: Tier.nullable(),
    compliant: count,
    compliant_needed: count,
    in_a_row: count,
    in_a_row_needed: count,
    clean_days: z.int().nullable(),
    clean_days_needed: count,
    met: z.boolean(),
    person_needed: z.boolean(),
    runs: z.array(z.string()),
  })
  .meta({ id: 'PromotionProgress' });

export const AgentIdentityView = z
  .object({
    identity_id: z.string(),
    template: z.string(),
    version: z.string(),
    role: z.string(),
    model: z.string(),
    prompt_sha256: Sha256,
    tools_sha256: Sha256,
    model_sha256: Sha256,
    tier: Tier,
    suspended: z.boolean(),
    since: Time,
    created_at: Time,
    progress: PromotionProgress,
  })
  .meta({ id: 'AgentIdentity' });
export type AgentIdentityView = z.infer<typeof AgentIdentityView>;

export const AgentIdentityStory = AgentIdentityView.extend({
  runs: z.array(
    z.object({
      pipeline_id: z.string(),
      plan_sha256: Sha256,
      ended_at: Time,
      real_model: z.boolean(),
      admitted_actions: count,
      violations: count,
      high_violations: count,
      worst: z.enum(SEVERITIES).nullable(),
    }),
  ),
  changes: z.array(
    z.object({ seq: z.int(), at: Time, actor: z.string(), type: z.string(), body: z.unknown() }),
  ),
}).meta({ id: 'AgentIdentityStory' });
export type AgentIdentityStory = z.infer<typeof AgentIdentityStory>;

export const PromoteRequest = z.strictObject({ reason: Reason });
export const DemoteRequest = z.strictObject({ tier: Tier, suspend: z.boolean().optional(), reason: Reason });
export const GrantRequest = z.strictObject({ tier: Tier, reason: Reason });
export type DemoteRequest = z.infer<typeof DemoteRequest>;
export type GrantRequest = z.infer<typeof GrantRequest>;
