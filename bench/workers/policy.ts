import type { GateFacts } from '#domain/governance/gate.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { Decision } from '#domain/pipeline/event/actions.ts';
import { builtinPolicies, createGate, type TenantPolicies } from '#workers/policy/index.ts';
import { TOOL_RULES } from '#workers/steps/index.ts';

/** PERF-4: built-in and own ones together. */
const POLICIES = 50;

/** What tenants write: about a tool, a target, arguments, origins, what happened before. */
const WRITTEN = [
  (n: number) => `forbid (principal, action == Action::"tool_${n}", resource)`,
  (n: number) => `forbid (principal, action, resource) when { resource.name like "*-team${n}-*" }`,
  (n: number) =>
    `forbid (principal, action, resource) when { context.arguments.hasTag("url") && context.arguments.getTag("url") like "*/private-${n}/*" }`,
  (n: number) =>
    `forbid (principal, action, resource) when { context.tool.acts && context.origin.contains("url:host${n}.example") }`,
  (n: number) =>
    `forbid (principal, action, resource) when { context.tool.external && context.labels.contains("label_${n}") }`,
];

function ownPolicies(count: number, version: number): TenantPolicies {
  const policies = Array.from(
    { length: count },
    (_, n) => `@id("own_${n}") ${WRITTEN[n % WRITTEN.length]?.(n)};`,
  );
  const text = [`// ${version}`, ...policies].join('\n');
  const sha256 = sha256Hex(text);
  return { policy_version: `1:${sha256}`, sha256, text };
}

const base: GateFacts = {
  version: 7,
  tenant: 'bench',
  project_id: 'pj_bench',
  agent_id: 'ag_bench_1',
  role: 'ALPHA',
  tier: 1,
  tool: 'http_get',
  arguments: {},
  target: '',
  origin: ['trusted', 'untrusted', 'tool:document_read'],
  actions_left: 40,
  gate_closed: false,
  labels: [],
  approved_under: null,
  policy: 'builtin',
  mode: 'enforce',
};

/** What agents ask for, of every kind that the policies tell apart; `n` makes each the first of its kind. */
const ASKED: ((n: number) => Partial<GateFacts> & { decision: Decision })[] = [
  (n) => ({ ...get(`https://docs.example.com/guides/${n}`), decision: 'allow' }),
  (n) => ({
    tool: 'memory_search',
    arguments: { query: `encryption ${n}` },
    target: 'memory',
    decision: 'allow',
  }),
  (n) => ({ ...get(`https://docs.example.com/guides/${n}`), agent_id: `ag_bench_${n}`, decision: 'allow' }),
  (n) => ({ tool: 'memory_read', arguments: { id: `mem_${n}` }, target: `notes-${n}`, decision: 'allow' }),
  (n) => ({ ...get(`https://docs.example.com/private-12/${n}`), decision: 'deny' }),
  (n) => ({ ...get(`https://evil.example/${n}`), decision: 'deny' }),
  (n) => ({
    ...get(`https://docs.example.com/${n}`),
    labels: ['read_secret', `label_${n}`],
    decision: 'deny',
  }),
  (n) => ({
    tool: 'memory_search',
    arguments: { query: `${n}` },
    target: `shop-team11-${n}`,
    decision: 'deny',
  }),
  (n) => ({ tool: `tool_${n}`, arguments: { n }, target: `sandbox-${n}`, decision: 'deny' }),
  (n) => ({
    tool: 'artifact_write',
    tier: 0,
    arguments: { name: `${n}` },
    target: 'artifacts',
    decision: 'deny',
  }),
];
const get = (url: string) => ({ arguments: { url }, target: new URL(url).host });

const gate = createGate({ tools: TOOL_RULES, egress: { allow: ['docs.example.com'] } });
let asked = 0;

/** What is in force while nobody publishes anything. */
const STANDING = ownPolicies(POLICIES - builtinPolicies(), 0);

/**
 * Judges `n` actions one after another and answers with the milliseconds that all of them took, and each. `kind`: only this one of the ten,
 * else by turns. `cold=1`: under a version not seen yet.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const n = Number(query.get('n'));
    const own = query.get('cold') ? ownPolicies(POLICIES - builtinPolicies(), ++asked) : STANDING;
    const kind = query.get('kind');
    const actions = Array.from({ length: n }, () => {
      asked += 1;
      const make = ASKED[(kind ? Number(kind) : asked) % ASKED.length];
      const { decision, ...more } = make?.(asked) ?? { decision: 'deny' };
      return { facts: { ...base, ...more }, decision };
    });
    const from = Date.now();
    const each: number[] = [];
    let last = from;
    for (const { facts, decision } of actions) {
      const judged = gate.judgeUnder(facts, own);
      if (judged.decision !== decision)
        return new Response(`${facts.tool} was answered ${judged.decision}: ${judged.reason}`, {
          status: 500,
        });
      const now = Date.now();
      each.push(now - last);
      last = now;
    }
    return Response.json({ ms: Date.now() - from, each });
  },
};
