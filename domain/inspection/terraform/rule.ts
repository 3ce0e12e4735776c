import type { Severity } from '../../governance/severity.ts';
import { pointer } from '../json-pointer.ts';
import type { TerraformFinding, TerraformRule } from './finding.ts';
import type { PlannedChange, TerraformPlan } from './plan.ts';

export interface InspectionOptions {
  /** Names that may not be touched, `*` for any run of characters; default GOV-1's. */
  forbidden_targets?: readonly string[];
}

/** A rule looks at one change, and only at that: its verdict is the same whatever else the plan holds. */
export type ChangeRule = (change: PlannedChange, options: InspectionOptions) => TerraformFinding[];
/** A rule about the document as a whole. */
export type PlanRule = (plan: TerraformPlan) => TerraformFinding[];

/** Changes whose `after` will exist because of this plan. */
export const brings = (change: PlannedChange): boolean =>
  change.mode === 'managed' && ['create', 'update', 'replace'].includes(change.action);

export const destroys = (change: PlannedChange): boolean =>
  change.mode === 'managed' && (change.action === 'destroy' || change.action === 'replace');

/** An update that leaves a value as it was has not caused it: only what the plan itself brings about is held against it. */
export const introduces = (change: PlannedChange, attribute: string): boolean =>
  brings(change) &&
  (change.action !== 'update' ||
    JSON.stringify(change.before[attribute]) !== JSON.stringify(change.after[attribute]));

export interface Found {
  rule: TerraformRule;
  severity: Severity;
  title: string;
  body: string;
  /** Tokens below `/…/change`. */
  path: (string | number)[];
  quote: unknown;
  remedy: string;
}

const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`;

/** The finding as it travels: located, and within its limits. */
export const found = (
  change: PlannedChange,
  { rule, severity, title, body, path, quote, remedy }: Found,
): TerraformFinding => ({
  rule,
  severity,
  title: clip(title, 300),
  body: clip(body, 4_000),
  address: change.address,
  pointer: pointer(...change.at, 'change', ...path).slice(0, 500),
  quote: String(quote).slice(0, 500),
  remedy: clip(remedy, 1_000),
});
