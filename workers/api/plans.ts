import type { Tier } from '#domain/governance/tier.ts';
import {
  type InputValues,
  type ModelDefaults,
  type ParsedPlan,
  type ParseOptions,
  type PlanFinding,
  parsePlan,
} from '#domain/plan/index.ts';
import type { Limits } from '#domain/plan/limits.ts';
import type { Provider } from '#domain/plan/plan.ts';
import type { Result } from '#domain/result.ts';
import type { Config } from '#workers/config.ts';
import type { Asked } from './endpoint.ts';
import { controlOf, must } from './scope.ts';

/** Tokens of one answer when the plan says nothing. */
const MAX_TOKENS = 8_192;

/** AGENT-2: providers that this deployment has an address for. */
export function modelDefaults({ model }: Config): ModelDefaults {
  const providers = new Set<Provider>([model.provider, 'openrouter']);
  if (model.cloudflareAccountId !== null) providers.add('workers_ai');
  return {
    model: {
      provider: model.provider,
      model: model.model,
      fallbacks: model.fallbacks,
      max_tokens: MAX_TOKENS,
    },
    providers: [...providers],
    prices: model.prices,
  };
}

export interface PlanChoice {
  plan_id?: string;
  plan?: { source: string; files?: Record<string, string> };
}

/** The plan that a request means, stored or sent along, resolved for this deployment. */
export async function resolvePlan(
  asked: Asked,
  choice: PlanChoice,
  options: { inputs: InputValues | null; tier?: Tier; limits?: Partial<Limits> },
): Promise<Result<ParsedPlan, PlanFinding[]>> {
  const settings: ParseOptions = { ...options, defaults: modelDefaults(asked.config) };
  if (choice.plan_id === undefined)
    return parsePlan(choice.plan?.source ?? '', choice.plan?.files ?? {}, settings);
  const stored = must(await controlOf(asked).readPlan(choice.plan_id));
  return parsePlan(stored.source, stored.files, { ...settings, plan_id: choice.plan_id });
}
