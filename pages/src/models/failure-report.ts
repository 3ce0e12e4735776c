import type { ConsensusView, Orchestration, Proposal, Vote } from '#contract/pipeline.ts';
import type { Generation, PipelineState } from '#domain/pipeline/state.ts';
import { tallyText } from './fallback-text.ts';
import { proposalColumns } from './proposals.ts';

export interface ReportedProposal {
  proposal: Proposal;
  votes: Vote[];
  /** How the votes stood; null where a later generation took the count with it. */
  stood: string | null;
}

/** One generation's try: what was proposed, who said what about it, and why it failed. */
export interface ReportedGeneration {
  generation: number;
  tier: number;
  round: number | null;
  reason: string | null;
  proposals: ReportedProposal[];
}

/** Whether a run has something to explain. */
export const hasFailureReport = (s: PipelineState): boolean =>
  s.failure !== null || s.history.length > 0 || s.recovery !== null || s.outcome?.state === 'FAILED';

const proposed = (
  board: Pick<Orchestration['blackboard'], 'proposals' | 'votes' | 'consensus'>,
  tallies: ConsensusView['proposals'],
): ReportedProposal[] =>
  proposalColumns(board).map(({ latest, votes, earlier }) => {
    const tally = tallies.find((t) => t.proposal_id === latest.proposal_id && t.revision === latest.revision);
    return {
      proposal: latest,
      votes: votes.length > 0 ? votes : earlier.slice(0, 3),
      stood: tally ? `${tallyText(tally)}: ${tally.passes ? 'passes' : 'does not pass'}` : null,
    };
  });

const earlier = (g: Generation): ReportedGeneration => ({
  generation: g.generation,
  tier: g.tier,
  round: g.failure?.round ?? null,
  reason: g.failure?.reason ?? null,
  proposals: proposed({ proposals: g.proposals, votes: g.votes, consensus: null }, []),
});

/** REC-1: the generations before this one, oldest first. */
export const earlierGenerations = (s: PipelineState): ReportedGeneration[] => s.history.map(earlier);

/** The generation that is shown, as a report. */
export const currentGeneration = (
  s: PipelineState,
  run: Orchestration,
  consensus: ConsensusView,
): ReportedGeneration => ({
  generation: s.generation,
  tier: s.tier,
  round: s.failure?.round ?? s.round?.round ?? null,
  reason: s.failure?.reason ?? null,
  proposals: proposed(run.blackboard, consensus.proposals),
});
