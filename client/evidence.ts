import { type EvidenceReport, verifyEvidence } from '#domain/ledger/evidence/verify.ts';
import { ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import type { Trust } from '#domain/ledger/log/trust.ts';

/** LEDG-3: verifies a package here, in Node or a browser, without asking any server. `trust` comes from outside the package. */
export const verifyEvidenceFile = (file: Uint8Array, trust: Trust): Promise<EvidenceReport> =>
  verifyEvidence(file, trust, {
    verify: ed25519Verifier(crypto.subtle),
    decode: (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
  });
