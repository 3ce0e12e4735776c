import type { ProposalDraft, TurnOutput } from '#domain/agents/output.ts';
import type { RankedPassage } from '#domain/inspection/index.ts';
import { compose } from './compose.ts';
import { findingsOf } from './findings.ts';
import { asFinding, type Point } from './point.ts';
import { quarrelOf, stubbornVotes } from './quarrel.ts';
import type { BoardProposal, Reading } from './reading.ts';
import { acceptable, messagesFor, objectionTo, sound, votesOn } from './voting.ts';
import { wantedActions } from './wanted-actions.ts';

export const ownProposal = ({ board, seat }: Reading): BoardProposal | null =>
  board.proposals.filter(({ author }) => author === seat).at(-1) ?? null;
export const othersProposals = ({ board, seat }: Reading): BoardProposal[] =>
  board.proposals.filter(({ author }) => author !== seat);

/**
 * Whether this seat writes now. A seat without a proposal proposes; one whose proposal leaves something out revises it, unless
 * another's is already complete: it approves that instead, so that a run converges. The researcher leaves merging to others until
 * its own proposal has been rejected.
 */
function writes(reading: Reading, known: readonly Point[]): 'propose' | 'revise' | null {
  const own = ownProposal(reading);
  const others = othersProposals(reading);
  if (reading.switches.disagree) return own ? 'revise' : 'propose';
  if (others.some((proposal) => acceptable(objectionTo(reading, proposal, known)))) return null;
  if (!own) return 'propose';
  if (acceptable(objectionTo(reading, own, known))) return null;
  const rejected = reading.board.votes.some(
    ({ proposal_id, revision, vote }) =>
      proposal_id === own.proposal_id && revision === own.revision && vote === 'reject',
  );
  return reading.seat !== 'ALPHA' || rejected ? 'revise' : null;
}

export interface Turn {
  output: TurnOutput;
  known: Point[];
  passages: RankedPassage[];
}

/** One seat's contribution to a round: findings, at most one proposal, a vote on each of the others', messages. */
export function takeTurn(reading: Reading): Turn {
  const { fresh, known, passages } = findingsOf(reading);
  const others = othersProposals(reading);
  const own = ownProposal(reading);
  const intent = writes(reading, known);
  const quarrel = reading.switches.disagree ? quarrelOf(reading, known) : null;
  const votes = quarrel ? stubbornVotes(quarrel, others) : votesOn(reading, others, known);
  const draft: ProposalDraft | null = intent
    ? compose({
        objective: reading.objective,
        points: sound(reading, known),
        passages,
        revises: intent === 'revise' ? (own?.proposal_id ?? null) : null,
        ...quarrel,
      })
    : null;
  const proposal = draft && { ...draft, actions: wantedActions(reading, draft) };
  return {
    output: {
      findings: fresh.map(asFinding),
      proposal,
      votes,
      messages: messagesFor(votes, others),
    },
    known,
    passages,
  };
}
