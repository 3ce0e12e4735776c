import { sha256Hex } from '#domain/ledger/canonical.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import type { ControlStore } from './store.ts';

/** What may be made once under one Idempotency-Key, and what came of it. */
export const REPEATS_TABLE = `
  CREATE TABLE repeats (
    key_sha256 TEXT PRIMARY KEY, request_sha256 TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX repeats_by_time ON repeats (at);
`;

/** Somebody who lost an answer asks again within hours; after this long the same key is a new request (ms). */
export const REPEATS_KEPT_MS = 7 * 86_400_000;

/**
 * A request that may come again. `key` is a keyed hash of who asks, for what, and under which Idempotency-Key; it is stored hashed once
 * more, because secrets of an answer are derived from it.
 */
export interface Repeat {
  key: string;
  request_sha256: string;
}
export type Once<T> = { value: T; replayed: boolean };

/**
 * API-2: what was made under this key before is answered again, from the same transaction that made it; another request under the key is
 * refused. A refusal is not kept: asked again it is judged again. What is `T` here is stored, so it holds no secret.
 */
export function once<T>(
  store: ControlStore,
  repeat: Repeat | null,
  make: () => Result<T, ControlError>,
): Result<Once<T>, ControlError> {
  if (repeat === null) return first(make());
  const key = sha256Hex(repeat.key);
  run(store.sql, 'DELETE FROM repeats WHERE at <= ?', store.now() - REPEATS_KEPT_MS);
  const before = row<{ request_sha256: string; answer: string }>(
    store.sql,
    'SELECT request_sha256, answer FROM repeats WHERE key_sha256 = ?',
    key,
  );
  if (before)
    return before.request_sha256 === repeat.request_sha256
      ? ok({ value: JSON.parse(before.answer) as T, replayed: true })
      : err({ code: 'idempotency_conflict', detail: 'This Idempotency-Key was used with another body.' });
  const made = make();
  if (made.ok)
    run(
      store.sql,
      'INSERT INTO repeats (key_sha256, request_sha256, answer, at) VALUES (?, ?, ?, ?)',
      ...[key, repeat.request_sha256, JSON.stringify(made.value), store.now()],
    );
  return first(made);
}

const first = <T>(made: Result<T, ControlError>): Result<Once<T>, ControlError> =>
  made.ok ? ok({ value: made.value, replayed: false }) : made;
