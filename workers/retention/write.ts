import { sha256Hex } from '#domain/ledger/canonical.ts';
import { writeEvidence } from '#domain/ledger/evidence/assemble.ts';
import type { EvidenceSubject } from '#domain/ledger/evidence/package.ts';
import { ReadBack } from '#domain/ledger/evidence/read-back.ts';
import { ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import type { VerifierKey } from '#domain/ledger/log/note.ts';
import type { NewArchive } from '#objects/tenant/rpc.ts';
import { evidenceSource } from '#workers/ledger/index.ts';
import { archiveFolder, readThrough, store } from './bucket.ts';
import type { RetentionPorts } from './ports.ts';

const verifyPorts = {
  verify: ed25519Verifier(crypto.subtle),
  decode: (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
};

/** An archive that is not what it should be: nothing may be removed for it. */
export class ArchiveUnfit extends Error {}

/** LEDG-5: reads an evidence package back from the bucket. @throws ArchiveUnfit when it is not the one that was written, or does not verify. */
export async function readBackEvidence(
  ports: Pick<RetentionPorts, 'bucket' | 'ledger'>,
  file: { object_key: string; sha256: string },
  subject: EvidenceSubject,
  keys: VerifierKey[],
): Promise<void> {
  const reading = new ReadBack(subject);
  const sha256 = await readThrough(ports.bucket, file.object_key, (text) => reading.push(text));
  if (sha256 !== file.sha256)
    throw new ArchiveUnfit(
      `${file.object_key} is ${sha256 === null ? 'missing' : 'other than what was written'}`,
    );
  const found = await reading.findings({ logs: keys, witnesses: new Map(), quorum: null }, verifyPorts);
  const [first] = found;
  if (first) throw new ArchiveUnfit(`${file.object_key} does not verify at ${first.at}: ${first.why}`);
}

/** The context documents of a pipeline as one file, each under the hash that its events name. */
async function writeDocuments(
  ports: RetentionPorts,
  pipelineId: string,
  hashes: readonly string[],
): Promise<{ documents_key: string; documents_sha256: string } | null> {
  if (hashes.length === 0) return null;
  const texts = await ports.pipeline(pipelineId).documents(ports.tenant, [...hashes]);
  const text = JSON.stringify(texts);
  const pieces = async function* () {
    yield text;
  };
  const { key, sha256 } = await store(
    ports.bucket,
    archiveFolder(ports.tenant, pipelineId),
    'documents.json',
    pieces,
  );
  let back = '';
  const read = await readThrough(ports.bucket, key, (piece) => {
    back += piece;
  });
  const there = read === sha256 ? (JSON.parse(back) as Record<string, string>) : {};
  for (const hash of hashes)
    if (there[hash] === undefined || sha256Hex(there[hash]) !== hash)
      throw new ArchiveUnfit(`${key} lacks the document ${hash}`);
  return { documents_key: key, documents_sha256: sha256 };
}

/**
 * Writes what the frozen pipeline is into the bucket and reads it back. What this answers with has been verified and may be recorded.
 * @throws ArchiveUnfit when it is not what it should be.
 */
export async function writeArchive(
  ports: RetentionPorts,
  pipelineId: string,
  documents: readonly string[],
): Promise<NewArchive> {
  const made = await evidenceSource(ports.tenant, {
    pipeline: ports.pipeline(pipelineId),
    log: ports.tree,
    ledger: ports.ledger,
    policies: ports.policies,
    now: ports.now(),
  });
  if (!made.ok) throw new ArchiveUnfit(`${pipelineId} gives no evidence: ${made.error.code}`);
  const { subject, signer } = made.value;
  const folder = archiveFolder(ports.tenant, pipelineId);
  const { key, sha256, bytes } = await store(ports.bucket, folder, 'evidence.json', () =>
    writeEvidence(made.value),
  );
  await readBackEvidence(ports, { object_key: key, sha256 }, subject, [signer.key]);
  const beside = await writeDocuments(ports, pipelineId, documents);
  return {
    pipeline_id: pipelineId,
    ...{ object_key: key, sha256, bytes },
    documents_key: beside?.documents_key ?? null,
    documents_sha256: beside?.documents_sha256 ?? null,
    events: subject.events,
    head_hash: subject.head,
  };
}
