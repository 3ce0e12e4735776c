import type { GateConfig } from '#domain/governance/gate.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { Config } from '#workers/config.ts';
import { type TenantPolicies, validatePolicies } from '#workers/policy/index.ts';
import { TOOL_RULES } from '#workers/steps/index.ts';
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
