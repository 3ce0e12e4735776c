import type { Dissent } from '../pipeline/event.ts';
import type { PipelineState } from '../pipeline/state.ts';
import type { Ballot, Tally } from './tally.ts';

/** The ballot of a pipeline as it stands. Votes of agents revoked for a violation are void (CONS-4). */
export function ballotOf(state: PipelineState): Ballot {
  return {
    electorate: state.round?.electorate ?? [],
    proposals: state.proposals,
    votes: state.votes.filter((vote) => !state.agents[vote.agent_id]?.votes_void),
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
