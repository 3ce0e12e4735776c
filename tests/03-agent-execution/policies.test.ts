import { describe, expect, it } from 'vitest';
import type { GateFacts } from '#domain/governance/gate.ts';
import {
  drop,
  facts,
  fetchOf,
  GATE_CONFIG,
  gate,
  judge,
  own,
  READ_SECRET,
  restart,
} from '#tests/support/gate.ts';
import { createGate, replayUnder, type TenantPolicies, validatePolicies } from '#workers/policy/index.ts';

describe('sequence rules', () => {
  it.each<[string, GateFacts, string]>([
    ['before a secret was read', fetchOf('https://docs.example.com/'), 'allow'],
    ['after it', fetchOf('https://docs.example.com/', { labels: ['read_secret'] }), 'deny'],
    ['after something else', fetchOf('https://docs.example.com/', { labels: ['other'] }), 'allow'],
    ['after it, inside', facts({ labels: ['read_secret'] }), 'allow'],
  ])('GOV-3: a request %s: %#', (_when, asked, decision) => {
    expect(judge(asked).decision).toBe(decision);
  });

  it('GOV-3: reading a secret leaves its label with the decision, and a refused read leaves none', () => {
    const read = facts({ tool: READ_SECRET.name, arguments: {}, target: '' });
    expect(judge(read).labels).toEqual(['read_secret']);
    expect(judge({ ...read, tier: 0 }).labels).toBeUndefined();
  });

  it('GOV-3: the refusal names the rule, what would be needed, and counts as a violation', () => {
    expect(judge(fetchOf('https://docs.example.com/', { labels: ['read_secret'] }))).toMatchObject({
      determining: ['no_request_after_secret'],
      remedy: expect.stringContaining('before the secret is read'),
      violation: { rule: 'no_request_after_secret', severity: 'medium' },
    });
  });

  it('GOV-3: a tenant labels what its own tools leave behind, and forbids what may not follow', () => {
    const text = `
      @id("customers") @label("customer_data")
      permit (principal, action == Action::"restart_service", resource);
      @id("nothing_leaves") @reason("Customer data was read.")
      forbid (principal, action, resource) when { context.tool.external && context.labels.contains("customer_data") };`;
    expect(judge(restart('sandbox-a'), text).labels).toEqual(['customer_data']);
    // A labelling permit does not narrow what else is open.
    expect(judge(facts(), text).decision).toBe('allow');
    expect(judge(fetchOf('https://docs.example.com/', { labels: ['customer_data'] }), text)).toMatchObject({
      decision: 'deny',
      determining: ['tenant:nothing_leaves'],
      reason: 'Customer data was read.',
    });
  });
});

describe('approvals', () => {
  it('GOV-1, GOV-5: what cannot be taken back asks for a person, and is no violation', () => {
    expect(judge(drop())).toMatchObject({
      decision: 'require_approval',
      determining: ['irreversible_needs_approval'],
      violation: null,
    });
  });

  it('GOV-5: approved under these policies it is allowed, under others it is asked for again', () => {
    const { sha256 } = gate.versionOf(null);
    expect(judge(drop({ approved_under: sha256 })).decision).toBe('allow');
    expect(judge(drop({ approved_under: 'f'.repeat(64) })).decision).toBe('require_approval');
    expect(
      judge(
        drop({ approved_under: sha256 }),
        '@id("x") forbid (principal, action == Action::"none", resource);',
      ),
    ).toMatchObject({ decision: 'require_approval' });
  });

  it('GOV-5: a plan asks for a person where no policy does; an approval lifts exactly that', () => {
    const asks = { plan_asks: true };
    expect(judge(restart('sandbox-a')).decision).toBe('allow');
    expect(judge(restart('sandbox-a', asks))).toMatchObject({
      decision: 'require_approval',
      determining: ['named_tool_needs_approval'],
      judged: { plan_asks: true },
    });
    const { sha256 } = gate.versionOf(null);
    expect(judge(restart('sandbox-a', { ...asks, approved_under: sha256 })).decision).toBe('allow');
    expect(judge(restart('prod-a', { ...asks, approved_under: sha256 })).decision).toBe('deny');
  });

  it.each<[string, Partial<GateFacts>, string]>([
    [
      'a forbidden target',
      { arguments: { service: 'prod-db' }, target: 'prod-db' },
      'forbidden_target:prod-*',
    ],
    ['too low a tier', { tier: 1 }, 'tier_too_low'],
    ['a spent limit', { actions_left: 0 }, 'actions_limit'],
    ['a closed gate', { gate_closed: true }, 'gate_closed'],
  ])('GOV-5: nobody is asked about %s: no approval would help', (_what, more, rule) => {
    const decision = judge(drop(more));
    expect(decision.decision).toBe('deny');
    expect(decision.determining[0]).toBe(rule);
    const { sha256 } = gate.versionOf(null);
    expect(judge(drop({ ...more, approved_under: sha256 })).decision).toBe('deny');
  });

  it('GOV-5: a tenant asks for a person where the built-in set does not; an approval lifts exactly that', () => {
    const text = `@id("ask_before_restart") @decision("require_approval") @reason("Restarts are agreed on.")
      forbid (principal, action == Action::"restart_service", resource);`;
    expect(judge(restart('sandbox-a'), text)).toMatchObject({
      decision: 'require_approval',
      determining: ['tenant:ask_before_restart'],
      reason: 'Restarts are agreed on.',
    });
    const { sha256 } = gate.versionOf(own(text));
    expect(judge(restart('sandbox-a', { approved_under: sha256 }), text).decision).toBe('allow');
    expect(judge(restart('prod-a', { approved_under: sha256 }), text).decision).toBe('deny');
  });
});

describe('a tenant’s own policies', () => {
  const WIDE = '@id("all") permit (principal, action, resource);';

  it.each<[string, GateFacts]>([
    ['a forbidden action', facts({ tool: 'delete_production', arguments: {}, target: '' })],
    ['a forbidden target', restart('prod-db')],
    ['a target that is not allowed', restart('shared-tools')],
    ['a tier that is too low', restart('sandbox-a', { tier: 0 })],
    ['an unknown tool', facts({ tool: 'shell_exec', arguments: {}, target: '' })],
    ['arguments that do not fit', facts({ arguments: {} })],
    ['an address that is not listed', fetchOf('https://evil.example/')],
    ['a private address', fetchOf('https://169.254.169.254/')],
    ['a request after a secret', fetchOf('https://docs.example.com/', { labels: ['read_secret'] })],
    ['a spent limit', facts({ actions_left: 0 })],
    ['a closed gate', facts({ gate_closed: true })],
  ])('GOV-4: the widest permit does not open %s', (_what, asked) => {
    expect(judge(asked).decision).toBe('deny');
    expect(judge(asked, WIDE)).toMatchObject({
      decision: 'deny',
      determining: judge(asked).determining,
      violation: judge(asked).violation,
    });
  });

  it('GOV-4: nor does it spare anybody an approval', () => {
    expect(judge(drop(), WIDE).decision).toBe('require_approval');
  });

  it('GOV-4: permits narrow: what none of them names is refused by default', () => {
    const text = '@id("search_only") permit (principal, action == Action::"memory_search", resource);';
    expect(judge(facts(), text)).toMatchObject({ decision: 'allow', determining: ['tenant:search_only'] });
    expect(judge(restart('sandbox-a'), text)).toMatchObject({
      decision: 'deny',
      determining: ['default_deny'],
      remedy: expect.stringContaining('ags policy show'),
    });
  });

  it('GOV-2, GOV-4: principal, resource, arguments, origin and budgets are there to speak of', () => {
    const cases: [string, GateFacts][] = [
      ['principal.role == "ALPHA" && principal.tenant == "acme" && principal.project == "prj_1"', facts()],
      ['resource.name like "sandbox-pay*"', restart('Sandbox-Payments')],
      [
        'context.arguments.hasTag("service") && context.arguments.getTag("service") like "*-pay"',
        restart('sandbox-pay'),
      ],
      ['context.untrusted && context.tool.acts', restart('sandbox-a', { origin: ['untrusted'] })],
      ['context.origin.contains("url:evil.example")', facts({ origin: ['url:evil.example'] })],
      ['context.actions_left < 3', facts({ actions_left: 2 })],
      ['context.tool.effect == "once"', restart('sandbox-a')],
    ];
    for (const [condition, asked] of cases) {
      const text = `@id("mine") forbid (principal, action, resource) when { ${condition} };`;
      expect(validatePolicies(text, []).findings, condition).toEqual([]);
      expect(judge(asked, text), condition).toMatchObject({ decision: 'deny', determining: ['tenant:mine'] });
      const other = facts({ tier: 0, role: 'BETA', arguments: { query: 'x' } });
      expect(judge(other, text).decision, condition).toBe('allow');
    }
  });

  it('GOV-2: a policy that compares the context as a whole sees all of it', () => {
    const text = '@id("mine") forbid (principal, action, resource) when { {a: context}.a.untrusted };';
    expect(validatePolicies(text, []).findings).toEqual([]);
    expect(judge(facts({ origin: ['untrusted'] }), text).decision).toBe('deny');
    expect(judge(facts(), text).decision).toBe('allow');
  });

  it('GOV-2: a policy that cannot be evaluated shuts the gate instead of being skipped', () => {
    const text =
      '@id("broken") forbid (principal, action, resource) when { context.arguments.getTag("nope") == "x" };';
    expect(judge(facts(), text)).toMatchObject({
      decision: 'deny',
      determining: ['policy_error:tenant:broken'],
    });
  });

  it('GOV-2: every rule that refuses is named, the gravest first', () => {
    const text = `@id("mine") @severity("critical") forbid (principal, action, resource);`;
    expect(judge(restart('prod-db', { tier: 0 }), text)).toMatchObject({
      determining: ['forbidden_target:prod-*', 'tier_too_low', 'tenant:mine'],
      violation: { rule: 'forbidden_target:prod-*', severity: 'high' },
    });
  });

  it('GOV-4: every decision records version and hash of what it was judged under', () => {
    const first = judge(facts(), '@id("a") forbid (principal, action == Action::"x", resource);');
    const second = judge(facts(), '@id("b") forbid (principal, action == Action::"x", resource);');
    expect(first.policy_version).toMatch(/^builtin-2\+[0-9a-f]{16}\/1$/);
    expect(first.tenant_policy).toMatch(/^1:[0-9a-f]{64}$/);
    expect(new Set([first.policy_sha256, second.policy_sha256, judge(facts()).policy_sha256]).size).toBe(3);
  });
});

describe('where the policies come from', () => {
  const from = (source: () => Promise<TenantPolicies | null>) => createGate(GATE_CONFIG, source);
  const asked = facts({ policy: own('@id("x") permit (principal, action, resource);').policy_version });

  it.each<[string, () => Promise<TenantPolicies | null>]>([
    ['no such version', async () => null],
    ['another version', async () => own('@id("y") permit (principal, action, resource);')],
    ['an error', () => Promise.reject(new Error('unreachable'))],
    ['a text that is none', async () => ({ ...own('permit ('), policy_version: asked.policy })],
  ])('GOV-2: %s is a no', async (_what, source) => {
    expect(await from(source).judge(asked)).toMatchObject({ decision: 'deny', determining: ['gate_error'] });
  });

  it('GOV-2: a version is read once', async () => {
    let reads = 0;
    const kept = from(async () => {
      reads++;
      return own('@id("x") permit (principal, action, resource);');
    });
    expect((await kept.judge(asked)).decision).toBe('allow');
    expect((await kept.judge(asked)).decision).toBe('allow');
    expect(reads).toBe(1);
  });

  it('GOV-2: more sets than are kept in memory judge rightly all the same', () => {
    const texts = Array.from(
      { length: 66 },
      (_, n) => `@id("n${n}") forbid (principal, action, resource) when { context.actions_left == ${n} };`,
    );
    for (const round of [0, 1]) {
      // The second time those that had to give way to the last ones.
      for (const [n, text] of texts.slice(0, round === 0 ? 66 : 4).entries()) {
        const decision = judge(facts({ actions_left: n + 1 + round }), text);
        expect(decision.decision).toBe('allow');
        expect(judge(facts({ actions_left: Math.max(n, 1) }), text).decision).toBe(
          n === 0 ? 'allow' : 'deny',
        );
      }
    }
  });
});

describe('a project that observes', () => {
  const observing = (asked: GateFacts): GateFacts => ({ ...asked, mode: 'observe' });

  it.each<[string, GateFacts, string]>([
    ['a tier that is too low', restart('sandbox-a', { tier: 0 }), 'tier_too_low'],
    ['a forbidden target', restart('prod-db'), 'forbidden_target:prod-*'],
    [
      'a request after a secret',
      fetchOf('https://docs.example.com/', { labels: ['read_secret'] }),
      'no_request_after_secret',
    ],
  ])('GOV-10: %s happens, and what enforcing would say is on record', (_what, asked, rule) => {
    expect(judge(observing(asked))).toMatchObject({
      decision: 'allow',
      determining: ['observed'],
      violation: null,
      observed: { decision: 'deny', determining: expect.arrayContaining([rule]) },
    });
  });

  it('GOV-10: an approval that would be asked for is on record too', () => {
    expect(judge(observing(drop()))).toMatchObject({
      decision: 'allow',
      observed: { decision: 'require_approval' },
    });
  });

  it.each<[string, GateFacts]>([
    ['forbidden actions', facts({ tool: 'access_vault_root', arguments: {}, target: '' })],
    ['kill switches and closed gates', facts({ gate_closed: true })],
    ['what cannot run anyway', facts({ tool: 'shell_exec', arguments: {}, target: '' })],
    ['private addresses', fetchOf('https://169.254.169.254/')],
  ])('GOV-10: %s stop there too', (_what, asked) => {
    expect(judge(observing(asked))).toMatchObject({ decision: 'deny' });
    expect(judge(observing(asked)).observed).toBeUndefined();
  });

  it('GOV-2 GOV-10: a policy that cannot be evaluated shuts the gate there too', () => {
    const text = `@id("broken")
      forbid (principal, action, resource) when { context.arguments.getTag("missing") == "x" };`;
    expect(judge(observing(facts()), text)).toMatchObject({
      decision: 'deny',
      determining: ['policy_error:tenant:broken'],
    });
  });

  it('GOV-2 GOV-5: a person is not asked about what nothing would permit even then', () => {
    const text = '@id("search_only") permit (principal, action == Action::"memory_search", resource);';
    expect(judge(drop())).toMatchObject({ decision: 'require_approval' });
    expect(judge(drop(), text)).toMatchObject({ decision: 'deny', determining: ['default_deny'] });
  });

  it('GOV-10: what is allowed is simply allowed', () => {
    expect(judge(observing(facts())).observed).toBeUndefined();
  });
});

describe('checking a text', () => {
  const first = (text: string) => validatePolicies(text, ['http_get']).findings[0];

  it('GOV-4: an empty text is the built-in set alone', () => {
    expect(validatePolicies('  \n', [])).toEqual({ findings: [], policies: [] });
  });

  it.each<[string, string, object]>([
    ['syntax', '@id("a")\npermit (principal, actio, resource);', { code: 'syntax', line: 2 }],
    [
      'an unknown attribute',
      '@id("a")\npermit (principal, action, resource)\nwhen { context.foo == 1 };',
      { code: 'type', line: 3, column: 8, message: expect.stringContaining('foo') },
    ],
    [
      'a comparison of different types',
      '@id("a") permit (principal, action, resource) when { principal.tier == "one" };',
      { code: 'type', line: 1 },
    ],
    [
      'characters of several bytes before it',
      '// ä ö ü 🙂\n@id("a") permit (principal, action, resource) when { context.foo };',
      { code: 'type', line: 2, column: 54 },
    ],
    ['no id', 'permit (principal, action, resource);', { code: 'id' }],
    [
      'an id that is used twice',
      '@id("a") permit (principal, action, resource);\n@id("a") forbid (principal, action, resource);',
      { code: 'id_twice' },
    ],
    [
      'a decision on a permit',
      '@id("a") @decision("require_approval") permit (principal, action, resource);',
      { code: 'decision' },
    ],
    [
      'a severity that does not exist',
      '@id("a") @severity("huge") forbid (principal, action, resource);',
      { code: 'severity' },
    ],
    ['a label on a forbid', '@id("a") @label("x") forbid (principal, action, resource);', { code: 'label' }],
    [
      'an annotation that means nothing',
      '@id("a") @nmae("x") forbid (principal, action, resource);',
      { code: 'annotation' },
    ],
    [
      'a number that JSON cannot carry',
      '@id("a") permit (principal, action, resource) when { context.actions_left < 9223372036854775807 };',
      { code: 'number', line: 1, expected: expect.stringContaining('9007199254740991') },
    ],
    ['half of a character', '@id("a") permit (principal, action, resource); // \ud800', { code: 'syntax' }],
    [
      'a template',
      '@id("a") permit (principal == ?principal, action, resource);',
      { code: 'syntax', message: expect.stringContaining('template') },
    ],
    [
      'too much',
      `@id("a") permit (principal, action, resource); //${'x'.repeat(65_536)}`,
      { code: 'too_large' },
    ],
  ])('GOV-4: %s is found, with its place', (_what, text, expected) => {
    expect(first(text)).toMatchObject({ severity: 'error', ...expected });
  });

  it('GOV-4: a policy that can never apply is a warning', () => {
    const { findings, policies } = validatePolicies(
      '@id("a") forbid (principal, action, resource) when { false };',
      ['http_get'],
    );
    expect(findings[0]).toMatchObject({ severity: 'warning' });
    expect(policies).toHaveLength(1);
  });

  it('GOV-4, GOV-7: tools of outside agents may be named', () => {
    expect(
      validatePolicies('@id("a") forbid (principal, action == Action::"Bash", resource);', []).findings,
    ).toEqual([]);
  });
});

describe('a draft against recorded actions', () => {
  const record = (asked: GateFacts, text?: string) => ({
    tenant: asked.tenant,
    project_id: asked.project_id,
    pipeline_id: 'pl_1',
    at: '2026-11-22T12:00:00.000Z',
    request: {
      action_id: 'ac_1',
      agent_id: asked.agent_id,
      turn_step_id: null,
      call_id: null,
      tool: asked.tool,
      arguments: asked.arguments,
      target: asked.target,
      action_sha256: '0'.repeat(64),
      origin: asked.origin,
    },
    decision: judge(asked, text),
  });
  const FREEZE =
    '@id("freeze") @reason("A freeze.") forbid (principal, action == Action::"restart_service", resource);';

  it('GOV-4: what would be refused is stricter, what would be open is looser, the rest is no change', () => {
    expect(replayUnder(gate, own(FREEZE), record(restart('sandbox-a')))).toMatchObject({
      direction: 'stricter',
      was: { decision: 'allow' },
      would_be: { decision: 'deny', determining: ['tenant:freeze'], reason: 'A freeze.' },
    });
    expect(replayUnder(gate, null, record(restart('sandbox-a'), FREEZE))).toMatchObject({
      direction: 'looser',
      was: { decision: 'deny', determining: ['tenant:freeze'] },
      would_be: { decision: 'allow' },
    });
    expect(replayUnder(gate, own(FREEZE), record(facts()))).toBeNull();
  });

  it('GOV-4: the facts of then count: labels, tier, approval, actions left', () => {
    const { sha256 } = gate.versionOf(null);
    for (const asked of [
      fetchOf('https://docs.example.com/', { labels: ['read_secret'] }),
      restart('sandbox-a', { tier: 0 }),
      drop({ approved_under: sha256 }),
      drop(),
      facts({ actions_left: 0 }),
    ])
      expect(replayUnder(gate, own(FREEZE), record(asked))).toBeNull();
  });

  it('GOV-4, GOV-10: what was only observed is compared as if it had been enforced', () => {
    const seen = record(restart('sandbox-a', { tier: 0, mode: 'observe' }));
    expect(seen.decision.decision).toBe('allow');
    expect(replayUnder(gate, null, seen)).toBeNull();
  });

  it('GOV-4: a record without its facts is left out rather than guessed', () => {
    const { judged: _judged, ...decision } = judge(facts());
    expect(replayUnder(gate, null, { ...record(facts()), decision })).toBeUndefined();
  });
});
