import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base32 } from '#domain/ids.ts';

/** TEN-2: what is stored of a secret. The pepper lives outside the database, so a stolen table alone verifies nothing. */
export const keyedHash = (pepper: string, secret: string): string =>
  bytesToHex(hmac(sha256, utf8ToBytes(pepper), utf8ToBytes(secret)));

/** Compares in time that depends on the length only. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1));
  return difference === 0;
}

const random = (bytes: number): string => base32(crypto.getRandomValues(new Uint8Array(bytes)));

/** 20 bytes: 160 bits of secret. */
const SECRET_BYTES = 20;
const KEY_ID_BYTES = 10;

export const newId = (prefix: string): string => `${prefix}_${random(10)}`;

/** Key ids have no underscore, nor have tenants: a key splits at its underscores. */
export const newKeyId = (): string => `k${random(KEY_ID_BYTES)}`;

/** `seed`: hex of a keyed hash that the secret derives from; null: it is random. */
export function newKey(
  tenant: string,
  key_id: string,
  seed: string | null,
): { key_id: string; prefix: string; secret: string } {
  const prefix = `ags_${tenant}_${key_id}`;
  return { key_id, prefix, secret: `${prefix}_${seed === null ? random(SECRET_BYTES) : secretFrom(seed)}` };
}

/** As long as a random one, from the hex of a keyed hash. */
export const secretFrom = (seed: string): string => base32(hexToBytes(seed).slice(0, SECRET_BYTES));

const KEY = /^ags_([a-z][a-z0-9-]{1,38}[a-z0-9])_(k[a-z0-9]{8,40})_[a-z0-9]{24,64}$/;

/** Which tenant's object to ask about a key. Says nothing about its validity. */
export function parseKey(secret: string): { tenant: string; key_id: string } | null {
  const [, tenant, key_id] = KEY.exec(secret) ?? [];
  return tenant && key_id ? { tenant, key_id } : null;
}

/** `ses` is a cookie, `lnk` a one-time sign-in link, `tkt` a WebSocket ticket. */
export type TokenKind = 'ses' | 'lnk' | 'tkt';

export const newToken = (kind: TokenKind, tenant: string): string =>
  `${kind}_${tenant}_${random(SECRET_BYTES)}`;

/** TEN-3: a session of the platform admin's, which is no tenant's. */
export const newPlatformToken = (): string => `plt_${random(SECRET_BYTES)}`;
export const isPlatformToken = (token: string): boolean => /^plt_[a-z0-9]{24,64}$/.test(token);

const TOKEN = /^(ses|lnk|tkt)_([a-z][a-z0-9-]{1,38}[a-z0-9])_[a-z0-9]{24,64}$/;

export function parseToken(kind: TokenKind, token: string): { tenant: string } | null {
  const [, found, tenant] = TOKEN.exec(token) ?? [];
  return found === kind && tenant ? { tenant } : null;
}
