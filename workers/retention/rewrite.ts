import { canonicalJson } from '#domain/ledger/canonical.ts';
import { type EvidenceEvent, isRedacted, redact } from '#domain/ledger/evidence/package.ts';
import { bodyOf } from '#domain/ledger/evidence/read.ts';
import { type PackageRest, PackageSplitter } from '#domain/ledger/evidence/splitter.ts';
import { logOrigin } from '#domain/ledger/log/checkpoint.ts';
import { isErasable } from '#domain/pipeline/erase.ts';
import type { ArchiveRecord } from '#objects/tenant/rpc.ts';
import { ledgerKeysOf } from '#workers/ledger/index.ts';
import { archiveFolder, readThrough, removeOthers, store } from './bucket.ts';
import type { RetentionPorts } from './ports.ts';
import { ArchiveUnfit, readBackEvidence } from './write.ts';

/** An archived package, event by event; the last thing it gives is everything else. */
async function* takeApart(
  bucket: R2Bucket,
  key: string,
): AsyncGenerator<{ events: EvidenceEvent[] } | { rest: PackageRest }> {
  const found = await bucket.get(key);
  if (!found) throw new ArchiveUnfit(`${key} is missing`);
  const splitter = new PackageSplitter();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const chunk of found.body as unknown as AsyncIterable<Uint8Array>)
    yield { events: splitter.push(decoder.decode(chunk, { stream: true })) };
  yield { events: splitter.push(decoder.decode()) };
  yield { rest: splitter.rest() };
}

/** The same package with the content of some events replaced by its commitment (docs/evidence.md, section 5). */
async function* withoutContent(
  bucket: R2Bucket,
  key: string,
  seqs: ReadonlySet<number>,
): AsyncGenerator<string> {
  yield '{"events":[';
  let comma = '';
  for await (const part of takeApart(bucket, key)) {
    if ('rest' in part) {
      yield `],${canonicalJson(part.rest).slice(1)}`;
      continue;
    }
    if (part.events.length === 0) continue;
    yield comma + part.events.map((e) => canonicalJson(seqs.has(e.seq) ? redact(e) : e)).join(',');
    comma = ',';
  }
}

export interface ArchivedNames {
  /** Of the named events by number; absent ones are not in the archive. */
  types: Map<number, string>;
  /** Hashes of the named documents. */
  documents: Map<string, string>;
  rest: PackageRest | null;
}

/** What the archive says of the events and documents that somebody names. */
export async function lookIntoArchive(
  bucket: R2Bucket,
  key: string,
  seqs: ReadonlySet<number>,
): Promise<ArchivedNames> {
  const found: ArchivedNames = { types: new Map(), documents: new Map(), rest: null };
  for await (const part of takeApart(bucket, key)) {
    if ('rest' in part) found.rest = part.rest;
    else
      for (const event of part.events) {
        if (seqs.has(event.seq)) found.types.set(event.seq, event.type);
        if (event.seq === 1 && !isRedacted(event))
          for (const d of (bodyOf(event).documents ?? []) as { name: string; sha256: string }[])
            found.documents.set(d.name, d.sha256);
      }
  }
  return found;
}

/** Which event, if any, may not lose its content. */
export const notErasable = ({ types }: ArchivedNames, seqs: readonly number[]): number | null =>
  seqs.find((seq) => !isErasable(types.get(seq) ?? '')) ?? null;

/**
 * LEDG-2: writes the archive anew without some content, reads it back, has it recorded, and deletes what it was. Repeatable: once the
 * content is gone the same file comes out again. Answers which parts of the pipeline's summary repeated what is gone.
 */
export async function rewriteArchive(
  ports: RetentionPorts,
  archive: ArchiveRecord,
  seqs: ReadonlySet<number>,
  documents: readonly string[],
): Promise<{ objective: boolean; verdict: boolean }> {
  const { bucket, tenant } = ports;
  const folder = archiveFolder(tenant, archive.pipeline_id);
  const { types, rest } = await lookIntoArchive(bucket, archive.object_key, seqs);
  if (!rest) throw new ArchiveUnfit(`${archive.object_key} is no package`);
  const file = await store(bucket, folder, 'evidence.json', () =>
    withoutContent(bucket, archive.object_key, seqs),
  );
  const keys = await ledgerKeysOf(ports.ledger, logOrigin(ports.ledger.origin, tenant));
  await readBackEvidence(ports, { object_key: file.key, sha256: file.sha256 }, rest.subject, keys);
  const beside = await withoutDocuments(bucket, folder, archive, documents);
  const record = await ports.control.archiveRewritten(archive.pipeline_id, {
    object_key: file.key,
    sha256: file.sha256,
    bytes: file.bytes,
    ...beside,
  });
  await removeOthers(bucket, folder, [record.object_key, record.documents_key]);
  const erased = [...types.values()];
  return {
    objective: erased.includes('pipeline_spawned'),
    verdict: erased.some((type) => type === 'proposal_written' || type === 'pipeline_forked'),
  };
}

async function withoutDocuments(
  bucket: R2Bucket,
  folder: string,
  archive: ArchiveRecord,
  gone: readonly string[],
): Promise<Pick<ArchiveRecord, 'documents_key' | 'documents_sha256'>> {
  const { documents_key, documents_sha256 } = archive;
  if (documents_key === null || gone.length === 0) return { documents_key, documents_sha256 };
  let text = '';
  const read = await readThrough(bucket, documents_key, (piece) => {
    text += piece;
  });
  if (read === null) throw new ArchiveUnfit(`${documents_key} is missing`);
  const left = Object.entries(JSON.parse(text) as Record<string, string>).filter(
    ([sha]) => !gone.includes(sha),
  );
  if (left.length === 0) return { documents_key: null, documents_sha256: null };
  const rest = JSON.stringify(Object.fromEntries(left));
  const { key, sha256 } = await store(bucket, folder, 'documents.json', async function* () {
    yield rest;
  });
  return { documents_key: key, documents_sha256: sha256 };
}
