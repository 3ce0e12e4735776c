import type { NewEvent, PipelineEvent } from '../pipeline/event.ts';
import { canonicalJson, sha256Hex } from './canonical.ts';

/** LEDG-2: the hash before the first event of every chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** The fields of an event that the chain covers. `body` enters by salted commitment, so that content can be erased and still verify. */
export interface ChainedEvent {
  seq: number;
  type: string;
  v: number;
  at: string;
  actor: string;
  body: unknown;
  salt: string;
  /** Commitment to content that was erased; `body` is then what was left of it, which the hash does not cover. */
  content?: string | null;
  prev_hash: string;
  hash: string;
}

/** Lower-case hex SHA-256 of a text's UTF-8 bytes; whoever has a native one brings it. */
export type Sha256Hex = (text: string) => string;

/** Commitment to an event's content: SHA-256(salt ‖ ":" ‖ canonical JSON of the body). */
export const commitContent = (salt: string, body: unknown, hash: Sha256Hex = sha256Hex): string =>
  hash(`${salt}:${canonicalJson(body)}`);

/** What of an event is hashed beside its content. */
export type EventFrame = Pick<ChainedEvent, 'seq' | 'type' | 'v' | 'at' | 'actor' | 'prev_hash'>;

/** Hash of an event whose content is known by its commitment only: erased content still verifies (LEDG-2). */
export function frameHash(e: EventFrame, content: string, hash: Sha256Hex = sha256Hex): string {
  const { seq, type, v, at, actor, prev_hash } = e;
  return hash(canonicalJson({ seq, type, v, at, actor, content, prev_hash }));
}

/** Hash of an event: SHA-256 over the canonical JSON of all its fields, the body replaced by its commitment. */
export const eventHash = (e: Omit<ChainedEvent, 'hash'>, hash: Sha256Hex = sha256Hex): string =>
  frameHash(e, e.content ?? commitContent(e.salt, e.body, hash), hash);

/** Where the next event goes: after `seq`, whose hash is `hash`. */
export interface ChainHead {
  seq: number;
  hash: string;
}

export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: GENESIS_HASH };

/** Hex digits of an event's salt: 128 bits. */
export const SALT_DIGITS = 32;

/** Numbers, times and chains new events. `salts`: {@link SALT_DIGITS} random hex digits for each event, drawn for this commit. */
export function chainEvents(
  head: ChainHead,
  events: readonly NewEvent[],
  stamp: { at: string; actor: string; v: number; salts: string },
  sha256: Sha256Hex = sha256Hex,
): PipelineEvent[] {
  let { seq, hash } = head;
  return events.map((event, i) => {
    seq += 1;
    const salt = stamp.salts.slice(i * SALT_DIGITS, (i + 1) * SALT_DIGITS);
    if (salt.length < SALT_DIGITS) throw new RangeError('every event needs a salt of its own');
    const unhashed = {
      seq,
      type: event.type,
      v: stamp.v,
      at: stamp.at,
      actor: stamp.actor,
      body: event.body,
      salt,
      prev_hash: hash,
    };
    hash = eventHash(unhashed, sha256);
    return { ...unhashed, hash } as PipelineEvent;
  });
}

export type ChainCheck = { ok: true; count: number } | { ok: false; seq: number; why: string };

/** Checks a chain from its first event (or from `from`, which the caller trusts): numbering, links and hashes. */
export function verifyChain(events: readonly ChainedEvent[], from: ChainHead = EMPTY_CHAIN): ChainCheck {
  let { seq, hash } = from;
  for (const event of events) {
    if (event.seq !== seq + 1)
      return { ok: false, seq: event.seq, why: `expected event ${seq + 1}, found ${event.seq}` };
    if (event.prev_hash !== hash)
      return { ok: false, seq: event.seq, why: 'the link to the event before is broken' };
    if (eventHash(event) !== event.hash)
      return { ok: false, seq: event.seq, why: 'the content does not match its hash' };
    seq = event.seq;
    hash = event.hash;
  }
  return { ok: true, count: events.length };
}
