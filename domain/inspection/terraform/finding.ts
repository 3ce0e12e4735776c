import * as z from 'zod';
import { SEVERITIES } from '../../governance/severity.ts';

/** SBX-1: what can be wrong with a Terraform plan. The ids are stable: tests, policies and dashboards name them. */
export const TERRAFORM_RULES = [
  'stateful_destroyed',
  'stateful_replaced',
  'no_final_snapshot',
  'no_deletion_protection',
  'contents_deleted',
  'open_port',
  'public_storage',
  'public_endpoint',
  'public_policy',
  'iam_admin',
  'iam_wildcard',
  'secret_in_clear',
  'forbidden_target',
  'drift',
  'unknown_until_apply',
] as const;
export type TerraformRule = (typeof TERRAFORM_RULES)[number];

export const TerraformFinding = z.strictObject({
  rule: z.enum(TERRAFORM_RULES),
  severity: z.enum(SEVERITIES),
  title: z.string().max(300),
  body: z.string().max(4_000),
  /** Terraform's resource address; empty for what belongs to no resource (input variables). */
  address: z.string().max(500),
  /** RFC 6901 pointer into the plan document, to the scalar that decided. */
  pointer: z.string().max(500),
  /** The value found there, or the part of it that decided; `[redacted]` for a secret. */
  quote: z.string().max(500),
  remedy: z.string().max(1_000),
});
export type TerraformFinding = z.infer<typeof TerraformFinding>;

const count = z.int().min(0);

export const TerraformInspection = z.strictObject({
  format_version: z.string().max(20),
  terraform_version: z.string().max(40).nullable(),
  counts: z.strictObject({
    create: count,
    update: count,
    replace: count,
    destroy: count,
    no_op: count,
    read: count,
  }),
  blast_radius: z.strictObject({
    /** Resources that change; reads and no-ops are none. */
    changed: count,
    /** Destroyed or replaced. */
    destroyed: count,
    /** Of these, the ones that hold data. */
    stateful_destroyed: count,
    /** Resources whose configuration refers, directly or through others, to a destroyed one. */
    dependents: z.array(z.string().max(500)).max(200),
    level: z.enum(['none', 'low', 'medium', 'high']),
  }),
  /** 0 nothing found, 100 the worst. */
  score: z.int().min(0).max(100),
  /** Severest first, then in the plan's order. */
  findings: z.array(TerraformFinding).max(500),
  /** Findings beyond the limit above; 0 almost always. */
  findings_left_off: count,
});
export type TerraformInspection = z.infer<typeof TerraformInspection>;

export const REDACTED = '[redacted]';
