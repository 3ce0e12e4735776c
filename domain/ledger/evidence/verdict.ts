import { canonicalJson } from '../canonical.ts';
import { type EvidencePackage, isRedacted } from './package.ts';
import { bodyOf, isPartOf, objectOf } from './read.ts';
import type { Finding } from './shape.ts';

interface Known {
  /** A revision → its author. Keys are canonical JSON, so that a number is not taken for the same digits as text. */
  authors: Map<string, unknown>;
  /** A seat and a revision → the newest vote. */
  votes: Map<string, unknown>;
}

const revisionOf = (body: Record<string, unknown>): string =>
  canonicalJson([body.proposal_id, body.revision]);
const voteOf = (seat: unknown, revision: string): string => `${canonicalJson([seat])} ${revision}`;

function learn(known: Known, type: string, body: Record<string, unknown>): void {
  if (type === 'proposal_written') known.authors.set(revisionOf(body), body.author);
  if (type === 'vote_cast') known.votes.set(voteOf(body.seat, revisionOf(body)), body.vote);
  if (type !== 'pipeline_forked') return;
  for (const p of listOf(body.proposals)) learn(known, 'proposal_written', p);
  for (const v of listOf(body.votes)) learn(known, 'vote_cast', v);
}

const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(objectOf) : [];

/** CONS-4, as far as a verdict's own inputs go: it names a revision on record, approved by at least two seats, one of them not its author. */
function judge(known: Known, body: Record<string, unknown>, at: string): Finding[] {
  const revision = revisionOf(body);
  const approvals: unknown[] = Array.isArray(body.approvals) ? body.approvals : [];
  if (!known.authors.has(revision)) return [{ at, why: `the verdict names ${revision}, which nobody wrote` }];
  const author = canonicalJson([known.authors.get(revision)]);
  const unbacked = approvals.filter(
    (seat) => canonicalJson([seat]) !== author && known.votes.get(voteOf(seat, revision)) !== 'approve',
  );
  if (unbacked.length > 0) return [{ at, why: `${unbacked.join(', ')} did not approve ${revision}` }];
  return new Set(approvals.map((seat) => canonicalJson([seat]))).size >= 2
    ? []
    : [{ at, why: `${revision} has fewer than two approvals` }];
}

/** null: an event that the verdict rests on is redacted, so nothing can be said. */
export function checkVerdict({ events }: EvidencePackage): Finding[] | null {
  if (events.some((e) => isRedacted(e) && isPartOf('verdict', e.type))) return null;
  const known: Known = { authors: new Map(), votes: new Map() };
  const found: Finding[] = [];
  for (const [i, event] of events.entries()) {
    if (!isPartOf('verdict', event.type)) continue;
    const body = bodyOf(event);
    if (event.type === 'consensus_reached') found.push(...judge(known, body, `events[${i}].body`));
    else learn(known, event.type, body);
  }
  return found;
}
