import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromBase64, toBase64 } from '../base64.ts';

/** Verifies an Ed25519 signature (RFC 8032). Never throws: a malformed key or signature is a false one. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;
/** Signs with a key that stays where it is. */
export type SignEd25519 = (message: Uint8Array) => Promise<Uint8Array>;

/** C2SP signed-note: what kind of signature a key makes. */
export const KEY_TYPES = { ed25519: 1, cosignature: 4 } as const;
export type KeyType = keyof typeof KEY_TYPES;

/** A public key under the name that its signatures stand under. */
export interface VerifierKey {
  name: string;
  type: KeyType;
  publicKey: Uint8Array;
  /** The first 4 bytes of SHA-256(name ‖ "\n" ‖ type ‖ key), in hex. */
  id: string;
}

export function verifierKey(name: string, type: KeyType, publicKey: Uint8Array): VerifierKey {
  const typed = concatBytes(Uint8Array.of(KEY_TYPES[type]), publicKey);
  const id = bytesToHex(sha256(concatBytes(utf8ToBytes(`${name}\n`), typed)).subarray(0, 4));
  return { name, type, publicKey, id };
}

/** `name+id+base64(type ‖ key)`, on one line. */
export const formatKey = ({ name, type, publicKey, id }: VerifierKey): string =>
  `${name}+${id}+${toBase64(concatBytes(Uint8Array.of(KEY_TYPES[type]), publicKey))}`;

const KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/;

/** null when it is none, or when its id does not belong to it. */
export function parseKey(text: string): VerifierKey | null {
  const [, name = '', id, encoded = ''] = KEY.exec(text) ?? [];
  const bytes = fromBase64(encoded);
  const type = (Object.keys(KEY_TYPES) as KeyType[]).find((t) => KEY_TYPES[t] === bytes?.[0]);
  if (!bytes || !type || bytes.length !== 33) return null;
  const key = verifierKey(name, type, bytes.subarray(1));
  return key.id === id ? key : null;
}

/** A line below a note: `— name base64(id ‖ signature)`. */
export interface NoteSignature {
  name: string;
  /** Hex. */
  id: string;
  signature: Uint8Array;
}

export interface Note {
  /** Ends with a line break. */
  text: string;
  signatures: NoteSignature[];
}

const LINE = /^— (\S+) ([A-Za-z0-9+/]+=*)$/;

export const formatSignature = ({ name, id, signature }: NoteSignature): string => {
  const idBytes = Uint8Array.from(id.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return `— ${name} ${toBase64(concatBytes(idBytes, signature))}`;
};

export function parseSignature(line: string): NoteSignature | null {
  const [, name, encoded = ''] = LINE.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!name || !bytes || bytes.length < 5) return null;
  return { name, id: bytesToHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

export const formatNote = (text: string, lines: readonly string[]): string =>
  `${text}\n${lines.map((line) => `${line}\n`).join('')}`;

/** C2SP signed-note: the text, an empty line, and at least one signature. null for anything else. */
export function parseNote(note: string): Note | null {
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || !note.endsWith('\n')) return null;
  const signatures = note
    .slice(at + 2, -1)
    .split('\n')
    .map(parseSignature);
  if (signatures.some((s) => s === null)) return null;
  return { text: note.slice(0, at + 1), signatures: signatures as NoteSignature[] };
}

export async function signNote(key: VerifierKey, sign: SignEd25519, text: string): Promise<string> {
  return formatSignature({ name: key.name, id: key.id, signature: await sign(utf8ToBytes(text)) });
}

/** C2SP tlog-cosignature: what a witness signs, at `time` in seconds since 1970. */
export const cosignedMessage = (text: string, time: number): Uint8Array =>
  utf8ToBytes(`cosignature/v1\ntime ${time}\n${text}`);

const TIME_BYTES = 8;

export async function cosign(
  key: VerifierKey,
  sign: SignEd25519,
  text: string,
  time: number,
): Promise<string> {
  const stamp = new Uint8Array(TIME_BYTES);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
  const signature = concatBytes(stamp, await sign(cosignedMessage(text, time)));
  return formatSignature({ name: key.name, id: key.id, signature });
}

/** When the witness signed, seconds since 1970; null when it is no cosignature. */
export const cosignedAt = ({ signature }: NoteSignature): number | null =>
  signature.length === TIME_BYTES + 64
    ? Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0))
    : null;

/** True when this line is the key's own and its signature holds over the text. */
export async function verifySignature(
  key: VerifierKey,
  text: string,
  line: NoteSignature,
  verify: VerifyEd25519,
): Promise<boolean> {
  if (line.name !== key.name || line.id !== key.id) return false;
  if (key.type === 'ed25519') return verify(key.publicKey, utf8ToBytes(text), line.signature);
  const time = cosignedAt(line);
  if (time === null || !Number.isSafeInteger(time)) return false;
  return verify(key.publicKey, cosignedMessage(text, time), line.signature.subarray(TIME_BYTES));
}
