import { ROLES } from '#domain/agents/roles.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { DEFAULT_LIMITS, LIMITS } from '#domain/plan/limits.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import type { Config } from '#workers/config.ts';
import { modelDefaults } from './plans.ts';

/** An external pipeline calls no model, so it sets aside as little of the tenant's budget as a plan can. */
const limitsFor = (ttl_s: number) => ({
  ...DEFAULT_LIMITS,
  tokens: LIMITS.tokens.min,
  cost_microusd: LIMITS.cost_microusd.min,
  steps: LIMITS.steps.max,
  actions: LIMITS.actions.max,
  deadline_s: ttl_s,
});

/** GOV-7: what stands for a plan where nobody wrote one. `ttl_s` is the run's deadline in seconds. */
export function externalPlan(
  config: Config,
  { objective, tier, ttl_s }: { objective: string; tier: Tier; ttl_s: number },
): ResolvedPlan {
  const { model } = modelDefaults(config);
  const plan = {
    plan_id: 'plan_external',
    name: 'external',
    version: '1.0.0',
    objective,
    tier,
    documents: [],
    models: Object.fromEntries(ROLES.map((role) => [role, model])) as ResolvedPlan['models'],
    misbehave: [],
    limits: limitsFor(ttl_s),
    stages: [],
  };
  return { ...plan, sha256: hashJson({ name: plan.name, version: plan.version, objective }) };
}
