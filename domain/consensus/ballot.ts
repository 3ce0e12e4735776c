import type { Dissent } from '../pipeline/event.ts';
import type { PipelineState } from '../pipeline/state.ts';
import type { Ballot, Tally } from './tally.ts';

/** CONS-4: void after a violation; of an agent replaced as stuck, its votes stand in the round of its replacement. */
function stands(state: PipelineState, agentId: string): boolean {
  const agent = state.agents[agentId];
  if (!agent) return true;
  return (
    !agent.votes_void && (agent.replaced_round === null || (state.round?.round ?? 0) <= agent.replaced_round)
  );
}

/** The ballot of a pipeline as it stands. */
export function ballotOf(state: PipelineState): Ballot {
  return {
    electorate: state.round?.electorate ?? [],
    proposals: state.proposals,
    votes: state.votes.filter((vote) => stands(state, vote.agent_id)),
  };
}

/** CONS-8: who does not agree with this proposal, and why; a silent seat is named as such. */
export function minorityReport(state: PipelineState, tally: Tally): Dissent[] {
  const reasonOf = (seat: Dissent['seat']): string =>
    state.votes.findLast(
      (v) => v.seat === seat && v.proposal_id === tally.proposal_id && v.revision === tally.revision,
    )?.reason ?? 'did not vote on this revision';
  return [
    ...tally.reject.map((seat) => ({ seat, vote: 'reject' as const, reason: reasonOf(seat) })),
    ...tally.abstain.map((seat) => ({ seat, vote: 'abstain' as const, reason: reasonOf(seat) })),
  ];
}
