import type { MessageDraft, VoteDraft } from '#domain/agents/output.ts';
import {
  bySeverity,
  clip,
  isDefect,
  missingFrom,
  oneLine,
  type Point,
  place,
  uniqueCitations,
  unknownTo,
  weighty,
} from './point.ts';
import type { BoardProposal, Reading } from './reading.ts';

/** Confidence, 0–100: fixed by the kind of reason, since nothing here is a matter of feeling. */
const CONFIDENCE = { approve: 90, reject: 85, abstain: 50 } as const;

/** What keeps a proposal from being approved; empty when nothing does. */
export interface Objection {
  missing: Point[];
  /** Citations of documents that nobody vouches for: no ground to act on. */
  unvouched: BoardProposal['citations'];
}

const untrustedNames = ({ documents }: Reading): Set<string> =>
  documents.some(({ trusted }) => trusted)
    ? new Set(documents.filter(({ trusted }) => !trusted).map(({ name }) => name))
    : new Set();

/** Without the grave points that rest on unvouched words alone: no ground to act on. */
export function sound(reading: Reading, known: readonly Point[]): Point[] {
  const untrusted = untrustedNames(reading);
  const empty = ({ citations }: Point) =>
    citations.length > 0 && citations.every(({ source }) => untrusted.has(source));
  const grave = new Set(weighty(known));
  return known.filter((point) => !grave.has(point) || !empty(point));
}

/** A proposal holds 60 citations: what it must cover stays below, so that a plan with hundreds of dangers can still be agreed on. */
const MOST_TO_COVER = 40;

/** Points that any good proposal has to cover: severity high and above, worst first, resting on more than unvouched words. */
export function mustCover(reading: Reading, known: readonly Point[]): Point[] {
  return bySeverity(weighty(sound(reading, known))).slice(0, MOST_TO_COVER);
}

/** High points that rest on unvouched words alone: a proposal that acts on them is misled. */
function misled(
  reading: Reading,
  proposal: BoardProposal,
  known: readonly Point[],
): BoardProposal['citations'] {
  const untrusted = untrustedNames(reading);
  const orders = weighty(known)
    .flatMap(({ citations }) => citations)
    .filter(({ source }) => untrusted.has(source));
  const places = new Set(orders.map(place));
  return proposal.citations.filter((one) => places.has(place(one)));
}

/** What was inspected has to be taken into account, even when nothing is wrong with it: the first point of each such document. */
function ignored(proposal: BoardProposal, known: readonly Point[]): Point[] {
  const inspected = Map.groupBy(known.filter(isDefect), ({ citations }) => citations[0]?.source ?? '');
  return [...inspected.values()].flatMap((points) => {
    const unseen = missingFrom(proposal.citations, points).length === points.length;
    return unseen ? bySeverity(points).slice(0, 1) : [];
  });
}

export function objectionTo(reading: Reading, proposal: BoardProposal, known: readonly Point[]): Objection {
  const missing = missingFrom(proposal.citations, mustCover(reading, known));
  return {
    missing: [...missing, ...unknownTo(missing, ignored(proposal, known))],
    unvouched: misled(reading, proposal, known),
  };
}

export const acceptable = ({ missing, unvouched }: Objection): boolean =>
  missing.length === 0 && unvouched.length === 0;

/** The mediator's first, then the one that rests on most, then the oldest: everyone picks the same. */
export const preferred = (proposals: readonly BoardProposal[]): BoardProposal | null =>
  [...proposals].sort(
    (a, b) =>
      Number(b.author === 'GAMMA') - Number(a.author === 'GAMMA') ||
      b.citations.length - a.citations.length ||
      a.round - b.round ||
      (a.proposal_id < b.proposal_id ? -1 : 1),
  )[0] ?? null;

const list = (points: readonly Point[]): string => {
  const named = points.slice(0, 4).map(({ title, citations: [first] }) => {
    return `${oneLine(title)}${first ? ` (${first.source} ${first.locator})` : ''}`;
  });
  const rest = points.length - named.length;
  return `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
};

function reasonAgainst({ missing, unvouched }: Objection): string {
  const parts = [
    missing.length > 0 ? `It leaves out ${list(missing)}.` : '',
    unvouched.length > 0
      ? `It acts on words of ${unvouched[0]?.source}, which nobody vouches for: "${oneLine(unvouched[0]?.quote ?? '')}".`
      : '',
  ];
  return clip(parts.filter((part) => part !== '').join(' '), 4_000);
}

/** One vote on each proposal of the others, by its latest revision (CONS-3: authors approve their own by writing it). */
export function votesOn(
  reading: Reading,
  others: readonly BoardProposal[],
  known: readonly Point[],
): VoteDraft[] {
  const objections = new Map(others.map((proposal) => [proposal, objectionTo(reading, proposal, known)]));
  const own = reading.board.proposals.filter(({ author }) => author === reading.seat);
  const choice = preferred(
    [...others, ...own].filter((proposal) =>
      acceptable(objections.get(proposal) ?? objectionTo(reading, proposal, known)),
    ),
  );
  return others.slice(0, 20).map((proposal): VoteDraft => {
    const objection = objections.get(proposal) as Objection;
    const { proposal_id, revision } = proposal;
    if (proposal === choice) {
      const total = mustCover(reading, known).length;
      return {
        proposal_id,
        revision,
        vote: 'approve',
        confidence: CONFIDENCE.approve,
        reason:
          total > 0
            ? `It covers all ${total} findings of severity high or above that I know of.`
            : 'Nothing that I know of speaks against it.',
        critical: false,
        citations: uniqueCitations(proposal.citations, 5),
      };
    }
    if (acceptable(objection)) {
      return {
        proposal_id,
        revision,
        vote: 'abstain',
        confidence: CONFIDENCE.abstain,
        reason: clip(
          `"${oneLine(choice?.title ?? '')}" by ${choice?.author} covers it as well and rests on more.`,
          4_000,
        ),
        critical: false,
        citations: [],
      };
    }
    return {
      proposal_id,
      revision,
      vote: 'reject',
      confidence: CONFIDENCE.reject,
      reason: reasonAgainst(objection),
      critical:
        objection.unvouched.length > 0 || objection.missing.some(({ severity }) => severity === 'critical'),
      citations: uniqueCitations(
        [...objection.missing.flatMap(({ citations }) => citations), ...objection.unvouched],
        20,
      ),
    };
  });
}

/** What a rejection means for its author, said to the author. */
export const messagesFor = (votes: readonly VoteDraft[], others: readonly BoardProposal[]): MessageDraft[] =>
  votes
    .filter(({ vote }) => vote === 'reject')
    .slice(0, 5)
    .flatMap((vote) => {
      const proposal = others.find(({ proposal_id }) => proposal_id === vote.proposal_id);
      const to = (['ALPHA', 'BETA', 'GAMMA'] as const).find((seat) => seat === proposal?.author);
      return to && proposal
        ? [
            {
              to,
              body: clip(`On "${oneLine(proposal.title)}", revision ${vote.revision}: ${vote.reason}`, 4_000),
            },
          ]
        : [];
    });
