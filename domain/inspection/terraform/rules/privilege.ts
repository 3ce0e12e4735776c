import type { Severity } from '../../../governance/severity.ts';
import { isObject } from '../../json-pointer.ts';
import type { TerraformFinding } from '../finding.ts';
import type { PlannedChange } from '../plan.ts';
import { policyStatements, quoteMember, type Statement } from '../policy-document.ts';
import { brings, type ChangeRule, found, introduces } from '../rule.ts';

/** Policies that say what their holder may do. Resource policies (KMS keys, buckets) name who may use one resource instead. */
const IDENTITY_POLICIES = new Set([
  'aws_iam_policy',
  'aws_iam_role_policy',
  'aws_iam_user_policy',
  'aws_iam_group_policy',
  'aws_ssoadmin_permission_set_inline_policy',
]);
const ADMIN_POLICIES = /\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;
const ADMIN_ROLES = new Set(['roles/owner', 'roles/editor', 'Owner', 'User Access Administrator']);
const READS = /:(Describe|List|Get|BatchGet|Head|Lookup|View)\w*\*?$/;

interface Verdict {
  rule: 'iam_admin' | 'iam_wildcard';
  severity: Severity;
  key: string;
  value: string;
  what: string;
}

/** What one Allow statement gives away; null when it is bounded by actions or by resources. */
function judge({ effect, actions, not_actions, resources }: Statement): Verdict | null {
  if (effect !== 'Allow') return null;
  const everywhere = resources.includes('*');
  if (actions.includes('*')) {
    return {
      rule: 'iam_admin',
      severity: everywhere ? 'critical' : 'high',
      key: 'Action',
      value: '*',
      what: everywhere ? 'every action on every resource' : 'every action on its resources',
    };
  }
  if (not_actions.length > 0 && everywhere) {
    const value = not_actions[0] ?? '';
    return {
      rule: 'iam_admin',
      severity: 'high',
      key: 'NotAction',
      value,
      what: 'every action but a few, everywhere',
    };
  }
  if (!everywhere) return null;
  const service = actions.find((action) => /^[\w-]+:\*$/.test(action));
  if (service) {
    const identity = /^(iam|sts|organizations):/.test(service);
    return {
      rule: 'iam_wildcard',
      severity: identity ? 'critical' : 'high',
      key: 'Action',
      value: service,
      what: `${service} on every resource`,
    };
  }
  const write = actions.find((action) => !READS.test(action));
  return write
    ? {
        rule: 'iam_wildcard',
        severity: 'medium',
        key: 'Resource',
        value: '*',
        what: `${write} on every resource`,
      }
    : null;
}

function judgePolicy(change: PlannedChange, policy: unknown, path: (string | number)[]): TerraformFinding[] {
  return policyStatements(policy).flatMap((statement) => {
    const verdict = judge(statement);
    if (!verdict) return [];
    return [
      found(change, {
        rule: verdict.rule,
        severity: statement.conditional && verdict.severity === 'critical' ? 'high' : verdict.severity,
        title: `${change.address}: allows ${verdict.what}`,
        body: `An Allow statement of this policy covers ${verdict.what}${statement.conditional ? ', under a condition' : ''}.`,
        path,
        quote: quoteMember(policy, verdict.key, verdict.value),
        remedy: 'Name the actions that the job calls and the ARNs it calls them on.',
      }),
    ];
  });
}

/** An identity gets more rights than a job can need. */
export const privilege: ChangeRule = (change) => {
  if (!brings(change)) return [];
  const { after } = change;
  if (IDENTITY_POLICIES.has(change.type)) {
    const attribute = 'inline_policy' in after ? 'inline_policy' : 'policy';
    return introduces(change, attribute) ? judgePolicy(change, after[attribute], ['after', attribute]) : [];
  }
  if (change.type === 'aws_iam_role' && introduces(change, 'inline_policy')) {
    return (Array.isArray(after.inline_policy) ? after.inline_policy : [])
      .filter(isObject)
      .flatMap((inline, index) =>
        judgePolicy(change, inline.policy, ['after', 'inline_policy', index, 'policy']),
      );
  }
  const attribute = 'policy_arn' in after ? 'policy_arn' : 'role' in after ? 'role' : 'role_definition_name';
  const value = String(after[attribute] ?? '');
  const admin =
    (attribute === 'policy_arn' && ADMIN_POLICIES.test(value)) ||
    (/^(google_.*_iam_|azurerm_role_assignment)/.test(change.type) && ADMIN_ROLES.has(value));
  if (!admin || !introduces(change, attribute)) return [];
  return [
    found(change, {
      rule: 'iam_admin',
      severity: 'critical',
      title: `${change.address}: attaches ${value.split('/').pop()}`,
      body: `${value} gives its holder rights over the whole account or project.`,
      path: ['after', attribute],
      quote: value,
      remedy: 'Attach a policy with the actions and resources that the job needs.',
    }),
  ];
};

/** Policies of a resource that let everyone in. */
export const publicPolicy: ChangeRule = (change) => {
  const attribute = change.type === 'aws_iam_role' ? 'assume_role_policy' : 'policy';
  if (IDENTITY_POLICIES.has(change.type) || !introduces(change, attribute)) return [];
  return policyStatements(change.after[attribute])
    .filter(({ effect, anyone, conditional }) => effect === 'Allow' && anyone && !conditional)
    .slice(0, 1)
    .map(() =>
      found(change, {
        rule: 'public_policy',
        severity: 'high',
        title: `${change.address}: its policy lets everyone in`,
        body: 'An Allow statement names every principal and has no condition.',
        path: ['after', attribute],
        quote: '*',
        remedy: 'Name the accounts or roles that need access, or bound the statement by a condition.',
      }),
    );
};
