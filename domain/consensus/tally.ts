import type { Seat } from '../agents/roles.ts';

/** What the verdict is computed from (CONS-4); anyone can build it from the events. */
export interface Ballot {
  /** Fixed at the round's start, never shrunk. */
  electorate: readonly Seat[];
  /** Every revision of every proposal, oldest first. */
  proposals: readonly {
    proposal_id: string;
    revision: number;
    author: Seat;
    seq: number;
    /** Its author's agent was revoked for a violation: its word for it is void like any other vote of that agent. */
    disowned?: boolean;
  }[];
  /** Valid votes only, oldest first. */
  votes: readonly {
    seat: Seat;
    proposal_id: string;
    revision: number;
    vote: 'approve' | 'reject' | 'abstain';
    confidence: number;
    critical: boolean;
    seq: number;
  }[];
}

export interface Tally {
  proposal_id: string;
  revision: number;
  author: Seat;
  approve: Seat[];
  reject: Seat[];
  /** Seats of the electorate that neither approve nor reject: abstaining or silent. */
  abstain: Seat[];
  /** Seats whose critical objection stands. */
  critical: Seat[];
  /** Sum of the approving voters' confidence; the author's own approval adds none. */
  confidence: number;
  /** Place of the proposal's first revision: its age. */
  first_seq: number;
  passes: boolean;
}

/** CONS-4: approvals of at least 2 seats. */
export const MIN_APPROVALS = 2;
/** CONS-4: at least 2/3 of those not abstaining, in integers. */
export const SUPERMAJORITY = { numerator: 2, denominator: 3 } as const;

type Position = Ballot['votes'][number];

/**
 * Where each seat stands on one revision: its last vote on that revision. A seat's critical objection stands against the
 * whole proposal, also after a revision, until that seat itself votes on it again (CONS-4: only its seat withdraws it).
 */
function positions(ballot: Ballot, proposalId: string, revision: number) {
  const onRevision = new Map<Seat, Position>();
  const onProposal = new Map<Seat, Position>();
  for (const vote of ballot.votes) {
    if (vote.proposal_id !== proposalId) continue;
    onProposal.set(vote.seat, vote);
    if (vote.revision === revision) onRevision.set(vote.seat, vote);
  }
  return { onRevision, onProposal };
}

/** The count of one proposal's latest revision. An author approves its own latest revision (CONS-3). */
function tallyOne(ballot: Ballot, latest: Ballot['proposals'][number], firstSeq: number): Tally {
  const { onRevision, onProposal } = positions(ballot, latest.proposal_id, latest.revision);
  const tally: Tally = {
    proposal_id: latest.proposal_id,
    revision: latest.revision,
    author: latest.author,
    approve: [],
    reject: [],
    abstain: [],
    critical: [],
    confidence: 0,
    first_seq: firstSeq,
    passes: false,
  };
  for (const seat of ballot.electorate) {
    const vote = onRevision.get(seat);
    if (seat === latest.author) (latest.disowned ? tally.abstain : tally.approve).push(seat);
    else if (vote?.vote === 'approve') {
      tally.approve.push(seat);
      tally.confidence += vote.confidence;
    } else if (vote?.vote === 'reject') tally.reject.push(seat);
    else tally.abstain.push(seat);
    const last = onProposal.get(seat);
    if (last?.vote === 'reject' && last.critical) tally.critical.push(seat);
  }
  const decided = tally.approve.length + tally.reject.length;
  tally.passes =
    tally.approve.length >= MIN_APPROVALS &&
    tally.approve.some((seat) => seat !== latest.author) &&
    tally.approve.length * SUPERMAJORITY.denominator >= decided * SUPERMAJORITY.numerator &&
    tally.critical.length === 0;
  return tally;
}

/** The count of every proposal's latest revision, oldest proposal first. */
export function tally(ballot: Ballot): Tally[] {
  const first = new Map<string, number>();
  const latest = new Map<string, Ballot['proposals'][number]>();
  for (const proposal of ballot.proposals) {
    if (!first.has(proposal.proposal_id)) first.set(proposal.proposal_id, proposal.seq);
    latest.set(proposal.proposal_id, proposal);
  }
  return [...latest.values()].map((p) => tallyOne(ballot, p, first.get(p.proposal_id) ?? p.seq));
}

/** CONS-4: of those that pass, the one with the greater confidence, then the older one. null: nothing passes. */
export function winner(tallies: readonly Tally[]): Tally | null {
  const passing = tallies.filter((t) => t.passes);
  passing.sort((a, b) => b.confidence - a.confidence || a.first_seq - b.first_seq);
  return passing[0] ?? null;
}

/** CONS-5: a conflict is an approve and a reject standing on the same revision; each revision counts once, however old. */
export function conflicts(ballot: Ballot): number {
  let count = 0;
  for (const proposal of ballot.proposals) {
    const { onRevision } = positions(ballot, proposal.proposal_id, proposal.revision);
    const others = [...onRevision.values()].filter((v) => v.seat !== proposal.author);
    // The author's own approval makes any other seat's reject a conflict, while its word counts.
    const approved = !proposal.disowned || others.some((v) => v.vote === 'approve');
    if (approved && others.some((v) => v.vote === 'reject')) count += 1;
  }
  return count;
}
