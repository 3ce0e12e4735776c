import { severityRank } from '../../governance/severity.ts';
import { ok, type Result } from '../../result.ts';
import { scoreOf } from '../score.ts';
import { blastRadius } from './blast-radius.ts';
import type { TerraformInspection } from './finding.ts';
import { type ChangeAction, type PlanError, type PlannedChange, readTerraformPlan } from './plan.ts';
import type { ChangeRule, InspectionOptions, PlanRule } from './rule.ts';
import { clearSecret, clearVariables } from './rules/clear-secrets.ts';
import { drifted, unknownUntilApply } from './rules/drift.ts';
import { openPort } from './rules/open-port.ts';
import { privilege, publicPolicy } from './rules/privilege.ts';
import { unprotectedDestroy } from './rules/protection.ts';
import { publicEndpoint, publicStorage } from './rules/public-access.ts';
import { statefulLost } from './rules/stateful.ts';
import { forbiddenTarget } from './rules/targets.ts';

const CHANGE_RULES: readonly ChangeRule[] = [
  statefulLost,
  unprotectedDestroy,
  openPort,
  publicStorage,
  publicEndpoint,
  privilege,
  publicPolicy,
  clearSecret,
  forbiddenTarget,
  unknownUntilApply,
];
const PLAN_RULES: readonly PlanRule[] = [clearVariables, drifted];

/** One answer stays well below a queue message and a model's patience. */
const MAX_FINDINGS = 500;

const countOf = (changes: readonly PlannedChange[], action: ChangeAction): number =>
  changes.filter((change) => change.action === action).length;

/**
 * SBX-1: judges the JSON of a Terraform plan without running anything. Each finding points at the scalar that decided. Never
 * throws; what is not a plan, or is of another format version, is an error with the reason.
 */
export function inspectTerraformPlan(
  json: unknown,
  options: InspectionOptions = {},
): Result<TerraformInspection, PlanError> {
  const read = readTerraformPlan(json);
  if (!read.ok) return read;
  const plan = read.value;
  const all = [
    ...plan.changes.flatMap((change) => CHANGE_RULES.flatMap((rule) => rule(change, options))),
    ...PLAN_RULES.flatMap((rule) => rule(plan)),
  ].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  return ok({
    format_version: plan.format_version,
    terraform_version: plan.terraform_version,
    counts: {
      create: countOf(plan.changes, 'create'),
      update: countOf(plan.changes, 'update'),
      replace: countOf(plan.changes, 'replace'),
      destroy: countOf(plan.changes, 'destroy'),
      no_op: countOf(plan.changes, 'no_op'),
      read: countOf(plan.changes, 'read'),
    },
    blast_radius: blastRadius(plan),
    score: scoreOf(all),
    findings: all.slice(0, MAX_FINDINGS),
    findings_left_off: Math.max(0, all.length - MAX_FINDINGS),
  });
}
