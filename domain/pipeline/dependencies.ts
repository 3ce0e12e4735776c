import { isOurs } from '../agents/roles.ts';
import type { ModelChoice } from '../plan/plan.ts';
import type { StepWork } from './event/steps.ts';
import type { PipelineState } from './state.ts';

/** OPS-1: what has a breaker. Vault and store are the deployment's; models are reached with the tenant's own key, so theirs are the tenant's. */
export const SHARED_DEPENDENCIES = ['vault', 'redis'] as const;
export type SharedDependency = (typeof SHARED_DEPENDENCIES)[number];
export type DependencyName = SharedDependency | `model:${string}`;

export const modelDependency = (provider: string, model: string): DependencyName =>
  `model:${provider}/${model}`;
export const isShared = (name: string): name is SharedDependency =>
  SHARED_DEPENDENCIES.some((shared) => shared === name);

export interface Needs {
  /** The step can do nothing without each of these. */
  all: SharedDependency[];
  /** One of these will do, in this order (AGENT-2); none: it calls no model. */
  any: { name: DependencyName; model: string }[];
}

const NOTHING: Needs = { all: [], any: [] };

/** OpenRouter, too, is asked for each name by itself once the first one's breaker is open. */
export const modelsOf = ({ provider, model, fallbacks }: ModelChoice): Needs['any'] =>
  [model, ...fallbacks].map((name) => ({ name: modelDependency(provider, name), model: name }));

/**
 * What a step calls before it can do anything. Revocation needs Vault and waits for no breaker: it is the kill switch, and tries for ever
 * (CRED-4). A turn's token may be at hand without the store. RUN-5: what a plan asked the embedded model to break is not an outage.
 */
export function needsOf(state: PipelineState, work: StepWork): Needs {
  switch (work.kind) {
    case 'credentials_login':
    case 'agent_bootstrap':
      return { all: ['vault', 'redis'], any: [] };
    case 'store_context':
      return { all: ['redis'], any: [] };
    case 'agent_turn':
    case 'synthesis': {
      const role = state.agents[work.agent_id]?.role;
      if (!state.spawned || !role || !isOurs(role)) return NOTHING;
      const simulated = state.spawned.misbehave.some((m) => m.agent === role);
      return { all: ['vault'], any: simulated ? [] : modelsOf(state.spawned.models[role]) };
    }
    default:
      return NOTHING;
  }
}

/** Why a step may not call what it needs now. */
export interface Trouble {
  on: 'vault' | 'redis' | 'model';
  code: string;
  message: string;
  /** When it is worth asking again (ms from now). */
  retry_in_ms: number;
}

const LABEL: Record<SharedDependency, string> = { vault: 'Vault', redis: 'The Redis store' };

const codeOf = (on: Trouble['on']): string => (on === 'redis' ? 'store_breaker_open' : `${on}_breaker_open`);

export function troubleWith(
  on: Trouble['on'],
  names: readonly string[],
  last_error: { message: string } | null,
  retry_in_ms: number,
): Trouble {
  const what =
    on === 'model' ? `The model ${names.map((n) => n.replace(/^model:/, '')).join(', ')}` : LABEL[on];
  const why = last_error ? ` Its last error: ${last_error.message.slice(0, 300)}` : '';
  return {
    on,
    code: codeOf(on),
    message: `${what} is not called: too many calls have failed, and its circuit breaker is open.${why}`,
    retry_in_ms,
  };
}
