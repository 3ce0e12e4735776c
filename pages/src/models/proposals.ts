import type { Orchestration, Proposal, Vote } from '#contract/pipeline.ts';

/** One proposal with its history, as a column of the pipeline page. */
export interface ProposalColumn {
  latest: Proposal;
  /** Newest first. */
  older: Proposal[];
  /** The standing vote of each seat on the latest revision. */
  votes: Vote[];
  /** Votes that no longer stand: on older revisions, or followed by another. Newest first. */
  earlier: Vote[];
  won: boolean;
}

const standing = (votes: readonly Vote[]): Vote[] => {
  const bySeat = new Map<string, Vote>();
  for (const vote of votes) bySeat.set(vote.seat, vote);
  return [...bySeat.values()].sort((a, b) => a.seat.localeCompare(b.seat));
};

/** Columns in the order in which proposals first appeared, so that nothing jumps while a run is watched. */
export function proposalColumns(
  board: Pick<Orchestration['blackboard'], 'proposals' | 'votes' | 'consensus'>,
): ProposalColumn[] {
  const byId = Map.groupBy(board.proposals, (p) => p.proposal_id);
  return [...byId.values()].map((revisions) => {
    const ordered = revisions.toSorted((a, b) => a.revision - b.revision);
    const latest = ordered.at(-1)!;
    const all = board.votes.filter((v) => v.proposal_id === latest.proposal_id);
    const votes = standing(all.filter((v) => v.revision === latest.revision));
    return {
      latest,
      older: ordered.slice(0, -1).reverse(),
      votes,
      earlier: all.filter((v) => !votes.includes(v)).reverse(),
      won:
        board.consensus?.proposal_id === latest.proposal_id && board.consensus.revision === latest.revision,
    };
  });
}
