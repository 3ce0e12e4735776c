import { gateDecision, type PolicyVersion } from '#domain/governance/decision.ts';
import { type GateConfig, type GateFacts, gateData } from '#domain/governance/gate.ts';
import { BUILTIN_ONLY } from '#domain/governance/permit.ts';
import { type PolicyRequest, policyRequest } from '#domain/governance/request.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import { BUILTIN, builtin, LIMITS_TEXT, PERMITS_TEXT } from './builtin.ts';
import { type CompiledSet, compile, setOf } from './compile.ts';
import { engine } from './engine.ts';
import { Recent } from './recent.ts';

/** A version of a tenant's own policies, as its control object published it (GOV-4). */
export interface TenantPolicies {
  /** As a permit names it: version and hash. */
  policy_version: string;
  sha256: string;
  text: string;
}

/** Where a tenant's policies come from; null when there is no such version. May throw: that is a no. */
export type PolicySource = (tenant: string, policy_version: string) => Promise<TenantPolicies | null>;

/** The one function that every tool call passes before it happens (GOV-2). */
export interface Gate {
  /** Of the built-in policies, without a tenant's. */
  version: string;
  judge(facts: GateFacts): Promise<GateDecision>;
  /** What decisions under these policies say of their version. */
  versionOf(own: TenantPolicies | null): PolicyVersion;
  /** Under policies that are at hand, published or a draft. Throws what Cedar throws. */
  judgeUnder(facts: GateFacts, own: TenantPolicies | null): GateDecision;
  /** PRE-1: what a call with fitting arguments on an allowed target would be answered, as far as policies go. */
  preview(facts: GateFacts, own: TenantPolicies | null): GateDecision;
}

/** GOV-2: an answer that takes this long is a no; reading a version is one call to the tenant's control object. */
const SOURCE_TIMEOUT_MS = 3_000;
/** Published versions never change, so they are kept; a draft passes through once. */
const KEPT_VERSIONS = 64;

const NO_SOURCE: PolicySource = async () => null;

/** A gate that breaks denies: no policy, an error, no answer in time is a no (GOV-2). */
export function createGate(config: GateConfig, source: PolicySource = NO_SOURCE): Gate {
  const builtinSha = hashJson({ data: gateData(config), limits: LIMITS_TEXT, permits: PERMITS_TEXT });
  const version = `${BUILTIN}+${builtinSha.slice(0, 16)}`;
  const kept = new Recent<TenantPolicies>(KEPT_VERSIONS);
  const sets = new Recent<CompiledSet>(KEPT_VERSIONS);
  const versions = new Recent<PolicyVersion>(KEPT_VERSIONS);

  async function tenantPolicies({ tenant, policy }: GateFacts): Promise<TenantPolicies | null> {
    if (policy === BUILTIN_ONLY) return null;
    const key = `${tenant}/${policy}`;
    const known = kept.get(key);
    if (known) return known;
    const found = await inTime(source(tenant, policy));
    if (found?.policy_version !== policy)
      throw new Error(`version ${policy} of the tenant's policies is not there`);
    kept.set(key, found);
    return found;
  }

  /** A tenant's permits stand in place of the built-in ones; no text of a tenant can take a built-in limit away. */
  function setFor(own: TenantPolicies | null): CompiledSet {
    const key = setKey(own);
    const known = sets.get(key);
    if (known) return known;
    const { limits, permits } = builtin();
    const added = own ? compile(own.text, 'tenant:', limits.length + permits.length) : [];
    const narrows = added.some(({ note }) => note.effect === 'permit' && note.labels.length === 0);
    const set = setOf([...limits, ...(narrows ? [] : permits), ...added]);
    sets.set(key, set);
    return set;
  }

  function versionOf(own: TenantPolicies | null): PolicyVersion {
    if (own === null) return { version, sha256: builtinSha, tenant_policy: BUILTIN_ONLY };
    const known = versions.get(own.policy_version);
    if (known) return known;
    const made = {
      version: `${version}/${own.policy_version.replace(/:.*/, '')}`,
      sha256: hashJson({ builtin: builtinSha, tenant: own.sha256 }),
      tenant_policy: own.policy_version,
    };
    versions.set(own.policy_version, made);
    return made;
  }

  const judgeUnder = (facts: GateFacts, own: TenantPolicies | null): GateDecision =>
    decide(facts, own, policyRequest(facts, config, versionOf(own)));

  function preview(facts: GateFacts, own: TenantPolicies | null): GateDecision {
    const { resource, context, ...request } = policyRequest(facts, config, versionOf(own));
    const open = context.tool.acts && resource.class === 'none';
    return decide(facts, own, {
      ...request,
      resource: open ? { ...resource, class: 'allowed' } : resource,
      context: { ...context, argument_problem: '', egress: '' },
    });
  }

  function decide(facts: GateFacts, own: TenantPolicies | null, request: PolicyRequest): GateDecision {
    const policies = versionOf(own);
    const traits = config.tools.get(facts.tool) ?? facts.outside_tool ?? undefined;
    const set = setFor(own);
    return gateDecision(facts, request, traits, policies, (asked) =>
      engine.evaluate(setKey(own), set, asked),
    );
  }

  return {
    version,
    versionOf,
    judgeUnder,
    preview,
    async judge(facts) {
      try {
        return judgeUnder(facts, await tenantPolicies(facts));
      } catch {
        return {
          decision: 'deny',
          determining: ['gate_error'],
          policy_version: version,
          reason: 'The gate could not judge this action.',
          remedy: 'Try again; if it stays so, report the policy version.',
          effect: 'once',
          violation: null,
          tenant_policy: facts.policy,
        };
      }
    },
  };
}

/** Names a set by its content: the built-in texts are the same for all, a tenant's by their hash. */
const setKey = (own: TenantPolicies | null): string => (own === null ? BUILTIN : `${BUILTIN}/${own.sha256}`);

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the policies did not come in time')), SOURCE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
