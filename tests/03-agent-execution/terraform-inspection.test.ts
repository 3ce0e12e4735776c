import { describe, expect, it } from 'vitest';
import { type InspectionOptions, inspectTerraformPlan } from '#domain/inspection/index.ts';
import { resolvePointer } from '#domain/inspection/json-pointer.ts';

type Json = Record<string, unknown>;
interface Change {
  type: string;
  mode?: string;
  actions?: string[];
  before?: Json | null;
  after?: Json | null;
  extra?: Json;
}

/** A plan with the given changes; the n-th is at `/resource_changes/n`. */
const planOf = (...changes: Change[]) => ({
  format_version: '1.2',
  terraform_version: '1.9.8',
  resource_changes: changes.map(
    ({ type, mode = 'managed', actions = ['create'], before = null, after = {}, extra }) => ({
      address: `${type}.it`,
      mode,
      type,
      name: 'it',
      change: { actions, before, after, after_unknown: {}, ...extra },
    }),
  ),
});

function inspect(plan: unknown, options?: InspectionOptions) {
  const result = inspectTerraformPlan(plan, options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
const rulesOf = (...changes: Change[]) => inspect(planOf(...changes)).findings.map(({ rule }) => rule);
const findingsOf = (...changes: Change[]) => inspect(planOf(...changes)).findings;

const policy = (...statements: Json[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const ingress = (after: Json): Change => ({
  type: 'aws_security_group_rule',
  after: { type: 'ingress', protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'], ...after },
});

describe('what destroys data', () => {
  it.each([
    ['aws_rds_cluster', ['delete'], 'stateful_destroyed'],
    ['aws_dynamodb_table', ['delete', 'create'], 'stateful_replaced'],
    ['aws_ebs_volume', ['create', 'delete'], 'stateful_replaced'],
    ['google_sql_database_instance', ['delete'], 'stateful_destroyed'],
  ])('SBX-1: %s with %j is %s, and the pointer leads to the delete', (type, actions, rule) => {
    const plan = planOf({ type, actions, before: {}, after: null });
    const [finding] = inspect(plan).findings;
    expect(finding?.rule).toBe(rule);
    expect(resolvePointer(plan, finding?.pointer ?? '')).toBe('delete');
  });

  it('SBX-1: a replacement names the attribute that forces it', () => {
    const [finding] = findingsOf({
      type: 'aws_rds_cluster',
      actions: ['delete', 'create'],
      before: {},
      extra: { replace_paths: [['engine_mode']] },
    });
    expect(finding).toMatchObject({
      quote: 'engine_mode',
      pointer: '/resource_changes/0/change/replace_paths/0/0',
    });
  });

  it('SBX-1: protection is read from what exists; an attribute that is absent accuses nobody', () => {
    const lost = { type: 'aws_db_instance', actions: ['delete'], after: null };
    expect(rulesOf({ ...lost, before: { skip_final_snapshot: true, deletion_protection: false } })).toEqual([
      'stateful_destroyed',
      'no_final_snapshot',
      'no_deletion_protection',
    ]);
    expect(rulesOf({ ...lost, before: {} })).toEqual(['stateful_destroyed']);
    expect(
      rulesOf({ type: 'aws_s3_bucket', actions: ['delete'], before: { force_destroy: true }, after: null }),
    ).toEqual(['stateful_destroyed', 'contents_deleted']);
  });

  it('SBX-1: a resource without data may be replaced, and an update in place destroys nothing', () => {
    expect(rulesOf({ type: 'aws_ecs_task_definition', actions: ['delete', 'create'], before: {} })).toEqual(
      [],
    );
    expect(
      rulesOf({
        type: 'aws_db_instance',
        actions: ['update'],
        before: { skip_final_snapshot: true, deletion_protection: false, tags: {} },
        after: { skip_final_snapshot: true, deletion_protection: false, tags: { a: 'b' } },
      }),
    ).toEqual([]);
  });
});

describe('what is open', () => {
  it.each([
    ['one port', { from_port: 5432, to_port: 5432 }, 'high'],
    ['a range around it', { from_port: 3000, to_port: 4000 }, 'high'],
    ['every protocol', { protocol: '-1', from_port: 0, to_port: 0 }, 'critical'],
    ['IPv6', { from_port: 22, to_port: 22, cidr_blocks: [], ipv6_cidr_blocks: ['::/0'] }, 'high'],
  ])('SBX-1: a port that belongs inside is open to the world: %s', (_, after, severity) => {
    const findings = findingsOf(ingress(after));
    expect(findings.map(({ rule }) => rule)).toEqual(['open_port']);
    expect(findings[0]?.severity).toBe(severity);
  });

  it('SBX-1: the pointer leads to the one address among others', () => {
    const [finding] = findingsOf(
      ingress({ from_port: 6379, to_port: 6379, cidr_blocks: ['10.0.0.0/8', '0.0.0.0/0'] }),
    );
    expect(finding?.pointer).toBe('/resource_changes/0/change/after/cidr_blocks/1');
  });

  it('SBX-1: web ports, private ranges, egress and rules that were there before are left alone', () => {
    expect(rulesOf(ingress({ from_port: 443, to_port: 443 }))).toEqual([]);
    expect(rulesOf(ingress({ from_port: 5432, to_port: 5432, cidr_blocks: ['10.20.0.0/16'] }))).toEqual([]);
    expect(rulesOf(ingress({ type: 'egress', from_port: 0, to_port: 65535 }))).toEqual([]);
    const open = { type: 'ingress', protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'], from_port: 22, to_port: 22 };
    expect(
      rulesOf({
        type: 'aws_security_group_rule',
        actions: ['update'],
        before: { ...open, description: 'a' },
        after: { ...open, description: 'b' },
      }),
    ).toEqual([]);
  });

  it('SBX-1: other clouds and inline rules are understood', () => {
    expect(
      rulesOf(
        {
          type: 'google_compute_firewall',
          after: {
            direction: 'INGRESS',
            source_ranges: ['0.0.0.0/0'],
            allow: [{ protocol: 'tcp', ports: ['3000-3400'] }],
          },
        },
        {
          type: 'azurerm_network_security_rule',
          after: {
            direction: 'Inbound',
            access: 'Allow',
            source_address_prefix: '*',
            destination_port_range: '3389',
          },
        },
        {
          type: 'aws_security_group',
          after: {
            ingress: [{ protocol: 'tcp', from_port: 27017, to_port: 27017, cidr_blocks: ['0.0.0.0/0'] }],
          },
        },
      ),
    ).toEqual(['open_port', 'open_port', 'open_port']);
  });

  it('SBX-1: public buckets, public databases and policies for everyone', () => {
    const everyone = policy({
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::b/*',
    });
    expect(
      rulesOf(
        { type: 'aws_s3_bucket_acl', after: { acl: 'public-read' } },
        {
          type: 'aws_s3_bucket_public_access_block',
          after: { block_public_acls: false, block_public_policy: true },
        },
        { type: 'aws_db_instance', after: { publicly_accessible: true } },
        { type: 'aws_s3_bucket_policy', after: { policy: everyone } },
      ),
    ).toEqual(['public_storage', 'public_storage', 'public_endpoint', 'public_policy']);
    expect(rulesOf({ type: 'aws_s3_bucket_acl', after: { acl: 'private' } })).toEqual([]);
  });
});

describe('what is too mighty', () => {
  const role = (...statements: Json[]): Change => ({
    type: 'aws_iam_role_policy',
    after: { policy: policy(...statements) },
  });

  it.each([
    ['everything', { Effect: 'Allow', Action: '*', Resource: '*' }, 'iam_admin', 'critical'],
    [
      'everything on a bucket',
      { Effect: 'Allow', Action: ['*'], Resource: 'arn:aws:s3:::b' },
      'iam_admin',
      'high',
    ],
    ['a whole service', { Effect: 'Allow', Action: 's3:*', Resource: '*' }, 'iam_wildcard', 'high'],
    ['identities', { Effect: 'Allow', Action: ['iam:*'], Resource: ['*'] }, 'iam_wildcard', 'critical'],
    [
      'a write anywhere',
      { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' },
      'iam_wildcard',
      'medium',
    ],
    ['all but', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }, 'iam_admin', 'high'],
  ])('SBX-1: %s', (_, statement, rule, severity) => {
    expect(findingsOf(role(statement))).toMatchObject([{ rule, severity }]);
  });

  it('SBX-1: the quote is the words of the policy that decided', () => {
    const [finding] = findingsOf(role({ Effect: 'Allow', Action: ['logs:Put', '*'], Resource: '*' }));
    expect(finding?.quote).toBe('"Action":["logs:Put","*"');
  });

  it('SBX-1: a Deny, reads, one bucket’s objects, and a key’s own policy are no privilege', () => {
    expect(
      rulesOf(
        role({ Effect: 'Deny', Action: '*', Resource: '*' }),
        role({ Effect: 'Allow', Action: ['ec2:Describe*', 's3:ListAllMyBuckets'], Resource: '*' }),
        role({ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::b/*' }),
        {
          type: 'aws_kms_key',
          after: {
            policy: policy({
              Effect: 'Allow',
              Principal: { AWS: 'arn:aws:iam::1:root' },
              Action: 'kms:*',
              Resource: '*',
            }),
          },
        },
      ),
    ).toEqual([]);
  });

  it('SBX-1: administrators by attachment', () => {
    expect(
      rulesOf(
        {
          type: 'aws_iam_role_policy_attachment',
          after: { policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
        },
        { type: 'google_project_iam_member', after: { role: 'roles/owner' } },
        {
          type: 'aws_iam_role_policy_attachment',
          after: { policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
        },
      ),
    ).toEqual(['iam_admin', 'iam_admin']);
  });
});

describe('what is readable', () => {
  const SECRET = 'tangerine-4711-sky';

  it.each([
    ['an attribute', { password: SECRET }],
    [
      'an environment list in a JSON string',
      { container_definitions: JSON.stringify([{ environment: [{ name: 'API_KEY', value: SECRET }] }]) },
    ],
    ['a script', { user_data: `#!/bin/sh\nexport DB_PASSWORD=${SECRET}\n` }],
    ['a script in base64', { user_data_base64: btoa(`#!/bin/sh\nexport DB_PASSWORD=${SECRET}\n`) }],
    ['an address', { connection: `postgres://app:${SECRET}@db.internal/app` }],
    ['a nested object', { settings: [{ client_secret: SECRET }] }],
  ])('SBX-1 SEC-3: a secret in %s is found and never repeated', (_, after) => {
    const inspection = inspect(planOf({ type: 'aws_instance', after }));
    expect(inspection.findings).toMatchObject([{ rule: 'secret_in_clear', quote: '[redacted]' }]);
    expect(JSON.stringify(inspection)).not.toContain(SECRET);
  });

  it('SBX-1: marked values, references, settings and prose are no secrets in clear', () => {
    expect(
      rulesOf(
        {
          type: 'aws_db_instance',
          after: { password: SECRET },
          extra: { after_sensitive: { password: true } },
        },
        { type: 'aws_db_instance', after: { password: null, manage_master_user_password: true } },
        {
          type: 'aws_ecs_task_definition',
          after: {
            secrets: [{ name: 'DB_PASSWORD', valueFrom: 'arn:aws:secretsmanager:eu:1:secret:db-x1' }],
          },
        },
        {
          type: 'aws_db_parameter_group',
          after: { parameter: [{ name: 'password_encryption', value: 'scram-sha-256' }] },
        },
        {
          type: 'aws_secretsmanager_secret',
          after: { description: 'password=rotated-every-30-days', name: 'db' },
        },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax.
        { type: 'helm_release', after: { password: '${random_password.db.result}' } },
      ),
    ).toEqual([]);
  });

  it('SBX-1: an input variable that is not declared sensitive', () => {
    const plan = {
      ...planOf(),
      variables: { db_password: { value: SECRET }, region: { value: 'eu-central-1' } },
    };
    expect(inspect(plan).findings).toMatchObject([
      { rule: 'secret_in_clear', pointer: '/variables/db_password/value' },
    ]);
    const declared = {
      ...plan,
      configuration: { root_module: { variables: { db_password: { sensitive: true } } } },
    };
    expect(inspect(declared).findings).toEqual([]);
  });
});

describe('what may not be touched', () => {
  it('SBX-1 GOV-1: names and parts of names that match the forbidden patterns', () => {
    expect(
      rulesOf(
        {
          type: 'aws_route53_record',
          actions: ['update'],
          before: {},
          after: { name: 'db.prod-shop.internal' },
        },
        { type: 'aws_db_instance', after: { identifier: 'staging-db-7' } },
        {
          type: 'aws_db_instance',
          actions: ['update'],
          before: {},
          after: { identifier: 'sandbox-db', tags: { peer: 'prod-shop' } },
        },
        { type: 'aws_vpc', mode: 'data', actions: ['read'], after: { name: 'prod-vpc' } },
        { type: 'aws_vpc', mode: 'data', actions: ['delete'], before: { name: 'prod-vpc' } },
        { type: 'aws_vpc', actions: ['no-op'], before: { name: 'prod-vpc' }, after: { name: 'prod-vpc' } },
      ),
    ).toEqual(['forbidden_target', 'forbidden_target']);
  });

  it('SBX-1: a deletion is judged by the name that is deleted', () => {
    const [finding] = findingsOf({
      type: 'aws_sqs_queue',
      actions: ['delete'],
      before: { name: 'prod-orders' },
      after: null,
    });
    expect(finding).toMatchObject({
      rule: 'forbidden_target',
      pointer: '/resource_changes/0/change/before/name',
    });
  });

  it('SBX-1: the patterns are an option', () => {
    const plan = planOf(
      { type: 'aws_sqs_queue', after: { name: 'prod-orders' } },
      { type: 'aws_sqs_queue', after: { name: 'gold.x' } },
    );
    const findings = inspect(plan, { forbidden_targets: ['gold'] }).findings;
    expect(findings.map(({ quote }) => quote)).toEqual(['gold.x']);
  });
});

describe('the whole', () => {
  it('SBX-1: counts, dependents and level of the blast radius', () => {
    const plan = {
      ...planOf(
        { type: 'aws_db_instance', actions: ['delete', 'create'], before: {} },
        { type: 'aws_sqs_queue' },
      ),
      configuration: {
        root_module: {
          resources: [
            {
              address: 'aws_route53_record.a',
              expressions: { records: { references: ['aws_db_instance.it.address'] } },
            },
            {
              address: 'aws_ssm_parameter.b',
              expressions: { value: { references: ['aws_route53_record.a.fqdn'] } },
            },
            { address: 'aws_sqs_queue.it', expressions: { name: { constant_value: 'q' } } },
          ],
        },
      },
    };
    expect(inspect(plan)).toMatchObject({
      counts: { create: 1, replace: 1 },
      blast_radius: {
        changed: 2,
        destroyed: 1,
        stateful_destroyed: 1,
        dependents: ['aws_route53_record.a', 'aws_ssm_parameter.b'],
        level: 'high',
      },
    });
  });

  it('SBX-1: the score grows with what is found and stays within 0 and 100', () => {
    const open = ingress({ from_port: 22, to_port: 22 });
    const scores = [[], [open], [open, open], Array.from({ length: 60 }, () => open)].map(
      (changes) => inspect(planOf(...changes)).score,
    );
    expect(scores[0]).toBe(0);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(new Set(scores).size).toBe(4);
    expect(scores[3]).toBe(100);
  });

  it('SBX-1: drift, and what is unknown until apply', () => {
    const plan = {
      ...planOf({ type: 'aws_iam_policy', after: {}, extra: { after_unknown: { policy: true, arn: true } } }),
      resource_drift: planOf({ type: 'aws_sqs_queue', actions: ['delete'], before: {}, after: null })
        .resource_changes,
    };
    expect(inspect(plan).findings.map(({ rule, pointer }) => [rule, pointer])).toEqual([
      ['drift', '/resource_drift/0/change/actions/0'],
      ['unknown_until_apply', '/resource_changes/0/change/after_unknown/policy'],
    ]);
  });

  it('SEC-2: what is no plan is a clear error, never a throw', () => {
    for (const nonsense of [
      null,
      7,
      [],
      {},
      { format_version: '1.2', resource_changes: 'x' },
      { format_version: '1.2', resource_changes: [{ address: 'a' }] },
    ]) {
      expect(inspectTerraformPlan(nonsense)).toMatchObject({
        ok: false,
        error: { code: 'not_a_terraform_plan' },
      });
    }
    expect(inspectTerraformPlan({ format_version: '2.0', resource_changes: [] })).toMatchObject({
      ok: false,
      error: { code: 'unsupported_format_version' },
    });
  });

  it('SEC-2: a plan that is nested without end is an error', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    const plan = {
      ...planOf({ type: 'aws_sqs_queue', after: { deep } }),
      configuration: { root_module: { resources: [deep] } },
    };
    expect(inspectTerraformPlan(plan)).toMatchObject({ ok: false, error: { code: 'not_a_terraform_plan' } });
  });

  it('SBX-1: hundreds of findings are cut off and counted', () => {
    const many = Array.from({ length: 510 }, () => ingress({ from_port: 22, to_port: 22 }));
    const { findings, findings_left_off } = inspect(planOf(...many));
    expect([findings.length, findings_left_off]).toEqual([500, 10]);
  });
});
