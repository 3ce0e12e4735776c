import { isSeat, isSolo } from '../../agents/roles.ts';
import type { Draft } from './draft.ts';
import { failPipeline } from './ending.ts';
import { seatOfTurn, takeTurn } from './rounds.ts';

/** A turn that ends without an answer: the planner's ends the run, a seat's is silence in this round. */
export function loseTurn(
  draft: Draft,
  agent_id: string,
  round: number,
  error?: { code: string; message: string },
): void {
  const agent = draft.state.agents[agent_id];
  if (!agent) return;
  if (isSolo(agent.role)) {
    failPipeline(
      draft,
      error?.code ?? 'planner_failed',
      error?.message ?? `${agent.role} kept calling tools and never answered.`,
    );
    return;
  }
  if (isSeat(agent.role) && seatOfTurn(draft.state, agent_id, round)) takeTurn(draft, agent.role, true);
}
