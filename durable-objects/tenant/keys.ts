import type { Caller } from '#contract/access.ts';
import { type AccessRole, HIGHEST_TIER } from '#domain/governance/access-role.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import { hasProject, hasSubject } from './people.ts';
import { type Once, once, type Repeat } from './repeats.ts';
import type { ControlError, KeyRecord } from './rpc.ts';
import { keyedHash, newKey, newKeyId, parseKey, sameText } from './secret.ts';
import { type ControlStore, iso, isoOrNull, recordChange } from './store.ts';

export type CreatedKey = { key_id: string; prefix: string; secret: string };

interface KeySpec {
  name: string;
  owner: string;
  role: AccessRole;
  project_ids?: string[] | null;
  expires_at?: string | null;
}

/** What an authenticated key says about its caller. */
export type KeyRow = {
  key_id: string;
  prefix: string;
  hash: string;
  name: string;
  owner: string;
  role: AccessRole;
  project_ids: string | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
};
type KeyWithOwner = KeyRow & { owner_name: string; owner_kind: 'person' | 'service' };

/** TEN-2: last use is known to the minute; a write per request would be billed. */
const LAST_USED_STEP_MS = 60_000;

const record = ({ hash: _, ...k }: KeyRow): KeyRecord => ({
  ...k,
  project_ids: k.project_ids === null ? null : (JSON.parse(k.project_ids) as string[]),
  created_at: iso(k.created_at),
  expires_at: isoOrNull(k.expires_at),
  last_used_at: isoOrNull(k.last_used_at),
  revoked_at: isoOrNull(k.revoked_at),
});

export const listKeys = (store: ControlStore): KeyRecord[] =>
  rows<KeyRow>(store.sql, 'SELECT * FROM keys ORDER BY created_at, key_id').map(record);

/**
 * API-2: a repeated request gets the secret that the first one got, although nobody keeps it: it derives from the request's Idempotency-Key,
 * which only its sender has, under the pepper. Without such a key it is random.
 */
export function keyOnce(
  store: ControlStore,
  repeat: Repeat | null,
  make: (key: CreatedKey) => Result<void, ControlError>,
): Result<Once<CreatedKey>, ControlError> {
  const keyOf = (key_id: string) =>
    newKey(store.tenant, key_id, repeat && keyedHash(store.pepper, `${repeat.key} ${key_id}`));
  if (repeat === null) {
    const key = keyOf(newKeyId());
    const done = make(key);
    return done.ok ? ok({ value: key, replayed: false }) : done;
  }
  const done = once(store, repeat, () => {
    const key_id = newKeyId();
    const made = make(keyOf(key_id));
    return made.ok ? ok(key_id) : made;
  });
  return done.ok ? ok({ value: keyOf(done.value.value), replayed: done.value.replayed }) : done;
}

export function createKey(
  store: ControlStore,
  actor: string,
  a: KeySpec,
  key: CreatedKey,
): Result<void, ControlError> {
  if (!hasSubject(store, a.owner)) return err({ code: 'not_found', what: `person or service ${a.owner}` });
  const missing = a.project_ids?.find((id) => !hasProject(store, id));
  if (missing !== undefined) return err({ code: 'not_found', what: `project ${missing}` });
  run(
    store.sql,
    `INSERT INTO keys (key_id, prefix, hash, name, owner, role, project_ids, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key.key_id,
    key.prefix,
    keyedHash(store.pepper, key.secret),
    a.name,
    a.owner,
    a.role,
    a.project_ids ? JSON.stringify(a.project_ids) : null,
    store.now(),
    a.expires_at ? Date.parse(a.expires_at) : null,
  );
  recordChange(store, actor, 'key_created', { key_id: key.key_id, owner: a.owner, role: a.role });
  return ok(undefined);
}

const find = (store: ControlStore, keyId: string): KeyWithOwner | undefined =>
  row<KeyWithOwner>(
    store.sql,
    `SELECT k.*, s.name AS owner_name, s.kind AS owner_kind FROM keys k JOIN subjects s ON s.subject_id = k.owner
     WHERE k.key_id = ?`,
    keyId,
  );

const live = (store: ControlStore, key: KeyRow): boolean =>
  key.revoked_at === null && (key.expires_at === null || key.expires_at > store.now());

/** TEN-2: the new key has the old one's owner, role and scope; the old one works for `overlap_s` more seconds. */
export function rotateKey(
  store: ControlStore,
  actor: string,
  keyId: string,
  overlapS: number,
  key: CreatedKey,
): Result<void, ControlError> {
  const old = find(store, keyId);
  if (!old || !live(store, old)) return err({ code: 'not_found', what: `key ${keyId}` });
  const { project_ids, expires_at, name, owner, role } = record(old);
  const created = createKey(store, actor, { name, owner, role, project_ids, expires_at }, key);
  if (!created.ok) return created;
  const end = store.now() + overlapS * 1_000;
  run(
    store.sql,
    'UPDATE keys SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE key_id = ?2',
    end,
    keyId,
  );
  recordChange(store, actor, 'key_rotated', { key_id: keyId, to: key.key_id, overlap_s: overlapS });
  return created;
}

/** Takes effect with the next request: authentication reads this row. Sessions and links of the key die with it. */
export function revokeKey(store: ControlStore, actor: string, keyId: string): Result<void, ControlError> {
  const key = find(store, keyId);
  if (!key) return err({ code: 'not_found', what: `key ${keyId}` });
  if (key.revoked_at === null) {
    run(store.sql, 'UPDATE keys SET revoked_at = ? WHERE key_id = ?', store.now(), keyId);
    run(store.sql, 'DELETE FROM tokens WHERE key_id = ?', keyId);
    recordChange(store, actor, 'key_revoked', { key_id: keyId });
  }
  return ok(undefined);
}

/** The caller that a live key stands for, reached by the key itself or by a session, link or ticket that came from it. */
export function callerOfKey(
  store: ControlStore,
  keyId: string,
  via: Caller['via'],
  credentialId: string,
): Caller | null {
  const key = find(store, keyId);
  return key ? callerOf(store, key, via, credentialId) : null;
}

function callerOf(
  store: ControlStore,
  key: KeyWithOwner,
  via: Caller['via'],
  credentialId: string,
): Caller | null {
  if (!live(store, key)) return null;
  return {
    tenant: store.tenant,
    subject_id: key.owner,
    subject_kind: key.owner_kind,
    name: key.owner_name,
    role: key.role,
    project_ids: key.project_ids === null ? null : (JSON.parse(key.project_ids) as string[]),
    via,
    credential_id: credentialId,
  };
}

/** One answer for every way to be wrong: which part of a key was wrong helps only a guesser. */
export function authenticateKey(store: ControlStore, secret: string): Result<Caller, ControlError> {
  const refused = err<ControlError>({
    code: 'unauthenticated',
    detail: 'The key is unknown, expired or revoked.',
  });
  const parsed = parseKey(secret);
  const key = parsed?.tenant === store.tenant ? find(store, parsed.key_id) : undefined;
  if (!key || !sameText(key.hash, keyedHash(store.pepper, secret))) return refused;
  const caller = callerOf(store, key, 'key', key.key_id);
  if (!caller) return refused;
  const now = store.now();
  if (now - (key.last_used_at ?? 0) >= LAST_USED_STEP_MS)
    run(store.sql, 'UPDATE keys SET last_used_at = ? WHERE key_id = ?', now, key.key_id);
  return ok(caller);
}

/** REC-3, PROM-3: what a subject's live keys allow it to grant today. */
export function authorityOf(store: ControlStore, actor: string): Tier | null {
  const subject = actor.slice(actor.indexOf(':') + 1);
  const tiers = rows<{ role: AccessRole }>(
    store.sql,
    `SELECT DISTINCT role FROM keys
     WHERE owner = ? AND (revoked_at IS NULL OR revoked_at > ?) AND (expires_at IS NULL OR expires_at > ?)`,
    subject,
    store.now(),
    store.now(),
  ).flatMap(({ role }) => HIGHEST_TIER[role] ?? []);
  return tiers.length === 0 ? null : (Math.max(...tiers) as Tier);
}

/**
 * TEN-3: the key that a person's session by Cloudflare Access stems from: their newest live one. Who has no key may do nothing here, whatever
 * Access says of them; an address that two persons share names nobody.
 */
export function keyOfPerson(store: ControlStore, email: string): string | null {
  const found = rows<{ owner: string; key_id: string }>(
    store.sql,
    `SELECT k.owner, k.key_id FROM keys k JOIN subjects s ON s.subject_id = k.owner
     WHERE s.kind = 'person' AND lower(s.email) = ? AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?)
     ORDER BY k.created_at DESC, k.key_id`,
    email.toLowerCase(),
    store.now(),
  );
  return new Set(found.map((k) => k.owner)).size === 1 ? (found[0]?.key_id ?? null) : null;
}
