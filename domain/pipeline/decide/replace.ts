import { isSolo } from '../../agents/roles.ts';
import { MAX_REPLACEMENTS } from '../rules.ts';
import type { StepState } from '../state.ts';
import { spawnAgent } from './agents.ts';
import type { Draft } from './draft.ts';
import { dropStep, scheduleRevocation } from './ending.ts';
import { finishAction } from './outcomes.ts';
import { loseTurn } from './turns.ts';

const REASON = 'no progress, although its worker is alive';

/**
 * ENF-2, CONS-4: an agent whose step is alive and comes to nothing loses its own token only. Its replacement takes the seat, the round
 * and what the round shows; after two of them the seat is silent in this round.
 */
export function replaceStuck(draft: Draft, step_id: string): void {
  const step = draft.state.steps[step_id];
  const agent = step && 'agent_id' in step.work ? draft.state.agents[step.work.agent_id] : undefined;
  if (!step || agent?.status !== 'live') return;
  const { agent_id, role, generation } = agent;
  if (role === 'OUTSIDE') {
    loseOutsideStep(draft, step);
    return;
  }
  const before = Object.values(draft.state.agents).filter(
    (a) => a.role === role && a.generation === generation && a.status === 'replaced',
  ).length;
  for (const own of Object.values(draft.state.steps)) {
    if ('agent_id' in own.work && own.work.agent_id === agent_id) dropStep(draft, own, REASON);
  }
  const round = isSolo(role) ? 0 : (draft.state.round?.round ?? 0);
  if (before >= MAX_REPLACEMENTS) {
    draft.emit('agent_revoked', { agent_id, reason: REASON, votes_void: false });
    scheduleRevocation(draft, (token) => token.agent_id === agent_id);
    loseTurn(draft, agent_id, round, {
      code: 'agent_stuck',
      message: `${role} made no progress, and neither did those in its place.`,
    });
    return;
  }
  const by = spawnAgent(draft, role, `replaces ${agent_id}: ${REASON}`);
  draft.emit('agent_replaced', { agent_id, by, round, reason: REASON });
  scheduleRevocation(draft, (token) => token.agent_id === agent_id);
}

/** GOV-7: an outside agent is not ours to replace; the call that comes to nothing is over, and its agent is told. */
function loseOutsideStep(draft: Draft, step: StepState): void {
  dropStep(draft, step, REASON);
  const action = step.work.kind === 'action' ? draft.state.actions[step.work.action_id] : undefined;
  if (action && !action.unknown)
    finishAction(
      draft,
      action.action_id,
      'failed',
      JSON.stringify({ error: 'stuck', message: REASON }),
      REASON,
    );
}
