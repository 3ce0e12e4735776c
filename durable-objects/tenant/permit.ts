import { BUILTIN_ONLY, type Grant, type Kill } from '#domain/governance/permit.ts';
import { troubled } from './breakers.ts';
import { errorBudget } from './error-budget.ts';
import { standing } from './kills.ts';
import { policyVersion, projectMode } from './policies.ts';
import type { ControlStore } from './store.ts';

/** No tenant, no authority. */
export const NO_GRANT: Grant = { ttl_ms: 0, killed: null, policy_version: BUILTIN_ONLY, mode: 'enforce' };

/** ENF-6: the widest switch that stands stops the project's pipelines; the lease on the widest bounds the permit. */
export function grant(
  store: ControlStore,
  project_id: string,
  system: { killed: Kill | null; troubled: string[]; ttl_ms: number },
): Grant {
  const killed =
    system.killed ??
    standing(store.sql, 'tenant', store.tenant) ??
    standing(store.sql, 'project', project_id);
  return {
    ttl_ms: system.ttl_ms,
    killed,
    policy_version: policyVersion(store),
    mode: projectMode(store, project_id),
    troubled: [...system.troubled, ...troubled(store)],
    budget_spent: errorBudget(store).spent,
  };
}
