import { ROLES, type Role } from '../agents/roles.ts';
import type { ModelChoice, Price, Provider } from './plan.ts';
import type { PlanFile } from './schema.ts';

/** What a deployment offers, and what it uses when a plan names nothing (AGENT-2). */
export interface ModelDefaults {
  model: ModelChoice;
  providers: readonly Provider[];
  /** By model name, as the deployment knows them (PIPE-11). */
  prices: Readonly<Record<string, Price>>;
}

export interface ModelProblem {
  code: 'provider_not_offered' | 'model_missing';
  path: string[];
  message: string;
  expected: string;
}

type ModelSpec = NonNullable<NonNullable<PlanFile['agents']>['model']>;

/** A role's own choice over the plan's over the deployment's. Another provider does not inherit models' names. */
function layer(base: ModelChoice, over: ModelSpec | undefined): ModelChoice {
  if (over === undefined) return base;
  const provider = over.provider ?? base.provider;
  const inherits = provider === base.provider;
  return {
    provider,
    model: over.model ?? (inherits ? base.model : provider === 'embedded' ? 'extractive-1' : ''),
    fallbacks: over.fallbacks ?? (inherits && over.model === undefined ? base.fallbacks : []),
    max_tokens: over.max_tokens ?? base.max_tokens,
    // A price is of a model: another model does not inherit it.
    ...priceOf(over.price ?? (inherits && !over.model && !over.fallbacks ? base.price : undefined)),
  };
}

const priceOf = (price: Price | undefined): { price?: Price } => (price ? { price } : {});

/**
 * PIPE-11: each side of the dearest that may answer, so that no fallback costs more than what was reserved. What the deployment knows is
 * a floor under what the plan says: a plan cannot make its calls cheaper than they are.
 */
function priced(choice: ModelChoice, prices: ModelDefaults['prices']): ModelChoice {
  if (choice.provider === 'embedded') return choice;
  const known = [choice.model, ...choice.fallbacks].flatMap((name) => prices[name] ?? []);
  const all = choice.price ? [...known, choice.price] : known;
  const dearest = (side: keyof Price) => Math.max(...all.map((price) => price[side]));
  return all.length > 0
    ? { ...choice, price: { input: dearest('input'), output: dearest('output') } }
    : choice;
}

export function resolveModels(
  agents: PlanFile['agents'],
  defaults: ModelDefaults,
): { models: Record<Role, ModelChoice>; problems: ModelProblem[] } {
  const problems: ModelProblem[] = [];
  const check = (choice: ModelChoice, path: string[]): ModelChoice => {
    if (!defaults.providers.includes(choice.provider))
      problems.push({
        code: 'provider_not_offered',
        path: [...path, 'provider'],
        message: `This deployment does not offer the provider “${choice.provider}”.`,
        expected: `one of ${defaults.providers.join(', ')}`,
      });
    else if (choice.model === '')
      problems.push({
        code: 'model_missing',
        path,
        message: `The provider “${choice.provider}” needs a model’s name.`,
        expected: 'a field `model`',
      });
    return choice;
  };
  const shared = check(layer(defaults.model, agents?.model), ['agents', 'model']);
  const models = Object.fromEntries(
    ROLES.map((role) => {
      const own = agents?.[role]?.model;
      const choice = own ? check(layer(shared, own), ['agents', role, 'model']) : shared;
      return [role, priced(choice, defaults.prices)];
    }),
  ) as Record<Role, ModelChoice>;
  return { models, problems };
}
