import * as z from 'zod';
import { err, ok, type Result } from '../../result.ts';
import { isObject, isShallow, type JsonObject } from '../json-pointer.ts';

/** What `terraform show -json PLAN` writes, as far as it is judged here; unknown fields are left alone, as its format asks. */
const Change = z.looseObject({
  actions: z.array(z.enum(['no-op', 'create', 'read', 'update', 'delete', 'forget'])).min(1),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: z.unknown().optional(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).optional(),
});

const ResourceChange = z.looseObject({
  address: z.string().min(1).max(500),
  mode: z.enum(['managed', 'data']).default('managed'),
  type: z.string().min(1).max(200),
  name: z.string().max(200).default(''),
  action_reason: z.string().optional(),
  change: Change,
});

const PlanDocument = z.looseObject({
  format_version: z.string(),
  terraform_version: z.string().optional(),
  resource_changes: z.array(ResourceChange).max(20_000).default([]),
  resource_drift: z.array(ResourceChange).max(20_000).default([]),
});

export type ChangeAction = 'create' | 'update' | 'replace' | 'destroy' | 'no_op' | 'read';

/** One resource's change, flattened to what rules ask for. */
export interface PlannedChange {
  address: string;
  type: string;
  mode: 'managed' | 'data';
  action: ChangeAction;
  /** Attributes before and after; empty objects where there is none. */
  before: JsonObject;
  after: JsonObject;
  after_unknown: JsonObject;
  /** True or a tree of true: what the provider marks as sensitive. */
  after_sensitive: unknown;
  replace_paths: (string | number)[][];
  /** Where `delete` stands among the actions (last when the new one is created first); -1 without one. */
  delete_at: number;
  /** Tokens of the JSON pointer to this entry. */
  at: readonly [string, number];
}

export interface TerraformPlan {
  format_version: string;
  terraform_version: string | null;
  changes: PlannedChange[];
  drift: PlannedChange[];
  /** The whole document, for what is not a resource change (variables, configuration). */
  document: JsonObject;
}

export type PlanError = { code: 'not_a_terraform_plan' | 'unsupported_format_version'; message: string };

function actionOf(actions: string[]): ChangeAction {
  const has = (name: string) => actions.includes(name);
  if (has('create') && has('delete')) return 'replace';
  if (has('delete')) return 'destroy';
  if (has('create')) return 'create';
  if (has('update')) return 'update';
  return has('read') ? 'read' : 'no_op';
}

const objectOr = (value: unknown): JsonObject => (isObject(value) ? value : {});

const flatten =
  (list: string) =>
  (entry: z.infer<typeof ResourceChange>, index: number): PlannedChange => ({
    address: entry.address,
    type: entry.type,
    mode: entry.mode,
    action: actionOf(entry.change.actions),
    before: objectOr(entry.change.before),
    after: objectOr(entry.change.after),
    after_unknown: objectOr(entry.change.after_unknown),
    after_sensitive: entry.change.after_sensitive ?? false,
    replace_paths: entry.change.replace_paths ?? [],
    delete_at: entry.change.actions.indexOf('delete'),
    at: [list, index],
  });

/** True for a document that means to be a Terraform plan, whether or not it is a valid one. */
export const looksLikeTerraformPlan = (json: unknown): boolean =>
  isObject(json) &&
  typeof json.format_version === 'string' &&
  ('resource_changes' in json || 'planned_values' in json);

export function readTerraformPlan(json: unknown): Result<TerraformPlan, PlanError> {
  if (!isShallow(json)) {
    return err({ code: 'not_a_terraform_plan', message: 'The document is nested deeper than 100 levels' });
  }
  const parsed = PlanDocument.safeParse(json);
  if (!parsed.success || !looksLikeTerraformPlan(json)) {
    const issue = parsed.error?.issues[0];
    const where = issue ? `: ${issue.message} at /${issue.path.join('/')}` : '';
    return err({
      code: 'not_a_terraform_plan',
      message: `Expected the output of \`terraform show -json PLANFILE\`${where}`,
    });
  }
  const plan = parsed.data;
  if (!/^1\.\d+$/.test(plan.format_version)) {
    return err({
      code: 'unsupported_format_version',
      message: `Format version ${plan.format_version.slice(0, 20)} is not understood; 1.x is (Terraform 1.2 and later)`,
    });
  }
  return ok({
    format_version: plan.format_version,
    terraform_version: plan.terraform_version?.slice(0, 40) ?? null,
    changes: plan.resource_changes.map(flatten('resource_changes')),
    drift: plan.resource_drift.map(flatten('resource_drift')),
    document: objectOr(json),
  });
}
