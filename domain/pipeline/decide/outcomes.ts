import { isSeat, isSolo } from '../../agents/roles.ts';
import { logId } from '../../ids.ts';
import type { StepResult } from '../assignment.ts';
import { runWinningActions } from './actions.ts';
import type { Draft } from './draft.ts';

/** Ends an action and lets the run go on from it. */
export function finishAction(
  draft: Draft,
  action_id: string,
  status: 'succeeded' | 'failed' | 'denied',
  result: string,
  error: string | null,
): void {
  draft.emit('action_finished', {
    action_id,
    status,
    result,
    result_sha256: null,
    truncated: false,
    error,
    origin: [],
  });
  afterAction(draft, action_id);
}

/** When all calls of a leg are answered, the model goes on; when it was the winner's action, the next one runs. */
export function afterAction(draft: Draft, action_id: string): void {
  const action = draft.state.actions[action_id];
  if (!action || draft.state.outcome || draft.state.failure || draft.state.recovery) return;
  const { turn_step_id, agent_id, outside } = action.request;
  // An outside agent goes on by itself (GOV-7).
  if (outside) return;
  if (turn_step_id === null) {
    runWinningActions(draft);
    return;
  }
  const agent = draft.state.agents[agent_id];
  const leg = agent?.legs.at(-1) ?? [];
  if (!agent || !leg.includes(action_id)) return;
  // Late outcomes of agents that are gone, or of a turn that is over, are on record and lead to nothing.
  if (agent.status !== 'live' || agent.generation !== draft.state.generation) return;
  if (isSeat(agent.role) && draft.state.round?.spoken.includes(agent.role)) return;
  if (leg.some((id) => draft.state.actions[id]?.outcome === null)) return;
  const round = isSolo(agent.role) ? 0 : (draft.state.round?.round ?? 0);
  draft.schedule({ kind: 'agent_turn', agent_id, round, leg: agent.legs.length + 1 });
}

/** REC-6: what a lost worker says later about a `once` action is evidence for the person who decides; it decides nothing. */
export function keepLateOutcome(draft: Draft, step_id: string, result: StepResult): void {
  const lost = Object.values(draft.state.actions).find((a) => a.lost_step_id === step_id);
  if (!lost || result.kind !== 'action') return;
  const known = lost.outcome ? `is on record as ${lost.outcome.status}` : 'is unknown';
  draft.emit('log_written', {
    log_id: logId(draft.pipelineId, draft.state.counts.log + 1),
    level: 'warn',
    source: 'late outcome',
    message: `A worker reports ${result.status} for ${lost.action_id}, whose outcome ${known}.`,
    fields: { action_id: lost.action_id, status: result.status, result_sha256: result.result_sha256 },
  });
}
