import { STATEFUL } from '../catalogue.ts';
import type { TerraformFinding } from '../finding.ts';
import type { PlannedChange } from '../plan.ts';
import { type ChangeRule, destroys, found } from '../rule.ts';

/** Where the plan says why: the attribute that forces a replacement, else the delete itself. */
function cause(change: PlannedChange): { path: (string | number)[]; quote: string | number } {
  const [first] = change.replace_paths;
  const attribute = first?.[0];
  if (change.action === 'replace' && attribute !== undefined) {
    return { path: ['replace_paths', 0, 0], quote: attribute };
  }
  return { path: ['actions', change.delete_at], quote: 'delete' };
}

/** A resource that holds data is deleted, or deleted and made anew empty. */
export const statefulLost: ChangeRule = (change): TerraformFinding[] => {
  const kind = STATEFUL[change.type];
  if (!kind || !destroys(change)) return [];
  const { path, quote } = cause(change);
  const replaced = change.action === 'replace';
  const attribute = replaced && path[0] === 'replace_paths' ? quote : null;
  return [
    found(change, {
      rule: replaced ? 'stateful_replaced' : 'stateful_destroyed',
      severity: 'critical',
      title: replaced
        ? `${change.address}: ${kind.label} is replaced${attribute ? ` because ${attribute} cannot change in place` : ''}`
        : `${change.address}: ${kind.label} is destroyed`,
      body: replaced
        ? `The plan deletes this ${kind.label} and creates an empty one in its place. The data in it is not carried over.`
        : `The plan deletes this ${kind.label} and the data in it.`,
      path,
      quote,
      remedy: replaced
        ? 'Migrate instead: make a copy with the new setting from a snapshot, cut over to it, and only then retire the old resource in a change of its own.'
        : 'Take and test a backup, and confirm with the data owner before the resource is removed in a change of its own.',
    }),
  ];
};
