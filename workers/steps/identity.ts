import { rolePrompt } from '#domain/agents/prompts/index.ts';
import { ROLES } from '#domain/agents/roles.ts';
import type { AgentIdentity } from '#domain/governance/promotion.ts';
import { hashJson, sha256Hex } from '#domain/ledger/canonical.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { TOOLS } from './tools/index.ts';

/** Raised when a built-in agent becomes another one although prompt, tools and model are the same. */
const VERSION = '1';

type Prompted = Exclude<(typeof ROLES)[number], 'DIAGNOSTIC'>;

/** What of an agent does not depend on the plan is hashed once per isolate. */
const OF_ROLE = new Map<Prompted, Pick<AgentIdentity, 'prompt_sha256' | 'tools_sha256'>>();

function ofRole(role: Prompted) {
  const known = OF_ROLE.get(role);
  if (known) return known;
  const tools = [...TOOLS.values()]
    .filter(({ roles }) => roles === null || roles.includes(role))
    .map(({ name, description, parameters, rule }) => ({
      name,
      description,
      parameters,
      min_tier: rule.min_tier,
      effect: rule.effect,
    }));
  const hashes = { prompt_sha256: sha256Hex(rolePrompt(role)), tools_sha256: hashJson(tools) };
  OF_ROLE.set(role, hashes);
  return hashes;
}

/** PROM-1: who will take part in a run of this plan. DIAGNOSTIC runs have a tier of their own (ENF-1). */
export function identitiesOf({ models }: Pick<ResolvedPlan, 'models'>): AgentIdentity[] {
  return ROLES.filter((role) => role !== 'DIAGNOSTIC').map((role) => {
    const { provider, model, fallbacks } = models[role];
    return {
      template: 'builtin',
      version: VERSION,
      role,
      model: `${provider}/${model}`,
      ...ofRole(role),
      model_sha256: hashJson({ provider, model, fallbacks }),
    };
  });
}
