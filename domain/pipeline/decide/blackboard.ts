import type {
  CitationDraft,
  MediationOutput,
  ProposalDraft,
  TurnOutput,
  VoteDraft,
} from '../../agents/output.ts';
import type { Seat } from '../../agents/roles.ts';
import { findingId, proposalId } from '../../ids.ts';
import { hashJson, sha256Hex } from '../../ledger/canonical.ts';
import type { Citation } from '../event/blackboard.ts';
import { originsSeenBy } from '../origins.ts';
import type { Draft } from './draft.ts';

const cite = (drafts: CitationDraft[]): Citation[] =>
  drafts.map((c) => ({ ...c, sha256: sha256Hex(c.quote) }));

/** Writes a seat's contribution: findings, proposal, votes, messages. What was said before is not written again (CONS-7). */
export function writeTurn(
  draft: Draft,
  agent_id: string,
  seat: Seat,
  output: TurnOutput | MediationOutput,
): void {
  const round = draft.state.round?.round ?? 0;
  const origin = originsSeenBy(draft.state, agent_id);
  for (const { citations, ...finding } of output.findings) {
    const known = draft.state.findings.some(
      (f) => f.author === seat && f.title === finding.title && f.body === finding.body,
    );
    if (known) continue;
    draft.emit('finding_written', {
      finding_id: findingId(draft.pipelineId, draft.state.counts.findings + 1),
      agent_id,
      author: seat,
      round,
      ...finding,
      citations: cite(citations),
      origin,
    });
  }
  if (output.proposal) {
    writeProposal(draft, agent_id, seat, output.proposal, 'taken' in output ? output.taken : [], origin);
  }
  for (const vote of output.votes) castVote(draft, agent_id, seat, vote);
  for (const message of output.messages) {
    if (message.to !== seat) draft.emit('message_sent', { from: seat, round, ...message });
  }
}

function writeProposal(
  draft: Draft,
  agent_id: string,
  seat: Seat,
  proposal: ProposalDraft,
  taken: MediationOutput['taken'],
  origin: string[],
): void {
  const { revises, citations, ...content } = proposal;
  const content_sha256 = hashJson({ ...content, citations });
  const own = draft.state.proposals.filter((p) => p.author === seat);
  if (own.some((p) => p.content_sha256 === content_sha256)) return;
  // Agents revise only their own; a "revision" of somebody else's is a proposal of one's own.
  const before = own.findLast((p) => p.proposal_id === revises);
  draft.emit('proposal_written', {
    proposal_id: before?.proposal_id ?? proposalId(draft.pipelineId, draft.state.counts.proposals + 1),
    revision: (before?.revision ?? 0) + 1,
    agent_id,
    author: seat,
    round: draft.state.round?.round ?? 0,
    ...content,
    citations: cite(citations),
    content_sha256,
    // CONS-6: what it says it took stands only where the mediator could see it.
    taken: taken.filter((t) => isVisible(draft, t)),
    origin,
  });
}

function isVisible(
  draft: Draft,
  { proposal_id, revision }: { proposal_id: string; revision: number },
): boolean {
  const { proposals, round } = draft.state;
  const target = proposals.find((p) => p.proposal_id === proposal_id && p.revision === revision);
  return target !== undefined && target.seq <= (round?.snapshot_seq ?? 0);
}

/** CONS-2 and CONS-3: a vote counts when its voter could see the revision, once per round, and not on the voter's own. */
function castVote(draft: Draft, agent_id: string, seat: Seat, vote: VoteDraft): void {
  const { round } = draft.state;
  const { proposal_id, revision } = vote;
  const target = draft.state.proposals.find((p) => p.proposal_id === proposal_id && p.revision === revision);
  const why = inadmissible(draft, seat, vote, target);
  if (why !== null || !round) {
    draft.emit('vote_refused', { seat, proposal_id, revision, why: why ?? 'no round is open' });
    return;
  }
  const citations = cite(vote.citations);
  draft.emit('vote_cast', {
    seat,
    agent_id,
    round: round.round,
    proposal_id,
    revision,
    vote: vote.vote,
    confidence: vote.confidence,
    reason: vote.reason,
    // An objection blocks only with a citation that others can check.
    critical: vote.critical && vote.vote === 'reject' && citations.length > 0,
    citations,
  });
}

/** null when the vote counts. */
function inadmissible(
  draft: Draft,
  seat: Seat,
  vote: VoteDraft,
  target: { author: Seat; seq: number } | undefined,
): string | null {
  const { round, votes } = draft.state;
  if (!target) return 'there is no such revision';
  if (target.author === seat) return 'authors approve their own latest revision without a vote';
  if (target.seq > (round?.snapshot_seq ?? 0)) return 'the revision was not visible when the round began';
  if (votes.some((v) => v.seat === seat && v.round === round?.round && v.proposal_id === vote.proposal_id)) {
    return 'the seat has already voted on this proposal in this round';
  }
  return null;
}
