import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** RFC 8785: one spelling per JSON value, so that one hash belongs to it. Throws for what JSON cannot say (NaN, undefined at the top). */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('this value has no JSON form');
  return text;
}

/** Lower-case hex SHA-256 of the text's UTF-8 bytes. Synchronous, because it runs inside a storage transaction. */
export const sha256Hex = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

export const hashJson = (value: unknown): string => sha256Hex(canonicalJson(value));
