import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromBase64, toBase64 } from '../base64.ts';
import type { SignEd25519, VerifierKey, VerifyEd25519 } from '../log/note.ts';
import type { Envelope } from './package.ts';

/** DSSE's pre-authentication encoding: what is signed. It begins unlike any checkpoint, so a signature never passes for the other kind. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8ToBytes(payloadType);
  return concatBytes(
    utf8ToBytes(`DSSEv1 ${type.length} `),
    type,
    utf8ToBytes(` ${payload.length} `),
    payload,
  );
}

/** `keyid` is the id of the key as a C2SP note key. */
export async function signEnvelope(
  payloadType: string,
  payload: string,
  key: VerifierKey,
  sign: SignEd25519,
): Promise<Envelope> {
  const bytes = utf8ToBytes(payload);
  const sig = toBase64(await sign(preAuthEncoding(payloadType, bytes)));
  return { payloadType, payload: toBase64(bytes), signatures: [{ keyid: key.id, sig }] };
}

export type OpenedEnvelope = { ok: true; payload: Uint8Array } | { ok: false; at: string; why: string };

/** Exactly one signature, by one of the given keys. `at` is a path within the envelope. */
export async function openEnvelope(
  envelope: Envelope,
  keys: readonly VerifierKey[],
  verify: VerifyEd25519,
): Promise<OpenedEnvelope> {
  const refuse = (at: string, why: string): OpenedEnvelope => ({ ok: false, at, why });
  const [signature, ...more] = envelope.signatures;
  if (!signature || more.length > 0) return refuse('signatures', 'there is not exactly one signature');
  const payload = fromBase64(envelope.payload);
  if (!payload) return refuse('payload', 'it is not canonical base64');
  const sig = fromBase64(signature.sig);
  if (!sig) return refuse('signatures[0].sig', 'it is not canonical base64');
  const key = keys.find((k) => k.id === signature.keyid);
  if (!key) return refuse('signatures[0].keyid', 'no trusted key of this log has this id');
  return (await verify(key.publicKey, preAuthEncoding(envelope.payloadType, payload), sig))
    ? { ok: true, payload }
    : refuse('', 'the signature does not hold');
}
