import type { GateConfig } from '#domain/governance/gate.ts';
import { BUILTIN_ONLY } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import type { Config } from '#workers/config.ts';
import { type TenantPolicies, validatePolicies } from '#workers/policy/index.ts';
import { gateOf, TOOL_RULES } from '#workers/steps/index.ts';
import type { Asked } from './endpoint.ts';
import { controlOf } from './scope.ts';

/** What the gate knows besides policies. */
export const gateConfig = ({ httpAllow }: Config): GateConfig => ({
  tools: TOOL_RULES,
  egress: { allow: httpAllow },
});

export const checkPolicies = (source: string) => {
  const { findings, policies } = validatePolicies(source, TOOL_RULES.keys());
  return { ok: !findings.some((f) => f.severity === 'error'), findings, policies, sha256: sha256Hex(source) };
};

/** A text that was not published: judged under its hash. An empty one is the built-in set alone. */
export const draftOf = (source: string): TenantPolicies | null =>
  source.trim() === ''
    ? null
    : { policy_version: `draft:${sha256Hex(source)}`, sha256: sha256Hex(source), text: source };

/** The tenant's own policies in force; null for none. */
export async function ownPolicies(asked: Asked): Promise<TenantPolicies | null> {
  const found = await controlOf(asked).readPolicies(null);
  if (!found.ok || found.value.policies === 0) return null;
  const { version, sha256, cedar } = found.value;
  return { policy_version: `${version}:${sha256}`, sha256, text: cedar };
}

/**
 * PRE-1: what each tool would be answered at the plan's tier, with fitting arguments and an allowed target, before anything was done; and
 * what the plan's own switches would have an agent ask for (RUN-5).
 */
export async function planDecisions(asked: Asked, plan: ResolvedPlan) {
  const own = await ownPolicies(asked);
  const gate = gateOf(asked.env, asked.config);
  const wanted = [
    ...[...TOOL_RULES.keys()].map((tool) => ({ tool, target: '' })),
    ...plan.misbehave.flatMap((m) =>
      m.kind === 'forbidden_action' ? [{ tool: m.action, target: m.target }] : [],
    ),
  ];
  const facts = {
    version: 0,
    tenant: asked.caller.tenant,
    project_id: '',
    agent_id: '',
    role: 'ALPHA',
    tier: plan.tier,
    arguments: {},
    origin: [],
    actions_left: plan.limits.actions,
    gate_closed: false,
    labels: [],
    approved_under: null,
    policy: own?.policy_version ?? BUILTIN_ONLY,
    mode: 'enforce',
  } as const;
  return wanted.map(({ tool, target }) => {
    const { decision, reason } = gate.preview(
      { ...facts, origin: [], labels: [], tool, target, plan_asks: plan.approvals?.includes(tool) ?? false },
      own,
    );
    return { tool, target, decision, reason };
  });
}
