export { DEFAULT_FORBIDDEN_TARGETS } from './catalogue.ts';
export {
  REDACTED,
  TERRAFORM_RULES,
  TerraformFinding,
  TerraformInspection,
  type TerraformRule,
} from './finding.ts';
export { inspectTerraformPlan } from './inspect.ts';
export { looksLikeTerraformPlan, type PlanError } from './plan.ts';
export type { InspectionOptions } from './rule.ts';
