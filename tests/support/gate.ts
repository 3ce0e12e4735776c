import type { GateFacts, ToolRule } from '#domain/governance/gate.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import { createGate, type TenantPolicies } from '#workers/policy/index.ts';
import { TOOL_RULES } from '#workers/steps/index.ts';

const base: Omit<ToolRule, 'name'> = {
  min_tier: 1,
  effect: 'once',
  external: false,
  acts: true,
  check: (args) => (typeof args.service === 'string' ? null : 'service: expected a string'),
  target: (args) => String(args.service ?? ''),
};

/** Tools of every kind that rules tell apart. */
export const RESTART: ToolRule = { ...base, name: 'restart_service' };
export const DROP: ToolRule = { ...base, name: 'drop_database', min_tier: 2, irreversible: true };
export const READ_SECRET: ToolRule = {
  ...base,
  name: 'read_secret_value',
  acts: false,
  effect: 'pure',
  labels: ['read_secret'],
  check: () => null,
};

export const GATE_CONFIG = {
  tools: new Map([...TOOL_RULES, ...[RESTART, DROP, READ_SECRET].map((t) => [t.name, t] as const)]),
  egress: { allow: ['docs.example.com'] },
};

export const gate = createGate(GATE_CONFIG);

export const own = (text: string, version = 1): TenantPolicies => {
  const sha256 = sha256Hex(text);
  return { policy_version: `${version}:${sha256}`, sha256, text };
};

export const facts = (more: Partial<GateFacts> = {}): GateFacts => ({
  version: 7,
  tenant: 'acme',
  project_id: 'prj_1',
  agent_id: 'ag_1',
  role: 'ALPHA',
  tier: 1,
  tool: 'memory_search',
  arguments: { query: 'encryption' },
  target: 'memory',
  origin: [],
  actions_left: 10,
  gate_closed: false,
  labels: [],
  approved_under: null,
  policy: 'builtin',
  mode: 'enforce',
  ...more,
});

/** An action of {@link RESTART} on a target. */
export const restart = (service: string, more: Partial<GateFacts> = {}): GateFacts =>
  facts({ tool: RESTART.name, arguments: { service }, target: service, ...more });

export const fetchOf = (url: string, more: Partial<GateFacts> = {}): GateFacts =>
  facts({ tool: 'http_get', arguments: { url }, target: new URL(url).host, ...more });

export const drop = (more: Partial<GateFacts> = {}): GateFacts =>
  facts({ tool: DROP.name, tier: 2, arguments: { service: 'sandbox-db' }, target: 'sandbox-db', ...more });

export const judge = (asked: GateFacts, text?: string): GateDecision =>
  gate.judgeUnder(asked, text === undefined ? null : own(text));
