import { canonicalJson, hashJson } from '../canonical.ts';
import type { SignEd25519, VerifierKey } from '../log/note.ts';
import { signEnvelope } from './dsse.ts';
import {
  type Envelope,
  EVIDENCE_FORMAT,
  type EvidenceEvent,
  type EvidenceIndex,
  type EvidenceLog,
  type EvidenceOutcome,
  type EvidenceStatement,
  type EvidenceSubject,
  PAYLOAD_TYPE,
  type PolicyInForce,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
} from './package.ts';
import { EvidenceReader, type PolicyReference } from './read.ts';

/** Who vouches: the key under the log's name. */
export interface EvidenceSigner {
  key: VerifierKey;
  sign: SignEd25519;
}

export interface EvidenceSource {
  subject: EvidenceSubject;
  log: EvidenceLog;
  /** Of each version that the events name, in their order; asked once they have been read. */
  policies(versions: PolicyReference[]): Promise<PolicyInForce[]>;
  /** The events up to the subject's last one, in order, in pieces of any size. */
  events(): AsyncIterable<readonly EvidenceEvent[]>;
  signer: EvidenceSigner;
  /** RFC 3339, UTC, milliseconds. */
  now: string;
}

export function statementOf(
  subject: EvidenceSubject,
  outcome: EvidenceOutcome,
  parts: { index: EvidenceIndex; log: EvidenceLog; policies: PolicyInForce[] },
  made_at: string,
): EvidenceStatement {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: subject.pipeline_id, digest: { sha256: subject.head } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      subject,
      outcome,
      parts: {
        index: hashJson(parts.index),
        log: hashJson(parts.log),
        policies: hashJson(parts.policies),
      },
      made_at,
    },
  };
}

export const signStatement = (
  statement: EvidenceStatement,
  { key, sign }: EvidenceSigner,
): Promise<Envelope> => signEnvelope(PAYLOAD_TYPE, canonicalJson(statement), key, sign);

/**
 * Writes a package piece by piece: members of canonical JSON stand in alphabetical order, so the events go out first and are never
 * held together. Throws when the events are not the subject's; what was written until then is no valid file.
 */
export async function* writeEvidence(source: EvidenceSource): AsyncGenerator<string> {
  const { subject, log } = source;
  const reader = new EvidenceReader();
  let head = '';
  let count = 0;
  yield '{"events":[';
  for await (const events of source.events()) {
    for (const event of events) {
      reader.add(event);
      head = event.hash;
    }
    yield (count > 0 && events.length > 0 ? ',' : '') + events.map(canonicalJson).join(',');
    count += events.length;
  }
  const { index, outcome } = reader;
  if (head !== subject.head || count !== subject.events || !outcome)
    throw new Error('the events are not those of an ended pipeline with this head');
  const versions = [...reader.policies.values()].sort((a, b) => (a.version < b.version ? -1 : 1));
  const policies = await source.policies(versions);
  const statement = await signStatement(
    statementOf(subject, outcome, { index, log, policies }, source.now),
    source.signer,
  );
  const rest = canonicalJson({ format: EVIDENCE_FORMAT, index, log, policies, statement, subject });
  yield `],${rest.slice(1)}`;
}
