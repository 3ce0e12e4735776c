import type { GateFacts } from '#domain/governance/gate.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
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

function ownPolicies(count: number): TenantPolicies {
  const text = Array.from(
    { length: count },
    (_, n) => `@id("own_${n}") ${WRITTEN[n % WRITTEN.length]?.(n)};`,
  ).join('\n');
  const sha256 = sha256Hex(text);
  return { policy_version: `1:${sha256}`, sha256, text };
}

const facts: GateFacts = {
  version: 7,
  tenant: 'bench',
  project_id: 'pj_bench',
  agent_id: 'ag_bench_1',
  role: 'ALPHA',
  tier: 1,
  tool: 'http_get',
  arguments: { url: 'https://docs.example.com/guides/encryption' },
  target: 'docs.example.com',
  origin: ['trusted', 'untrusted', 'tool:document_read'],
  actions_left: 40,
  gate_closed: false,
  labels: [],
  approved_under: null,
  policy: 'builtin',
  mode: 'enforce',
};

const gate = createGate({ tools: TOOL_RULES, egress: { allow: ['docs.example.com'] } });

/** Judges `n` actions one after another and answers with the milliseconds that all of them took. */
export default {
  async fetch(request: Request): Promise<Response> {
    const n = Number(new URL(request.url).searchParams.get('n'));
    const own = ownPolicies(POLICIES - builtinPolicies());
    const from = Date.now();
    for (let i = 0; i < n; i++) {
      const { decision } = gate.judgeUnder(facts, own);
      if (decision !== 'allow')
        return new Response(`the bench’s action was answered ${decision}`, { status: 500 });
    }
    return Response.json({ ms: Date.now() - from });
  },
};
