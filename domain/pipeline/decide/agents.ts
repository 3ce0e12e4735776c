import type { Role } from '../../agents/roles.ts';
import { agentId } from '../../ids.ts';
import type { Draft } from './draft.ts';

/** An agent begins with a token of its own (CRED-1); its first turn follows when it has one. */
export function spawnAgent(draft: Draft, role: Role, reason: string): string {
  const id = agentId(draft.pipelineId, draft.state.counts.agents + 1);
  draft.emit('agent_spawned', { agent_id: id, role, tier: draft.state.tier, reason });
  draft.schedule({ kind: 'agent_bootstrap', agent_id: id });
  return id;
}
