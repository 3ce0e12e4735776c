import type { CastVote, Revision, RoundRecord, SeatName, VoteWord } from './record.ts';

/** Where one seat stands on a proposal's latest revision, and in whose words. */
export interface Stance {
  seat: SeatName;
  /** `author`: approves its own latest revision without a vote (CONS-3). `silent`: counts as an abstention. */
  stance: VoteWord | 'author' | 'silent';
  confidence: number | null;
  reason: string | null;
  /** CONS-4: its critical objection stands, perhaps since an earlier revision. */
  objects: boolean;
}

export interface Count {
  proposal_id: string;
  revision: number;
  author: SeatName;
  title: string;
  seats: Stance[];
  approve: number;
  reject: number;
  abstain: number;
  confidence: number;
  passes: boolean;
}

const on = (vote: CastVote, revision: Revision): boolean =>
  vote.proposal_id === revision.proposal_id && vote.revision === revision.revision;

function stanceOf(seat: SeatName, latest: Revision, votes: readonly CastVote[]): Stance {
  const mine = votes.filter((v) => v.seat === seat && v.proposal_id === latest.proposal_id);
  const objects = mine.at(-1)?.critical === true;
  // CONS-4: what an agent that was revoked for a violation says of its own proposal is void as well.
  if (seat === latest.author)
    return {
      ...{ seat, stance: latest.disowned ? 'silent' : 'author' },
      ...{ confidence: null, reason: null, objects },
    };
  const vote = mine.findLast((v) => on(v, latest));
  return vote
    ? { seat, stance: vote.vote, confidence: vote.confidence, reason: vote.reason, objects }
    : { seat, stance: 'silent', confidence: null, reason: null, objects };
}

/** CONS-4: at least 2 seats approve, one of them not the author, they are at least 2/3 of those not abstaining, nobody objects. */
function countOne(latest: Revision, record: RoundRecord): Count {
  const seats = record.electorate.map((seat) => stanceOf(seat, latest, record.votes));
  const number = (...stances: Stance['stance'][]) => seats.filter((s) => stances.includes(s.stance)).length;
  const approve = number('approve', 'author');
  const reject = number('reject');
  return {
    proposal_id: latest.proposal_id,
    revision: latest.revision,
    author: latest.author,
    title: latest.title,
    seats,
    approve,
    reject,
    abstain: number('abstain', 'silent'),
    confidence: seats.reduce((sum, s) => sum + (s.stance === 'approve' ? (s.confidence ?? 0) : 0), 0),
    passes:
      approve >= 2 &&
      number('approve') >= 1 &&
      3 * approve >= 2 * (approve + reject) &&
      !seats.some((s) => s.objects),
  };
}

/** Every proposal's latest revision, oldest proposal first. */
export function countProposals(record: RoundRecord): Count[] {
  const latest = new Map<string, Revision>();
  for (const revision of record.revisions) latest.set(revision.proposal_id, revision);
  return [...latest.values()].map((revision) => countOne(revision, record));
}

/** CONS-4, ties: confidence, then age; `counts` stand in the order of age. */
export const winnerOf = (counts: readonly Count[]): Count | null =>
  counts.reduce<Count | null>(
    (best, one) => (one.passes && (best === null || one.confidence > best.confidence) ? one : best),
    null,
  );

/** CONS-5: revisions, old ones too, on which an approval (its author's, where it counts, or another's) and a rejection stand. */
export const countConflicts = (record: RoundRecord): number =>
  record.revisions.filter((revision) => {
    const words = [...new Set(record.votes.map((v) => v.seat))].map(
      (seat) => record.votes.findLast((v) => v.seat === seat && on(v, revision))?.vote,
    );
    return words.includes('reject') && (!revision.disowned || words.includes('approve'));
  }).length;
