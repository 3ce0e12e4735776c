import type { Key } from '#client/index.ts';

export type KeyStatus = 'live' | 'expiring' | 'expired' | 'revoked';

/** A key is announced to expire this long before (ms): time to rotate it in working hours. */
export const EXPIRING_WITHIN = 7 * 86_400_000;

export function keyStatus(key: Pick<Key, 'expires_at' | 'revoked_at'>, now: number): KeyStatus {
  if (key.revoked_at && Date.parse(key.revoked_at) <= now) return 'revoked';
  if (!key.expires_at) return 'live';
  const left = Date.parse(key.expires_at) - now;
  if (left <= 0) return 'expired';
  return left <= EXPIRING_WITHIN ? 'expiring' : 'live';
}

/** Those that work first, the newest first within. */
export function orderKeys(keys: readonly Key[], now: number): Key[] {
  const dead = (key: Key) => Number(['expired', 'revoked'].includes(keyStatus(key, now)));
  return keys.toSorted((a, b) => dead(a) - dead(b) || b.created_at.localeCompare(a.created_at));
}

/** Days from now as the API wants a time; null for a key without an end. */
export const expiryIn = (days: number | null, now: number): string | undefined =>
  days === null ? undefined : new Date(now + days * 86_400_000).toISOString();
