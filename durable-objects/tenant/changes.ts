import { type ChainedEvent, type ChainHead, EMPTY_CHAIN, eventHash } from '#domain/ledger/chain.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { ControlStore } from './store.ts';

/** The tenant's own log (LEDG-1): what administration did, chained as a pipeline's events are. */

type ChangeRow = {
  seq: number;
  at: number;
  actor: string;
  type: string;
  body: string;
  v: number;
  salt: string;
  prev_hash: string;
  hash: string;
};

/** Of the fields' order and meaning, as `v` of a pipeline's event. */
const VERSION = 1;
const SALT_BYTES = 16;

const randomHex = (): string =>
  [...crypto.getRandomValues(new Uint8Array(SALT_BYTES))]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('');

const eventOf = ({ at, body, ...rest }: ChangeRow): ChainedEvent => ({
  ...rest,
  at: new Date(at).toISOString(),
  body: JSON.parse(body) as unknown,
});

function headOf(store: ControlStore): ChainHead {
  const last = row<{ seq: number; hash: string }>(
    store.sql,
    'SELECT seq, hash FROM changes ORDER BY seq DESC LIMIT 1',
  );
  if (!last) return EMPTY_CHAIN;
  return last.hash === '' ? chainOlder(store) : last;
}

/** Changes from before there was a chain, or by older code during a deployment, are linked when the next one comes. */
function chainOlder(store: ControlStore): ChainHead {
  const before = row<{ seq: number; hash: string }>(
    store.sql,
    "SELECT seq, hash FROM changes WHERE hash <> '' ORDER BY seq DESC LIMIT 1",
  );
  let head: ChainHead = before ?? EMPTY_CHAIN;
  for (const found of rows<ChangeRow>(
    store.sql,
    "SELECT * FROM changes WHERE hash = '' AND seq > ? ORDER BY seq",
    head.seq,
  )) {
    const linked = { ...found, v: VERSION, salt: randomHex(), prev_hash: head.hash };
    const hash = eventHash(eventOf(linked));
    run(
      store.sql,
      'UPDATE changes SET v = ?, salt = ?, prev_hash = ?, hash = ? WHERE seq = ?',
      linked.v,
      linked.salt,
      linked.prev_hash,
      hash,
      found.seq,
    );
    head = { seq: found.seq, hash };
  }
  return head;
}

/** LEDG-1: who changed what in the tenant, in the transaction of the change itself. Bodies hold no secrets. */
export function recordChange(store: ControlStore, actor: string, type: string, body: object): void {
  const head = headOf(store);
  const change: ChangeRow = {
    seq: head.seq + 1,
    at: store.now(),
    actor,
    type,
    body: JSON.stringify(body),
    v: VERSION,
    salt: randomHex(),
    prev_hash: head.hash,
    hash: '',
  };
  run(
    store.sql,
    'INSERT INTO changes (seq, at, actor, type, body, v, salt, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    change.seq,
    change.at,
    change.actor,
    change.type,
    change.body,
    change.v,
    change.salt,
    change.prev_hash,
    eventHash(eventOf(change)),
  );
  store.changed(change.seq);
}

/** Changes after `since`, oldest first. */
export function listChanges(store: ControlStore, since: number, limit: number): ChainedEvent[] {
  headOf(store);
  return rows<ChangeRow>(
    store.sql,
    'SELECT seq, at, actor, type, body, v, salt, prev_hash, hash FROM changes WHERE seq > ? ORDER BY seq LIMIT ?',
    since,
    limit,
  ).map(eventOf);
}
