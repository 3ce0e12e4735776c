import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyRequest } from '#domain/governance/request.ts';
import { gate, own, restart } from '#tests/support/gate.ts';
import { builtin } from '#workers/policy/builtin.ts';
import { loadCedar } from '#workers/policy/cedar.ts';
import { byId, compile, setOf } from '#workers/policy/compile.ts';
import { engine } from '#workers/policy/engine.ts';
import { looksOf } from '#workers/policy/looks.ts';
import { sliceOf } from '#workers/policy/slice.ts';

const SEED = 20_261_130;

const request = (more: Partial<PolicyRequest> = {}, context: Partial<PolicyRequest['context']> = {}) => ({
  principal: { id: 'ag_1', tier: 1, role: 'ALPHA', tenant: 'acme', project: 'prj_1' },
  action: 'http_get',
  resource: { name: 'docs.example.com', class: 'none' as const },
  arguments: { url: 'https://docs.example.com/a' },
  ...more,
  context: {
    tool: {
      ...{ known: true, min_tier: 1, external: true, acts: false, irreversible: false, effect: 'once' },
    },
    argument_problem: '',
    origin: ['trusted'],
    untrusted: false,
    labels: [],
    forbidden_action: '',
    egress: '',
    actions_left: 3,
    gate_closed: false,
    approved: false,
    plan_asks: false,
    ...context,
  },
  words: {},
});

/** Cedar over the whole set, the whole request and nothing kept: what a slice has to agree with. */
function whole(policies: ReturnType<typeof compile>, asked: PolicyRequest) {
  const { id, ...principal } = asked.principal;
  const call = { type: 'Arguments', id: 'call' };
  const question = {
    principal: { type: 'Agent', id },
    action: { type: 'Action', id: asked.action },
    resource: { type: 'Target', id: asked.resource.name },
    context: { ...asked.context, arguments: { __entity: call } },
    policies: { staticPolicies: byId(policies) },
    entities: [
      { uid: { type: 'Agent', id }, attrs: principal, parents: [] },
      { uid: { type: 'Target', id: asked.resource.name }, attrs: { ...asked.resource }, parents: [] },
      { uid: call, attrs: {}, parents: [], tags: asked.arguments },
    ],
  };
  // Lone surrogates and fractions, which Cedar throws over.
  if (/\\ud[89a-f]|\d\.\d/.test(JSON.stringify({ ...question, policies: null }))) return UNREADABLE;
  const answer = loadCedar().isAuthorized(question);
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    determining: [...diagnostics.reason].sort(),
    errors: diagnostics.errors.map((e) => e.policyId).sort(),
  };
}

const UNREADABLE = 'unreadable';
function orUnreadable<T>(ask: () => T): T | typeof UNREADABLE {
  try {
    return ask();
  } catch {
    return UNREADABLE;
  }
}

/** `all`: the policies of `text`. */
const sliced = (text: string, asked: PolicyRequest, all = compile(text)) =>
  orUnreadable(() => {
    const { allowed, determining, errors } = engine.evaluate(text, setOf(all), asked);
    return { allowed, determining: determining.map((n) => n.id).sort(), errors: [...errors].sort() };
  });

const LEAVES = [
  ...[
    'context.tool.acts',
    'context.tool.external',
    'context.gate_closed',
    'context.approved',
    'true',
    'false',
  ],
  ...[
    'context.missing',
    'principal.missing == 1',
    'resource.tier == 1',
    'principal.id == "ag_1"',
    '1',
    '"text"',
  ],
  ...[
    'context.actions_left <= 0',
    'context.actions_left < 3',
    '3 >= context.actions_left',
    '"a" < 3',
    '1 > "b"',
  ],
  ...[
    'principal.tier == 1',
    'principal.tier != 1',
    'context.tool.min_tier > principal.tier',
    'principal.tier == "1"',
  ],
  ...[
    'principal.tier + 1 == 2',
    'context.actions_left * 9007199254740991 * 1048576 > 0',
    '9007199254740991 == 9007199254740990',
  ],
  ...[
    'resource.class == "forbidden"',
    'resource.class != "none"',
    'principal.role == "ALPHA"',
    'principal == resource',
  ],
  ...[
    'resource.name like "docs*"',
    'resource.name like "*docs*com"',
    'resource.name like "*o*o*"',
    'resource.name like ""',
  ],
  ...[
    'resource.name like "d\\*"',
    'resource.name like "*💡*"',
    'principal.tier like "1"',
    '"*" like "\\*"',
    '"aba" like "ab*ba"',
  ],
  ...[
    'context.labels.contains("read_secret")',
    'context.labels.contains(context.missing)',
    'context.labels.contains(1)',
  ],
  ...[
    'context.origin.contains("untrusted")',
    '["ALPHA", "BETA"].contains(principal.role)',
    '[].contains(context.missing)',
  ],
  ...[
    '[context.missing].contains(1)',
    '[principal, resource].contains(principal)',
    '[[1]].contains([1])',
    '[].contains([])',
  ],
  ...[
    'context.labels == ["read_secret"]',
    'context.labels.containsAny(["read_secret"])',
    'context.labels.isEmpty()',
  ],
  ...[
    'context.arguments.hasTag("url")',
    'context.arguments.getTag("url") like "*/a"',
    'context.arguments.getTag("q") == ""',
  ],
  ...['context.arguments.hasTag(principal.role)', 'context.arguments.hasTag(1)', 'principal.hasTag("url")'],
  ...[
    'action == Action::"http_get"',
    'action in [Action::"http_get", Action::"x"]',
    'principal == Agent::"ag_1"',
  ],
  ...[
    'principal is Agent',
    'resource is Agent',
    'resource in Target::"docs.example.com"',
    'Agent::"ag_1".tier == 1',
  ],
  ...[
    'Target::"docs.example.com".class == "none"',
    'Agent::"other".tier == 1',
    'action.tier == 1',
    'context.arguments.x == 1',
  ],
  ...[
    'context has tool',
    'context has missing',
    'principal has tier',
    'context == {}',
    'context.tool == {acts: true}',
  ],
  ...[
    'context.tool == context.tool',
    'ip("10.0.0.1").isLoopback()',
    'ip(resource.name).isLoopback()',
    'decimal("1.0") == decimal("1.00")',
  ],
];

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...LEAVES),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} || ${b})`),
    tie('expression').map((a) => `!(${a})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
}));

const policy = fc
  .record({
    effect: fc.constantFrom('permit', 'forbid'),
    asks: fc.boolean(),
    who: fc.constantFrom(
      '',
      '',
      '== Agent::"ag_1"',
      'in Agent::"ag_2"',
      'is Agent',
      'is Target',
      'is Agent in Agent::"ag_1"',
    ),
    what: fc.constantFrom(
      '',
      '',
      '== Action::"http_get"',
      'in [Action::"http_get", Action::"x"]',
      'in Action::"x"',
      'in []',
    ),
    where: fc.constantFrom('', '', '== Target::"docs.example.com"', 'in Target::"other"', 'is Target'),
    conditions: fc.array(fc.tuple(fc.constantFrom('when', 'unless'), expression), { maxLength: 2 }),
  })
  .map(
    ({ effect, asks, who, what, where, conditions }) =>
      `${asks && effect === 'forbid' ? '@decision("require_approval") ' : ''}${effect} (principal ${who}, action ${what}, resource ${where})${conditions
        .map(([kind, body]) => ` ${kind} { ${body} }`)
        .join('')};`,
  );
const policies = fc
  .array(policy, { minLength: 1, maxLength: 8 })
  .map((all) => all.map((text, n) => `@id("p${n}") ${text}`).join('\n'));

const word = fc.constantFrom('read_secret', 'untrusted', 'x', '💡', '*', '\ud800');
const asked = fc
  .record({
    id: fc.constantFrom('ag_1', 'ag_2'),
    tier: fc.constantFrom(0, 1, 2, 1.5),
    role: fc.constantFrom('ALPHA', 'url'),
    action: fc.constantFrom('http_get', 'x'),
    name: fc.constantFrom('docs.example.com', 'foo', '', 'd*', 'a💡b', 'aba'),
    class: fc.constantFrom('none', 'forbidden'),
    args: fc.dictionary(
      fc.constantFrom('url', 'q', '__proto__'),
      fc.constantFrom('https://x/a', '', '\udc00'),
      { maxKeys: 2 },
    ),
    acts: fc.boolean(),
    external: fc.boolean(),
    labels: fc.array(word, { maxLength: 2 }),
    actions_left: fc.constantFrom(0, 3, -1, Number.MAX_SAFE_INTEGER),
    approved: fc.boolean(),
  })
  .map(({ id, tier, role, action, name, args, acts, external, labels, actions_left, approved, ...rest }) => {
    const plain = request();
    return request(
      {
        principal: { ...plain.principal, id, tier, role },
        resource: { name, class: rest.class as 'none' },
        ...{ action, arguments: args },
      },
      { tool: { ...plain.context.tool, acts, external }, labels, actions_left, approved },
    );
  });

describe('slices of a set of policies', () => {
  it('PERF-4 GOV-2: a slice decides as the whole set does, for the same policies and with the same errors', () => {
    const seen = { left_out: 0, looked_at: 0, allowed: 0, determined: 0, erred: 0, unreadable: 0 };
    fc.assert(
      fc.property(policies, fc.array(asked, { minLength: 3, maxLength: 3 }), (text, requests) => {
        const compiled = compile(text);
        for (const one of requests) {
          const expected = whole(compiled, one);
          if (expected === UNREADABLE) {
            seen.unreadable += 1;
            // Unless no policy looks at that part, and it is not sent.
            if (looksOf(compiled.map(({ json }) => json)).attributes === null)
              expect(sliced(text, one, compiled)).toBe(UNREADABLE);
            continue;
          }
          expect(sliced(text, one, compiled)).toEqual(expected);
          // And again from what is kept of it.
          expect(sliced(text, one, compiled)).toEqual(expected);
          const kept = sliceOf(compiled, one).length;
          seen.looked_at += kept;
          seen.left_out += compiled.length - kept;
          seen.allowed += Number(expected.allowed);
          seen.determined += expected.determining.length;
          seen.erred += expected.errors.length;
        }
      }),
      { seed: SEED, numRuns: Number(process.env.FUZZ_RUNS ?? 150) },
    );
    // A property over requests that nothing applies to would hold for anything.
    for (const [what, count] of Object.entries(seen)) expect([what, count > 20]).toEqual([what, true]);
  }, 60_000);

  it.each([
    ['another tool', 'forbid (principal, action == Action::"x", resource)'],
    ['another agent', 'forbid (principal == Agent::"ag_2", action, resource)'],
    [
      'a fact that is not so',
      'forbid (principal, action, resource) when { context.tool.acts && context.origin.contains("a") }',
    ],
    [
      'a name that does not match',
      'forbid (principal, action, resource) when { resource.name like "*-team-*" }',
    ],
    [
      'arguments',
      'forbid (principal, action, resource) when { context.arguments.hasTag("url") && context.arguments.getTag("url") like "*/b" }',
    ],
    ['an exception', 'forbid (principal, action, resource) unless { context.egress == "" }'],
  ])('PERF-4: a policy about %s is not looked at', (_what, text) => {
    expect(sliceOf(compile(`@id("p") ${text};`), request())).toEqual([]);
  });

  it.each([
    [
      'may be an error',
      'forbid (principal, action, resource) when { context.arguments.getTag("none") == "x" }',
    ],
    [
      'may be an error before it is false',
      'forbid (principal, action, resource) when { context.missing && false }',
    ],
    ['holds', 'forbid (principal, action, resource) when { context.tool.external }'],
    ['only Cedar understands', 'forbid (principal, action, resource) when { ip("10.0.0.1").isLoopback() }'],
  ])('PERF-4: a policy that %s is left to Cedar', (_what, text) => {
    expect(sliceOf(compile(`@id("p") ${text};`), request())).toHaveLength(1);
  });

  it('PERF-4 GOV-2: what Cedar cannot read is refused whole, also where no policy left over looks at it', () => {
    const text = `@id("all") permit (principal, action, resource);
      @id("label") forbid (principal, action, resource) when { context.gate_closed && context.labels.contains("x") };`;
    expect(sliced(text, request({}, { labels: ['y'] }))).toMatchObject({ determining: ['all'] });
    expect(sliced(text, request({}, { labels: ['\ud800'] }))).toBe(UNREADABLE);
    expect(sliced(text, request({ action: '\udc00' }))).toBe(UNREADABLE);
    expect(sliced(text, request({}, { actions_left: 0.5 }))).toMatchObject({ determining: ['all'] });
  });

  it.each([
    [
      'a rule of one agent',
      'principal == Agent::"ag_2"',
      { principal: { ...request().principal, id: 'ag_2' } },
    ],
    ['a rule of one tool', 'action == Action::"x"', { action: 'x' }],
    ['the name of a target', 'resource == Target::"x"', { resource: { name: 'x', class: 'none' as const } }],
    [
      'one agent’s attributes',
      'Agent::"ag_2".tier == 1',
      { principal: { ...request().principal, id: 'ag_2' } },
    ],
    [
      'its name among others',
      '[Agent::"ag_2"].contains(principal)',
      { principal: { ...request().principal, id: 'ag_2' } },
    ],
  ])(
    'PERF-4 GOV-2: an answer that is kept is not taken for another question: %s',
    (_what, condition, other) => {
      const text = `@id("all") permit (principal, action, resource);
      @id("one") forbid (principal, action, resource) when { context has tool && ${condition} };`;
      expect(sliced(text, request())).not.toMatchObject({ determining: ['one'] });
      expect(sliced(text, request(other))).toMatchObject({ determining: ['one'] });
    },
  );

  it('GOV-2: what Cedar cannot read wears nothing out: after thousands of such actions everybody is judged as before', () => {
    const text = '@id("label") forbid (principal, action, resource) when { context.labels.contains("x") };';
    const compiled = compile(text);
    for (let n = 0; n < 3_000; n += 1)
      expect(sliced(text, request({}, { labels: ['\ud800'] }), compiled)).toBe(UNREADABLE);
    expect(gate.judgeUnder(restart('sandbox-a'), null).decision).toBe('allow');
  });

  it('PERF-4: of the built-in limits and 200 of a tenant’s own, Cedar looks at the few that the action is about', () => {
    const text = Array.from({ length: 200 }, (_, n) =>
      n % 2 === 0
        ? `@id("own_${n}") forbid (principal, action == Action::"tool_${n}", resource);`
        : `@id("own_${n}") forbid (principal, action, resource) when { resource.name like "*-team${n}-*" };`,
    ).join('\n');
    const set = [...builtin().limits, ...builtin().permits, ...compile(text, 'tenant:')];
    const looked = (name: string) =>
      sliceOf(set, request({ resource: { name, class: 'allowed' } })).map(({ note }) => note.id);
    expect(looked('sandbox-db')).toEqual(['tier_1_may_use']);
    expect(looked('sandbox-team7-db')).toEqual(['tier_1_may_use', 'tenant:own_7']);
    // And the gate says what it said of all of them.
    const judge = (service: string) => gate.judgeUnder(restart(service), own(text));
    expect(judge('sandbox-db').determining).toEqual(['tier_1_may_use:restart_service']);
    expect(judge('sandbox-team7-db')).toMatchObject({ decision: 'deny', determining: ['tenant:own_7'] });
  });
});
