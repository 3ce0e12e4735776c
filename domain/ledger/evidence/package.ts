import type { ChainedEvent, EventFrame } from '../chain.ts';
import { commitContent } from '../chain.ts';
import type { LogLeaf } from '../log/leaf.ts';

export const EVIDENCE_FORMAT = 'ags-evidence/1';

/** An event whose content was erased: the commitment stands in its place. */
export type RedactedEvent = EventFrame & { content: string; hash: string };
export type EvidenceEvent = ChainedEvent | RedactedEvent;

export const isRedacted = (event: EvidenceEvent): event is RedactedEvent => 'content' in event;

/** LEDG-2: takes body and salt away. The salt must go too, or a guessed body could be confirmed. */
export function redact(event: EvidenceEvent): RedactedEvent {
  if (isRedacted(event)) return event;
  const { body, salt, ...frame } = event;
  return { ...frame, content: commitContent(salt, body) };
}

/** A policy set as it was in force, under the version that the gate recorded. */
export interface PolicyInForce {
  version: string;
  /** Empty when the deployment does not know the texts of that version any more. */
  documents: { name: string; sha256: string; text: string }[];
}

/** Which events tell what; names in alphabetical order. */
export interface EvidenceIndex {
  actions: number[];
  approvals: number[];
  tokens: number[];
  verdict: number[];
}

export interface EvidenceSubject {
  tenant: string;
  pipeline_id: string;
  number: number;
  events: number;
  /** Hash of the last event. */
  head: string;
}

export interface EvidenceLog {
  leaf: LogLeaf;
  index: number;
  /** Hex, from the leaf up (RFC 9162). */
  hashes: string[];
  /** C2SP signed note. */
  checkpoint: string;
}

/** DSSE; `payload` and `sig` are canonical base64. */
export interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/**
 * LEDG-3: the whole file. Written as RFC 8785 canonical JSON, so that members stand in alphabetical order: the events come first and
 * can be streamed. `docs/evidence.md` describes it byte for byte.
 */
export interface EvidencePackage {
  events: EvidenceEvent[];
  format: typeof EVIDENCE_FORMAT;
  index: EvidenceIndex;
  log: EvidenceLog;
  policies: PolicyInForce[];
  statement: Envelope;
  subject: EvidenceSubject;
}

/** How the pipeline ended, as its events say. */
export interface EvidenceOutcome {
  state: string;
  exit_code: number;
  reason: string;
  /** Every token is confirmed gone (PIPE-6). */
  sealed: boolean;
}

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:ags:evidence:1';
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** in-toto Statement v1; what the deployment vouches for with its signature. */
export interface EvidenceStatement {
  _type: typeof STATEMENT_TYPE;
  /** The pipeline, by the hash of its last event, which commits to all of them. */
  subject: [{ name: string; digest: { sha256: string } }];
  predicateType: typeof PREDICATE_TYPE;
  predicate: {
    subject: EvidenceSubject;
    outcome: EvidenceOutcome;
    /** SHA-256 of the canonical JSON of these parts, in hex. */
    parts: { index: string; log: string; policies: string };
    /** RFC 3339, UTC, milliseconds. */
    made_at: string;
  };
}
