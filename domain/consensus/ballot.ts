import type { Dissent } from '../pipeline/event/blackboard.ts';
import type { PipelineState } from '../pipeline/state.ts';
import type { Ballot, Tally } from './tally.ts';

type Votes = PipelineState['votes'];

/** CONS-4: agents that were revoked for a violation, those of the run that this one was forked from too. */
export const disownedAgents = (state: PipelineState): string[] => [
  ...(state.forked?.disowned ?? []),
  ...Object.values(state.agents).flatMap((agent) => (agent.votes_void ? [agent.agent_id] : [])),
];

/** CONS-4: void after a violation; of an agent replaced as stuck, its votes stand in the round of its replacement. */
export function votesStandingAt(state: PipelineState, round: number): Votes {
  const disowned = disownedAgents(state);
  return state.votes.filter(({ agent_id }) => {
    const replaced = state.agents[agent_id]?.replaced_round ?? null;
    return !disowned.includes(agent_id) && (replaced === null || round <= replaced);
  });
}

const standing = (state: PipelineState): Votes => votesStandingAt(state, state.round?.round ?? 0);

/** The ballot of a pipeline as it stands. */
export function ballotOf(state: PipelineState): Ballot {
  const disowned = disownedAgents(state);
  return {
    electorate: state.round?.electorate ?? [],
    proposals: state.proposals.map((p) => ({ ...p, disowned: disowned.includes(p.agent_id) })),
    votes: standing(state),
  };
}

/** CONS-8: who does not agree with this proposal, and why; a silent seat is named as such. */
export function minorityReport(state: PipelineState, tally: Tally): Dissent[] {
  const votes = standing(state);
  const reasonOf = (seat: Dissent['seat']): string =>
    votes.findLast(
      (v) => v.seat === seat && v.proposal_id === tally.proposal_id && v.revision === tally.revision,
    )?.reason ?? 'did not vote on this revision';
  return [
    ...tally.reject.map((seat) => ({ seat, vote: 'reject' as const, reason: reasonOf(seat) })),
    ...tally.abstain.map((seat) => ({ seat, vote: 'abstain' as const, reason: reasonOf(seat) })),
  ];
}
