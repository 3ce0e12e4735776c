import type { MediationOutput, ProposalDraft, VoteDraft } from '#domain/agents/output.ts';
import { compose } from './compose.ts';
import { clip, oneLine, place, uniqueCitations } from './point.ts';
import type { BoardProposal, Reading } from './reading.ts';
import { othersProposals, ownProposal, takeTurn } from './turn.ts';
import { acceptable, objectionTo, sound } from './voting.ts';
import { wantedActions } from './wanted-actions.ts';

/** What the merged proposal has from another's: the citations they share, and its own words of decision. */
function takenFrom(merged: ProposalDraft, other: BoardProposal): string {
  const places = new Set(merged.citations.map(place));
  const shared = other.citations.filter((one) => places.has(place(one)));
  const steps = other.steps.filter((step) => merged.steps.includes(step)).length;
  const first = shared.slice(0, 3).map(place).join('; ');
  return clip(
    `From "${oneLine(other.title)}": ${shared.length} of its ${other.citations.length} grounds${first ? ` (${first}${shared.length > 3 ? '; …' : ''})` : ''} and ${steps} of its ${other.steps.length} steps.`,
    2_000,
  );
}

/** Proposals that went into the merged one are not voted down for what they lack: the merged one has it. */
const withheld = (vote: VoteDraft): VoteDraft => ({
  ...vote,
  vote: 'abstain',
  confidence: 50,
  critical: false,
  reason: 'Its grounds are part of the merged proposal, which is the one to vote on.',
  citations: [],
});

/** CONS-6: reads everything, merges it once, says what came from whom, and votes. */
export function mediate(reading: Reading): MediationOutput {
  const { output, known, passages } = takeTurn(reading);
  const own = ownProposal(reading);
  const others = othersProposals(reading);
  if (own && acceptable(objectionTo(reading, own, known))) {
    return { ...output, proposal: null, votes: output.votes.map(withheld), messages: [], taken: [] };
  }
  const draft = compose({
    objective: reading.objective,
    points: sound(reading, known),
    passages,
    revises: own?.proposal_id ?? null,
  });
  const trusted = new Set(reading.documents.filter((one) => one.trusted).map(({ name }) => name));
  const proposal: ProposalDraft = {
    ...draft,
    steps: [...new Set([...draft.steps, ...others.flatMap(({ steps }) => steps)])]
      .slice(0, 30)
      .map((step) => clip(step, 1_000)),
    citations: uniqueCitations(
      [
        ...draft.citations,
        ...others.flatMap(({ citations }) => citations).filter(({ source }) => trusted.has(source)),
      ],
      60,
    ),
  };
  return {
    ...output,
    proposal: { ...proposal, actions: wantedActions(reading, proposal) },
    votes: output.votes.map(withheld),
    messages: [{ to: 'all', body: clip(`Merged: "${proposal.title}". Please vote on it.`, 4_000) }],
    taken: others.slice(0, 20).map((other) => ({
      proposal_id: other.proposal_id,
      revision: other.revision,
      what: takenFrom(proposal, other),
    })),
  };
}
