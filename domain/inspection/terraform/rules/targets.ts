import { DEFAULT_FORBIDDEN_TARGETS, NAMING_ATTRIBUTES } from '../catalogue.ts';
import type { TerraformFinding } from '../finding.ts';
import type { PlannedChange } from '../plan.ts';
import { type ChangeRule, found } from '../rule.ts';

const pattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i');

/** A name and its parts: `db.prod-shop.example` acts on `prod-shop` as much as a resource of that name does. */
const parts = (value: string): string[] => [value, ...value.split(/[./:@]/).filter((part) => part !== '')];

/** GOV-1: a change that acts on a target nobody may touch. Reads, and text about a resource, are no acts. */
export const forbiddenTarget: ChangeRule = (change, options): TerraformFinding[] => {
  if (change.mode === 'data' || change.action === 'read' || change.action === 'no_op') return [];
  const forbidden = options.forbidden_targets ?? DEFAULT_FORBIDDEN_TARGETS;
  const side = change.action === 'destroy' ? 'before' : 'after';
  for (const attribute of NAMING_ATTRIBUTES) {
    const value = nameAt(change, side, attribute);
    if (value === null) continue;
    const glob = forbidden.find((candidate) => parts(value).some((part) => pattern(candidate).test(part)));
    if (glob === undefined) continue;
    return [
      found(change, {
        rule: 'forbidden_target',
        severity: 'critical',
        title: `${change.address}: acts on ${value}, a forbidden target`,
        body: `${attribute} "${value}" matches ${glob}, which this plan may not touch.`,
        path: [side, attribute],
        quote: value,
        remedy: 'Take this change out of the plan; it belongs to the owners of that environment.',
      }),
    ];
  }
  return [];
};

function nameAt(change: PlannedChange, side: 'before' | 'after', attribute: string): string | null {
  const value = change[side][attribute];
  return typeof value === 'string' && value !== '' ? value : null;
}
