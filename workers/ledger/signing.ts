import { fromBase64 } from '#domain/ledger/base64.ts';
import { type Ed25519Pair, ed25519Pair, ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import { type VerifierKey, verifierKey } from '#domain/ledger/log/note.ts';
import type { LogPorts, LogSigner } from '#objects/tenant/index.ts';

/** What is configured of the ledger's keys; see `LedgerKey` in config.ts. */
export interface LedgerKeys {
  origin: string;
  keys: readonly { kid: string; secret: boolean; base64: string }[];
}

export interface PublicKey {
  kid: string;
  publicKey: Uint8Array;
}

/** Results, not promises: a promise belongs to the request that made it. */
const pairs = new WeakMap<LedgerKeys, Ed25519Pair>();

async function signingPair(ledger: LedgerKeys): Promise<Ed25519Pair> {
  const known = pairs.get(ledger);
  if (known) return known;
  const made = await ed25519Pair(crypto.subtle, bytesOf(ledger.keys[0]?.base64));
  pairs.set(ledger, made);
  return made;
}

function bytesOf(base64: string | undefined): Uint8Array {
  const bytes = fromBase64(base64 ?? '');
  // The value is a secret: the message must not show it.
  if (bytes?.length !== 32) throw new Error('a key in AGS_LEDGER_KEYS is not 32 bytes in canonical base64');
  return bytes;
}

/** LEDG-2: the first configured key signs; its secret half does not leave this function. */
export async function ledgerSigner(ledger: LedgerKeys): Promise<LogSigner> {
  const { publicKey, sign } = await signingPair(ledger);
  return { key: (origin) => verifierKey(origin, 'ed25519', publicKey), sign };
}

/** The public halves of all keys, the signing one first. */
export async function publicKeys(ledger: LedgerKeys): Promise<PublicKey[]> {
  return Promise.all(
    ledger.keys.map(async ({ kid, secret, base64 }, i) => {
      if (i === 0) return { kid, publicKey: (await signingPair(ledger)).publicKey };
      const bytes = bytesOf(base64);
      return { kid, publicKey: secret ? (await ed25519Pair(crypto.subtle, bytes)).publicKey : bytes };
    }),
  );
}

/** Every published key under a log's name: whoever signed once is believed as long as the key is configured. */
export const ledgerKeysOf = async (ledger: LedgerKeys, origin: string): Promise<VerifierKey[]> =>
  (await publicKeys(ledger)).map(({ publicKey }) => verifierKey(origin, 'ed25519', publicKey));

/** What a log object is given of the configuration. */
export const logPorts = (ledger: LedgerKeys): LogPorts => ({
  deployment: ledger.origin,
  signer: () => ledgerSigner(ledger),
  verify: ed25519Verifier(crypto.subtle),
});
