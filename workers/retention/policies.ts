import { BUILTIN_ONLY } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { PolicyInForce } from '#domain/ledger/evidence/package.ts';
import type { PolicyReference } from '#domain/ledger/evidence/read.ts';
import type { ControlRpc } from '#objects/tenant/rpc.ts';
import type { Config, Env } from '#workers/config.ts';
import { policyDocuments, type TenantPolicies } from '#workers/policy/index.ts';
import { gateOf, TOOL_RULES } from '#workers/steps/index.ts';

/** The tenant's own policies of a version; null when it has no such text (any more). */
async function tenantText(
  control: Pick<ControlRpc, 'readPolicies'>,
  tenant_policy: string,
): Promise<TenantPolicies | null> {
  const [version, sha256 = ''] = tenant_policy.split(':');
  const found = await control.readPolicies(Number(version));
  if (!found.ok || sha256Hex(found.value.cedar) !== sha256) return null;
  return { policy_version: tenant_policy, sha256, text: found.value.cedar };
}

/** GOV-4: policies as evidence holds them: with their texts, if this deployment still has those that a version is the hash of. */
export const policiesInForce =
  (env: Pick<Env, 'CONTROL'>, config: Config, control: Pick<ControlRpc, 'readPolicies'>) =>
  (versions: readonly PolicyReference[]): Promise<PolicyInForce[]> =>
    Promise.all(
      versions.map(async (used) => {
        const foreign = used.tenant_policy !== null && used.tenant_policy !== BUILTIN_ONLY;
        const own = foreign ? await tenantText(control, used.tenant_policy ?? '') : null;
        if ((foreign && own === null) || gateOf(env, config).versionOf(own).version !== used.version)
          return { version: used.version, documents: [] };
        const gate = { tools: TOOL_RULES, egress: { allow: config.httpAllow } };
        const documents = policyDocuments(gate, own).map(({ name, text }) => ({
          name,
          sha256: sha256Hex(text),
          text,
        }));
        return { version: used.version, documents };
      }),
    );
