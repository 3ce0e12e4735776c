import * as z from 'zod';
import { GATE_MODES } from '#domain/governance/permit.ts';
import { SEVERITIES } from '#domain/governance/severity.ts';
import { DECISIONS } from '#domain/pipeline/event/actions.ts';
import { GivenId, GivenTime, Limit, page, Reason, Sha256, Time } from './primitives.ts';
import { PlanFinding } from './requests.ts';

/** Characters; the gate's own limit is in bytes and says so in a finding. */
const PolicyText = z.string().max(64 * 1024);

/** GOV-4: one published version of a tenant's own policies. It never changes. */
export const PolicyVersion = z
  .object({
    version: z.int(),
    sha256: Sha256,
    note: z.string(),
    published_by: z.string(),
    published_at: Time,
    policies: z.int(),
    /** In force. */
    current: z.boolean(),
  })
  .meta({ id: 'PolicyVersion' });
export type PolicyVersion = z.infer<typeof PolicyVersion>;
export const PolicyVersionPage = page(PolicyVersion).meta({ id: 'PolicyVersionPage' });

export const PolicyVersionText = PolicyVersion.extend({ cedar: z.string() }).meta({
  id: 'PolicyVersionText',
});
export type PolicyVersionText = z.infer<typeof PolicyVersionText>;

/** What judges now: the built-in set, which every tenant has, and the tenant's own version. */
export const PoliciesInForce = z
  .object({
    policy_version: z.string(),
    sha256: Sha256,
    built_in: z.object({ version: z.string(), limits: z.string(), permits: z.string(), schema: z.string() }),
    own: PolicyVersionText.nullable(),
    projects: z.array(z.object({ project_id: z.string(), mode: z.enum(GATE_MODES) })),
  })
  .meta({ id: 'PoliciesInForce' });
export type PoliciesInForce = z.infer<typeof PoliciesInForce>;

export const PolicyCheckRequest = z.strictObject({ cedar: PolicyText });
export const PolicyCheckResult = z
  .object({
    ok: z.boolean(),
    findings: z.array(PlanFinding),
    policies: z.array(
      z.object({
        id: z.string(),
        effect: z.enum(['permit', 'forbid']),
        decision: z.enum(DECISIONS),
        severity: z.enum(SEVERITIES).nullable(),
        labels: z.array(z.string()),
      }),
    ),
    sha256: Sha256,
  })
  .meta({ id: 'PolicyCheckResult' });
export type PolicyCheckResult = z.infer<typeof PolicyCheckResult>;

export const PublishPolicyRequest = z.strictObject({
  cedar: PolicyText,
  note: Reason,
  /** The version that was in force when the text was written; another one by now is refused. */
  expected_version: z.int().min(0).optional(),
});

/** Without `cedar`: what the policies in force would say today. */
export const BacktestRequest = z.strictObject({
  cedar: PolicyText.optional(),
  since: GivenTime.optional(),
  pipeline_id: GivenId.optional(),
  limit: Limit.optional(),
});
const Said = z.object({ decision: z.enum(DECISIONS), determining: z.array(z.string()) });
export const BacktestResult = z
  .object({
    /** Actions judged again, and those recorded without the facts they were judged on. */
    examined: z.int(),
    skipped: z.int(),
    /** There are more recorded actions than were looked at. */
    truncated: z.boolean(),
    stricter: z.int(),
    looser: z.int(),
    changes: z.array(
      z.object({
        action_id: z.string(),
        pipeline_id: z.string(),
        at: Time,
        tool: z.string(),
        target: z.string(),
        direction: z.enum(['stricter', 'looser']),
        was: Said.extend({ policy_version: z.string() }),
        would_be: Said.extend({ reason: z.string(), remedy: z.string().nullable() }),
      }),
    ),
  })
  .meta({ id: 'BacktestResult' });
export type BacktestResult = z.infer<typeof BacktestResult>;

/** GOV-10: what a project that observes let happen, and what enforcing would have said. */
export const PolicyReportQuery = z.strictObject({
  project_id: z.string().max(80).optional(),
  since: GivenTime.optional(),
  limit: Limit.optional(),
});
export const PolicyReport = z
  .object({
    examined: z.int(),
    truncated: z.boolean(),
    items: z.array(
      z.object({
        action_id: z.string(),
        pipeline_id: z.string(),
        project_id: z.string(),
        at: Time,
        tool: z.string(),
        target: z.string(),
        would_be: z.enum(['deny', 'require_approval']),
        determining: z.array(z.string()),
        reason: z.string(),
        remedy: z.string().nullable(),
        policy_version: z.string(),
      }),
    ),
  })
  .meta({ id: 'PolicyReport' });
export type PolicyReport = z.infer<typeof PolicyReport>;

export const ProjectModeRequest = z.strictObject({ mode: z.enum(GATE_MODES), reason: Reason });
export const ProjectMode = z
  .object({ project_id: z.string(), mode: z.enum(GATE_MODES) })
  .meta({ id: 'ProjectMode' });
export type ProjectMode = z.infer<typeof ProjectMode>;
