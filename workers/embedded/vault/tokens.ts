import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { humanDuration } from './duration.ts';
import { type Auth, badRequest } from './wire.ts';

/** Vault's system default and system maximum lease, 32 days, in seconds. */
export const SYSTEM_MAX_TTL_S = 768 * 3_600;

export interface VaultStore {
  sql: SqlStorage;
  /** Unix milliseconds. */
  now(): number;
}

export type TokenRow = {
  hash: string;
  accessor: string;
  parent: string | null;
  policies: string;
  metadata: string | null;
  display_name: string;
  path: string;
  role: string | null;
  issued_at: number;
  creation_ttl: number;
  expires_at: number | null;
  ttl: number;
  max_ttl: number;
  explicit_max_ttl: number;
  period: number;
  num_uses: number;
  renewable: number;
  last_renewal: number | null;
};

export const hashSecret = (secret: string): string => bytesToHex(sha256(utf8ToBytes(secret)));

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const UNBIASED = 256 - (256 % ALPHABET.length);

/** `length` random base-62 characters. */
export function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < UNBIASED && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

export const policiesOf = (row: TokenRow): string[] => JSON.parse(row.policies) as string[];
export const isRoot = (row: TokenRow): boolean => policiesOf(row).includes('root');

/** Lower case, without repeats, sorted; `root` swallows all others, as in Vault. */
export function sanitizePolicies(names: string[], addDefault: boolean): string[] {
  const clean = new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''));
  if (clean.has('root')) return ['root'];
  if (addDefault) clean.add('default');
  return [...clean].sort();
}

export interface TtlRequest {
  /** Asked for on renewal; 0 for the role's own. */
  increment: number;
  ttl: number;
  max_ttl: number;
  explicit_max_ttl: number;
  period: number;
  /** Unix milliseconds. */
  issued_at: number;
}

/**
 * Vault's `CalculateTTL`, in whole seconds: what was asked, within the least maximum counted from the issue. A periodic token has no end but
 * an explicit one; its period itself is capped instead.
 */
export function effectiveTtl(request: TtlRequest, now: number): { ttl: number; warnings: string[] } {
  const warnings: string[] = [];
  const { increment, explicit_max_ttl: explicit } = request;
  const max = Math.min(request.max_ttl || SYSTEM_MAX_TTL_S, explicit || SYSTEM_MAX_TTL_S, SYSTEM_MAX_TTL_S);
  const capped = (what: string, asked: number, limit: number) => {
    if (asked <= limit) return asked;
    const noun = what === 'TTL' ? 'TTL value' : `${what} value`;
    warnings.push(
      `${what} of "${humanDuration(asked)}" exceeded the effective max_ttl of "${humanDuration(limit)}"; ${noun} is capped accordingly`,
    );
    return limit;
  };
  const ttl = request.period
    ? capped('period', request.period, max)
    : increment || request.ttl || SYSTEM_MAX_TTL_S;
  if (request.period && !explicit) return { ttl, warnings };
  const age = Math.floor(now / 1_000) - Math.floor(request.issued_at / 1_000);
  const left = (request.period ? explicit : max) - age;
  if (left <= 0) throw badRequest('past the max TTL, cannot renew');
  return { ttl: capped('TTL', ttl, left), warnings };
}

export interface NewToken {
  id?: string;
  parent: string | null;
  policies: string[];
  metadata: Record<string, string> | null;
  display_name: string;
  path: string;
  role: string | null;
  ttl: number;
  max_ttl: number;
  explicit_max_ttl: number;
  period: number;
  num_uses: number;
  renewable: boolean;
}

/** Writes a token and gives its auth block: the only moment at which its id is known. A root token without TTL never ends. */
export function issueToken(store: VaultStore, token: NewToken): { auth: Auth; warnings: string[] } {
  const now = store.now();
  const endless = token.policies.includes('root') && !token.ttl && !token.explicit_max_ttl && !token.period;
  const { ttl, warnings } = endless
    ? { ttl: 0, warnings: [] }
    : effectiveTtl({ ...token, increment: 0, issued_at: now }, now);
  const id = token.id ?? `hvs.${randomText(24)}`;
  const accessor = randomText(24);
  const renewable = token.renewable && !endless;
  store.sql.exec(
    `INSERT INTO tokens (hash, accessor, parent, policies, metadata, display_name, path, role, issued_at, creation_ttl, expires_at,
      ttl, max_ttl, explicit_max_ttl, period, num_uses, renewable) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    hashSecret(id),
    accessor,
    token.parent,
    JSON.stringify(token.policies),
    token.metadata && JSON.stringify(token.metadata),
    token.display_name,
    token.path,
    token.role,
    now,
    ttl,
    ttl ? now + ttl * 1_000 : null,
    token.ttl,
    token.max_ttl,
    token.explicit_max_ttl,
    token.period,
    token.num_uses,
    renewable ? 1 : 0,
  );
  const row = findByAccessor(store, accessor);
  if (!row) throw new Error('the token just written is not there');
  return { auth: authBlock(row, id, ttl), warnings };
}

export function authBlock(row: TokenRow, clientToken: string, lease: number): Auth {
  return {
    client_token: clientToken,
    accessor: row.accessor,
    policies: policiesOf(row),
    token_policies: policiesOf(row),
    metadata: row.metadata ? (JSON.parse(row.metadata) as Record<string, string>) : null,
    lease_duration: lease,
    renewable: row.renewable === 1,
    entity_id: '',
    token_type: 'service',
    mfa_requirement: null,
    num_uses: row.num_uses,
    orphan: row.parent === null,
  };
}

/** Extends a lease from now on; the answer's lease is shorter than asked when a maximum is near. */
export function renewToken(store: VaultStore, row: TokenRow, increment: number, clientToken: string) {
  if (row.renewable !== 1) throw badRequest('lease is not renewable');
  const now = store.now();
  const { ttl, warnings } = effectiveTtl({ ...row, increment }, now);
  store.sql.exec(
    'UPDATE tokens SET expires_at = ?, last_renewal = ? WHERE hash = ?',
    now + ttl * 1_000,
    now,
    row.hash,
  );
  return { auth: authBlock(row, clientToken, ttl), warnings };
}

export function findToken(store: VaultStore, id: string): TokenRow | undefined {
  return store.sql.exec<TokenRow>('SELECT * FROM tokens WHERE hash = ?', hashSecret(id)).toArray()[0];
}

export function findByAccessor(store: VaultStore, accessor: string): TokenRow | undefined {
  return store.sql.exec<TokenRow>('SELECT * FROM tokens WHERE accessor = ?', accessor).toArray()[0];
}

const DELETE_TREES = (roots: string) => `DELETE FROM tokens WHERE hash IN (
  WITH RECURSIVE dead(hash) AS (SELECT hash FROM tokens WHERE ${roots}
    UNION SELECT child.hash FROM tokens child JOIN dead ON child.parent = dead.hash) SELECT hash FROM dead)`;

/** A token and all that descend from it. */
export function revokeTree(store: VaultStore, hash: string): void {
  store.sql.exec(DELETE_TREES('hash = ?'), hash);
}

/** All tokens that were issued at this path, with what descends from them. */
export function revokeIssuedAt(store: Pick<VaultStore, 'sql'>, path: string): void {
  store.sql.exec(DELETE_TREES('path = ?'), path);
}

/** An expired lease takes its children with it, as a revoked one does; run before each request is judged. */
export function purgeExpired(store: VaultStore): void {
  store.sql.exec(DELETE_TREES('expires_at <= ?'), store.now());
  store.sql.exec('DELETE FROM secret_ids WHERE expires_at <= ?', store.now());
}
