import type { Caller } from '#contract/access.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, run } from '../shared/sql.ts';
import { authenticateKey, callerOfKey, keyOfPerson } from './keys.ts';
import type { ControlError } from './rpc.ts';
import { keyedHash, newId, newToken, parseToken, type TokenKind } from './secret.ts';
import { type ControlStore, iso } from './store.ts';

/** TEN-3, seconds. */
export const SESSION_TTL_S = 12 * 3_600;
export const TICKET_TTL_S = 30;

type TokenRow = { token_id: string; key_id: string; expires_at: number };

/** Sessions, links and tickets all stem from a key, whose life bounds theirs. */
function issue(store: ControlStore, kind: TokenKind, keyId: string, ttlS: number) {
  const now = store.now();
  const token = newToken(kind, store.tenant);
  const expires = now + ttlS * 1_000;
  run(store.sql, 'DELETE FROM tokens WHERE expires_at <= ?', now);
  run(
    store.sql,
    'INSERT INTO tokens (hash, kind, token_id, key_id, expires_at) VALUES (?, ?, ?, ?, ?)',
    keyedHash(store.pepper, token),
    kind,
    newId(kind),
    keyId,
    expires,
  );
  return { token, expires_at: iso(expires) };
}

/** Found by its keyed hash: the index compares hashes, never secrets. */
function find(store: ControlStore, kind: TokenKind, token: string): (TokenRow & { hash: string }) | null {
  if (parseToken(kind, token)?.tenant !== store.tenant) return null;
  const hash = keyedHash(store.pepper, token);
  const found = row<TokenRow>(
    store.sql,
    'SELECT token_id, key_id, expires_at FROM tokens WHERE hash = ? AND kind = ? AND expires_at > ?',
    hash,
    kind,
    store.now(),
  );
  return found ? { ...found, hash } : null;
}

/** Single use: gone before it is answered. */
function redeem(store: ControlStore, kind: TokenKind, token: string): TokenRow | null {
  const found = find(store, kind, token);
  if (found) run(store.sql, 'DELETE FROM tokens WHERE hash = ?', found.hash);
  return found;
}

const refused = (detail: string) => err<ControlError>({ code: 'unauthenticated', detail });

/** The key at the root of a caller's credential; null when that credential is gone. */
const rootKey = (store: ControlStore, caller: Caller): string | null =>
  caller.via === 'key'
    ? caller.credential_id
    : (row<{ key_id: string }>(
        store.sql,
        "SELECT key_id FROM tokens WHERE token_id = ? AND kind = 'ses'",
        caller.credential_id,
      )?.key_id ?? null);

export function createFor(
  store: ControlStore,
  kind: 'lnk' | 'tkt',
  caller: Caller,
  ttlS: number,
): { token: string; expires_at: string } {
  const key = rootKey(store, caller);
  if (key === null) throw new Error('the caller’s session ended while it asked');
  return issue(store, kind, key, ttlS);
}

export function openSession(
  store: ControlStore,
  a: { key: string } | { link_token: string } | { email: string },
): Result<{ cookie: string; caller: Caller; expires_at: string }, ControlError> {
  let keyId: string | null;
  if ('key' in a) {
    const caller = authenticateKey(store, a.key);
    if (!caller.ok) return caller;
    keyId = caller.value.credential_id;
  } else if ('email' in a) keyId = keyOfPerson(store, a.email);
  else keyId = redeem(store, 'lnk', a.link_token)?.key_id ?? null;
  if (keyId === null)
    return refused(
      'email' in a
        ? 'No person of this tenant with a live key has that address.'
        : 'The sign-in link was used already, or its time is over.',
    );
  const { token, expires_at } = issue(store, 'ses', keyId, SESSION_TTL_S);
  const caller = authenticateSession(store, token);
  return caller.ok ? ok({ cookie: token, caller: caller.value, expires_at }) : caller;
}

export function authenticateSession(store: ControlStore, cookie: string): Result<Caller, ControlError> {
  const session = find(store, 'ses', cookie);
  const caller = session && callerOfKey(store, session.key_id, 'session', session.token_id);
  return caller ? ok(caller) : refused('The session is over; sign in again.');
}

export function closeSession(store: ControlStore, cookie: string): void {
  run(store.sql, "DELETE FROM tokens WHERE hash = ? AND kind = 'ses'", keyedHash(store.pepper, cookie));
}

export function redeemTicket(store: ControlStore, ticket: string): Result<Caller, ControlError> {
  const found = redeem(store, 'tkt', ticket);
  const caller = found && callerOfKey(store, found.key_id, 'session', found.token_id);
  return caller ? ok(caller) : refused('The ticket was used already, or its 30 s are over.');
}
