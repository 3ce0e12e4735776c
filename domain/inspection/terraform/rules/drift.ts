import type { TerraformFinding } from '../finding.ts';
import { brings, type ChangeRule, found, type PlanRule } from '../rule.ts';

/** Attributes on which other rules decide: unknown, they cannot be judged before apply. */
const DECISIVE = [
  'policy',
  'assume_role_policy',
  'cidr_blocks',
  'cidr_ipv4',
  'ingress',
  'source_ranges',
  'publicly_accessible',
  'storage_encrypted',
  'policy_arn',
];

/** What the plan cannot tell yet, and an apply would decide unseen. */
export const unknownUntilApply: ChangeRule = (change) =>
  brings(change)
    ? DECISIVE.filter((attribute) => change.after_unknown[attribute] === true).map((attribute) =>
        found(change, {
          rule: 'unknown_until_apply',
          severity: 'low',
          title: `${change.address}: ${attribute} is known only after apply`,
          body: `${attribute} depends on another resource, so this review says nothing about it.`,
          path: ['after_unknown', attribute],
          quote: true,
          remedy: `Inspect ${attribute} again after the resources it depends on exist.`,
        }),
      )
    : [];

/** Someone changed the resource outside of Terraform since the last apply. */
export const drifted: PlanRule = ({ drift }): TerraformFinding[] =>
  drift
    .filter(({ action }) => action !== 'no_op')
    .map((change) =>
      found(change, {
        rule: 'drift',
        severity: change.action === 'destroy' ? 'medium' : 'low',
        title: `${change.address}: was ${change.action === 'destroy' ? 'deleted' : 'changed'} outside of Terraform`,
        body: 'What exists differs from the recorded state, so the plan rests on more than the configuration says.',
        path: ['actions', 0],
        quote: change.action === 'destroy' ? 'delete' : 'update',
        remedy: 'Find out who changed it and why, and bring configuration and reality together first.',
      }),
    );
