import type { AgentCard } from '#contract/pipeline.ts';

/** Whether an agent can still act, so that stopping it means something. */
export const hasAuthority = (agent: AgentCard): boolean =>
  agent.replaced_by === null && agent.token_status === 'active';
