import { describe, expect, it } from 'vitest';
import { judgeUrl } from '#domain/governance/egress.ts';
import type { GateFacts, ToolRule } from '#domain/governance/gate.ts';
import { allowedTarget, forbiddenAction, forbiddenTarget } from '#domain/governance/targets.ts';
import { createGate } from '#workers/policy/index.ts';
import { TOOL_RULES } from '#workers/steps/tools/index.ts';

/** No built-in tool acts yet; the rules for those that do are proven with one that would. */
const restart: ToolRule = {
  name: 'restart_service',
  min_tier: 1,
  effect: 'once',
  external: false,
  acts: true,
  check: (args) => (typeof args.service === 'string' ? null : 'service: expected a string'),
  target: (args) => String(args.service ?? ''),
};
const config = {
  tools: new Map([...TOOL_RULES, [restart.name, restart]]),
  egress: { allow: ['docs.example.com'] },
};

const gate = createGate(config);
const judge = (asked: GateFacts, under = config) => createGate(under).judgeUnder(asked, null);

const facts = (more: Partial<GateFacts>): GateFacts => ({
  version: 7,
  tenant: 'acme',
  tier: 1,
  tool: 'memory_search',
  arguments: { query: 'encryption' },
  target: 'memory',
  origin: [],
  actions_left: 10,
  gate_closed: false,
  project_id: 'prj_1',
  agent_id: 'ag_1',
  role: 'ALPHA',
  labels: [],
  approved_under: null,
  policy: 'builtin',
  mode: 'enforce',
  ...more,
});
const act = (service: string, more: Partial<GateFacts> = {}) =>
  judge(facts({ tool: 'restart_service', arguments: { service }, target: service, ...more }), config);

describe('the gate', () => {
  it('GOV-2: arguments of 64 KiB are judged, one character more is refused', () => {
    const length = (n: number) => {
      const query = 'x'.repeat(n - JSON.stringify({ query: '' }).length);
      return judge(facts({ tool: 'memory_search', arguments: { query } }), config).determining;
    };
    expect(length(64 * 1024 + 1)).toEqual(['invalid_arguments']);
    const restartAt = (n: number) => {
      const service = 'sandbox-a';
      const note = 'x'.repeat(n - JSON.stringify({ service, note: '' }).length);
      return judge(facts({ tool: 'restart_service', arguments: { service, note }, target: service }), config);
    };
    expect(restartAt(64 * 1024).decision).toBe('allow');
    expect(restartAt(64 * 1024 + 1).determining).toEqual(['invalid_arguments']);
  });

  it('GOV-2: a known tool within its tier is allowed, and the deciding rule is named', () => {
    expect(judge(facts({}), config)).toEqual({
      decision: 'allow',
      determining: ['tier_1_may_use:memory_search'],
      policy_version: gate.version,
      policy_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      tenant_policy: 'builtin',
      reason: 'memory_search is open to tier 0 and above.',
      remedy: null,
      effect: 'pure',
      violation: null,
      judged: { tier: 1, role: 'ALPHA', labels: [], approved: false, actions_left: 10, mode: 'enforce' },
    });
  });

  it('GOV-2: what is not known is denied, with the tools there are', () => {
    const decision = judge(facts({ tool: 'shell_exec', arguments: {}, target: '' }), config);
    expect(decision).toMatchObject({ decision: 'deny', determining: ['unknown_tool'], violation: null });
    expect(decision.remedy).toContain('terraform_inspect');
  });

  it.each([
    'delete_production',
    'access_vault_root',
    'modify_governance',
    'Delete-Production',
    'aws.delete_production',
    'mcp__ops__modifyGovernance',
  ])('GOV-1: %s is a CRITICAL violation at every tier', (tool) => {
    for (const tier of [0, 1, 2] as const)
      expect(judge(facts({ tool, tier, arguments: {}, target: 'sandbox-a' }), config)).toMatchObject({
        decision: 'deny',
        violation: { severity: 'critical', rule: expect.stringContaining('forbidden_action:') },
      });
  });

  it('GOV-1: similar names are not forbidden', () => {
    expect(forbiddenAction('undelete_production_report')).toBeNull();
    expect(forbiddenAction('memory_read')).toBeNull();
  });

  it('GOV-1: acting tools reach sandbox targets only; a forbidden one is a HIGH violation', () => {
    expect(act('sandbox-checkout').decision).toBe('allow');
    expect(act('LOCALHOST').decision).toBe('allow');
    for (const target of [
      'prod-db',
      'PROD-db',
      'db.prod-eu.example.com',
      'staging-db-1',
      'sandbox-a, prod-b',
      'ｐｒｏｄ-db',
    ])
      expect(act(target)).toMatchObject({ decision: 'deny', violation: { severity: 'high' } });
    expect(act('shared-tools')).toMatchObject({
      decision: 'deny',
      determining: ['target_not_allowed'],
      violation: null,
    });
    expect(act('sandbox-a.example.com').decision).toBe('deny');
    expect(allowedTarget('sandbox-*\nprod')).toBeNull();
    expect(forbiddenTarget('reproduction-db')).toBeNull();
  });

  it('GOV-1: the target is read from the arguments too: a harmless name beside them changes nothing', () => {
    expect(
      judge(
        facts({ tool: 'restart_service', arguments: { service: 'prod-db' }, target: 'sandbox-a' }),
        config,
      ),
    ).toMatchObject({
      decision: 'deny',
      violation: { rule: 'forbidden_target:prod-*', severity: 'high' },
    });
  });

  it('GOV-1: reading about production is no violation', () => {
    expect(judge(facts({ arguments: { query: 'prod-db' }, target: 'prod-notes' }), config).decision).toBe(
      'allow',
    );
  });

  it('GOV-1: a tool above the tier is denied, with the tier it needs', () => {
    expect(act('sandbox-a', { tier: 0 })).toMatchObject({
      determining: ['tier_too_low'],
      violation: { severity: 'low' },
    });
  });

  it('GOV-2: arguments that do not fit, a closed gate and a spent limit deny', () => {
    expect(judge(facts({ arguments: { query: '', more: 1 } }), config)).toMatchObject({
      determining: ['invalid_arguments'],
    });
    expect(judge(facts({ gate_closed: true }), config)).toMatchObject({ determining: ['gate_closed'] });
    expect(judge(facts({ actions_left: 0 }), config)).toMatchObject({ determining: ['actions_limit'] });
    expect(judge(facts({ actions_left: 1 }), config).decision).toBe('allow');
  });

  it('GOV-2: a gate that breaks denies', async () => {
    const broken = new Map([
      [
        'memory_search',
        {
          ...restart,
          name: 'memory_search',
          check: () => {
            throw new Error('boom');
          },
        },
      ],
    ]);
    const decision = await createGate({ tools: broken, egress: { allow: [] } }).judge(
      facts({ target: 'sandbox-a' }),
    );
    expect(decision).toMatchObject({ decision: 'deny', determining: ['gate_error'] });
  });

  it('GOV-4: the version changes with the lists it judges by, and with nothing else', () => {
    const { version } = gate;
    expect(createGate({ ...config, tools: new Map([...config.tools].reverse()) }).version).toBe(version);
    expect(createGate({ ...config, egress: { allow: ['other.example.com'] } }).version).not.toBe(version);
    expect(version).toMatch(/^builtin-2\+[0-9a-f]{16}$/);
  });

  it('GOV-2: every refusal names its remedy', () => {
    const refusals = [
      facts({ tool: 'x' }),
      facts({ gate_closed: true }),
      facts({ tool: 'delete_production' }),
      facts({ actions_left: 0 }),
      facts({ tool: 'http_get', arguments: { url: 'https://evil.example' } }),
    ];
    for (const refused of refusals)
      expect(judge(refused, config)).toMatchObject({
        decision: 'deny',
        remedy: expect.stringMatching(/\w{3}/),
      });
  });
});

describe('egress', () => {
  const rules = {
    allow: [
      'docs.example.com',
      '*.wiki.example.com',
      'http://legacy.example.com',
      '127.0.0.1',
      'localhost',
      '10.0.0.1',
      '[::1]',
    ],
  };
  const rule = (url: string) => {
    const judged = judgeUrl(url, rules);
    return judged.ok ? 'allowed' : judged.error.rule;
  };

  it('GOV-6: only listed hosts, by their whole name', () => {
    expect(rule('https://docs.example.com/a?b=c')).toBe('allowed');
    expect(rule('https://DOCS.example.com./')).toBe('allowed');
    expect(rule('https://a.b.wiki.example.com/')).toBe('allowed');
    for (const url of [
      'https://wiki.example.com/',
      'https://docs.example.com.evil.example/',
      'https://evildocs.example.com/',
      'https://notwiki.example.com/',
      'https://example.org/',
    ])
      expect(rule(url)).toBe('egress_not_allowed');
    expect(judgeUrl('https://docs.example.com/', { allow: [] }).ok).toBe(false);
  });

  const PRIVATE = [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'https://0/',
    'http://10.0.0.1/',
    'http://172.31.255.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[ff02::1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://metadata.google.internal/',
    'http://router.lan/',
    'http://vault/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://①②⑦.0.0.1/',
  ];
  it.each(PRIVATE)('GOV-6: %s is a private address, whatever the list says', (url) => {
    expect(rule(url)).toBe('egress_private_address');
  });

  it('GOV-6: https unless the list says otherwise; standard ports; no credentials; no other scheme', () => {
    expect(rule('http://docs.example.com/')).toBe('egress_scheme');
    expect(rule('http://legacy.example.com/')).toBe('allowed');
    expect(rule('https://docs.example.com:8443/')).toBe('egress_port');
    expect(rule('https://docs.example.com:443/')).toBe('allowed');
    expect(rule('https://user:pw@docs.example.com/')).toBe('egress_credentials');
    expect(rule('file:///etc/passwd')).toBe('egress_scheme');
    expect(rule('ftp://docs.example.com/')).toBe('egress_scheme');
    expect(rule('docs.example.com')).toBe('egress_url');
  });

  it('SEC-3: a refusal repeats the host, never the path, query or credentials', () => {
    const judged = judgeUrl('https://user:hunter2@evil.example/path?token=abc', rules);
    expect(JSON.stringify(judged)).not.toMatch(/hunter2|abc|path/);
  });

  it('GOV-6: the gate refuses by the same rules, and an attempt on a private address counts as a violation', () => {
    const get = (url: string) => judge(facts({ tool: 'http_get', arguments: { url }, target: '' }), config);
    expect(get('https://docs.example.com/').decision).toBe('allow');
    expect(get('http://169.254.169.254/')).toMatchObject({
      determining: ['egress_private_address'],
      violation: { severity: 'medium' },
    });
    expect(get('https://evil.example/')).toMatchObject({
      determining: ['egress_not_allowed'],
      violation: { severity: 'low' },
    });
  });
});
