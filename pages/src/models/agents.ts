import type { AgentCard, Incident } from '#contract/pipeline.ts';

/** Phases of an agent that is done. */
const OVER: readonly AgentCard['phase'][] = ['EXIT', 'REVOKED'];

export const isOver = (agent: AgentCard): boolean => OVER.includes(agent.phase);

/** Whether an agent can still act, so that stopping it means something. An outside one acts by its session, not by a token of ours. */
export const hasAuthority = (agent: AgentCard): boolean =>
  agent.replaced_by === null && (agent.role === 'OUTSIDE' ? !isOver(agent) : agent.token_status === 'active');

/** What people call an agent: its seat, or the name that an outside agent gave itself. */
export const agentName = ({ role, name }: { role: AgentCard['role'] | null; name?: string }): string =>
  role === 'OUTSIDE' ? `“${name ?? 'an outside agent'}”` : (role ?? 'An agent');

export const incidentAgent = ({ role, agent_name }: Incident): string =>
  agentName({ role, name: agent_name });
