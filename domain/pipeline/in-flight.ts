import type { PipelineState } from './state.ts';

/** An action that was let through and of which no outcome is known yet: a stop cannot take it back (ENF-6). */
export interface InFlightAction {
  pipeline_id: string;
  action_id: string;
  agent_id: string;
  tool: string;
  target: string;
  /** When it was let through. */
  admitted_at: string;
}

export const inFlight = (state: PipelineState): InFlightAction[] =>
  Object.values(state.actions)
    .filter((a) => a.decision?.decision === 'allow' && a.outcome === null)
    .map(({ action_id, request, decided_at }) => ({
      pipeline_id: state.spawned?.pipeline_id ?? '',
      action_id,
      agent_id: request.agent_id,
      tool: request.tool,
      target: request.target,
      admitted_at: decided_at ?? request.at,
    }));
