import { type GateConfig, gateDataText } from '#domain/governance/gate.ts';
import { LIMITS_TEXT, PERMITS_TEXT } from './builtin.ts';
import type { TenantPolicies } from './gate.ts';

/**
 * GOV-4, LEDG-3: the texts that a version of the policies is the hash of, so that somebody else can recompute it: the built-in set is
 * SHA-256 of the canonical JSON of `{data: SHA-256(data.json), limits, permits}`, with a tenant's own `{builtin, tenant: SHA-256(tenant.cedar)}`.
 */
export const policyDocuments = (
  config: GateConfig,
  own: TenantPolicies | null,
): { name: string; text: string }[] => [
  { name: 'data.json', text: gateDataText(config) },
  { name: 'limits.cedar', text: LIMITS_TEXT },
  { name: 'permits.cedar', text: PERMITS_TEXT },
  ...(own === null ? [] : [{ name: 'tenant.cedar', text: own.text }]),
];
