import type { SignEd25519, VerifierKey } from '#domain/ledger/log/note.ts';

/** The deployment's signing key of today; its secret half stays with whoever made this. */
export interface LogSigner {
  /** The same key has another id under the name of each log. */
  key(origin: string): VerifierKey;
  sign: SignEd25519;
}
