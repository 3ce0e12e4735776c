import { STATEFUL } from '../catalogue.ts';
import type { TerraformFinding } from '../finding.ts';
import { type ChangeRule, destroys, found } from '../rule.ts';

/**
 * What protects a resource from a destroy is its prior state: the provider reads these attributes of what exists, and the
 * planned values belong to the resource that comes after.
 */
export const unprotectedDestroy: ChangeRule = (change) => {
  const kind = STATEFUL[change.type];
  if (!kind || !destroys(change)) return [];
  const findings: TerraformFinding[] = [];
  const { before } = change;
  if (kind.skips_snapshot && before[kind.skips_snapshot] === true) {
    findings.push(
      found(change, {
        rule: 'no_final_snapshot',
        severity: 'critical',
        title: `${change.address}: no final snapshot would be taken`,
        body: `In its prior state ${kind.skips_snapshot} is true, so deleting this ${kind.label} leaves nothing to restore from, whatever the planned values say.`,
        path: ['before', kind.skips_snapshot],
        quote: true,
        remedy: `Apply ${kind.skips_snapshot} = false and a final snapshot name to the existing ${kind.label} first, and take a manual snapshot.`,
      }),
    );
  }
  if (kind.protection && isOff(before[kind.protection])) {
    findings.push(
      found(change, {
        rule: 'no_deletion_protection',
        severity: 'high',
        title: `${change.address}: deletion protection is off`,
        body: `In its prior state ${kind.protection} is off, so nothing stops the provider from deleting this ${kind.label}.`,
        path: ['before', kind.protection],
        quote: before[kind.protection],
        remedy: `Switch ${kind.protection} on for the existing ${kind.label} in a change that does nothing else.`,
      }),
    );
  }
  if (kind.deletes_contents && before[kind.deletes_contents] === true) {
    findings.push(
      found(change, {
        rule: 'contents_deleted',
        severity: 'critical',
        title: `${change.address}: a destroy deletes what is inside`,
        body: `In its prior state ${kind.deletes_contents} is true, so the ${kind.label} is emptied and then deleted.`,
        path: ['before', kind.deletes_contents],
        quote: true,
        remedy: `Set ${kind.deletes_contents} = false first; then a destroy of a ${kind.label} that is not empty fails.`,
      }),
    );
  }
  return findings;
};

/** Absent is unknown, not off: older state files do not carry every attribute. */
const isOff = (value: unknown): boolean => value === false || value === 'INACTIVE';
