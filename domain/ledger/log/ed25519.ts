import { fromBase64 } from '../base64.ts';
import type { SignEd25519, VerifyEd25519 } from './note.ts';

/**
 * What is used of WebCrypto (`crypto.subtle`), which the caller hands in: it is the same in Node, workerd and browsers (Chrome 137,
 * Firefox 129, Safari 17 and later), and declared differently in each.
 */
export interface Subtle {
  importKey(
    format: 'raw' | 'pkcs8',
    data: Uint8Array<ArrayBuffer>,
    algorithm: { name: string },
    extractable: boolean,
    usages: ('sign' | 'verify')[],
  ): Promise<unknown>;
  exportKey(format: 'jwk', key: unknown): Promise<unknown>;
  sign(algorithm: { name: string }, key: unknown, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
  verify(
    algorithm: { name: string },
    key: unknown,
    signature: Uint8Array<ArrayBuffer>,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>;
}

const ED25519 = { name: 'Ed25519' };
/** WebCrypto takes no view of shared memory, and a copy is none. */
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

export const ed25519Verifier =
  (subtle: Subtle): VerifyEd25519 =>
  async (publicKey, message, signature) => {
    try {
      const key = await subtle.importKey('raw', plain(publicKey), ED25519, false, ['verify']);
      return await subtle.verify(ED25519, key, plain(signature), plain(message));
    } catch {
      return false;
    }
  };

/** RFC 8410: what stands before the 32 secret bytes in PKCS #8. */
const PKCS8 = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

export interface Ed25519Pair {
  publicKey: Uint8Array;
  sign: SignEd25519;
}

/** The key pair of 32 secret bytes. */
export async function ed25519Pair(subtle: Subtle, seed: Uint8Array): Promise<Ed25519Pair> {
  const pkcs8 = new Uint8Array([...PKCS8, ...seed]);
  const key = await subtle.importKey('pkcs8', pkcs8, ED25519, true, ['sign']);
  const { x = '' } = (await subtle.exportKey('jwk', key)) as { x?: string };
  const publicKey = fromBase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`);
  if (publicKey === null) throw new TypeError('WebCrypto gave no public key');
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await subtle.sign(ED25519, key, plain(message))),
  };
}
