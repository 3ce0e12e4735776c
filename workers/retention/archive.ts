import type { DueForArchive } from '#objects/tenant/rpc.ts';
import { archiveFolder, removeOthers } from './bucket.ts';
import type { RetentionPorts } from './ports.ts';
import { isOnRecord, markRemoved, removeRows } from './remove.ts';
import { ArchiveUnfit, writeArchive } from './write.ts';

/** `kept`: it stays where it is. `waiting`: archived, and its record is on the way into the ledger database. */
export type Archived = { status: 'kept' | 'waiting' | 'removed'; events: number };

/**
 * LEDG-5: one pipeline's way into the archive, from wherever it is. The order is what keeps it safe:
 *
 * A1. the pipeline takes no more events; A2. package and documents are written and read back; A3. the tenant's chained log has the
 * archive on record; A4. the ledger database has that record too, which is when its triggers let the rows go; A5. the rows go;
 * A6. the object lets its log go, if it ends where the archive does; A7. it is on record that nothing is left.
 *
 * Each step may be repeated and two runs may be here at once: A2 writes under the content's hash, A3 keeps the first record, the
 * others remove what is there.
 */
export async function archivePipeline(
  ports: RetentionPorts,
  due: DueForArchive['pipelines'][number],
  before: number,
): Promise<Archived> {
  const { tenant, bucket, control, db } = ports;
  const pipeline = ports.pipeline(due.pipeline_id);
  let { archive } = due;
  if (archive === null) {
    const begun = await pipeline.beginArchive(tenant, before);
    if (begun.status !== 'frozen') return { status: 'kept', events: 0 };
    archive = await control.recordArchive(await writeArchive(ports, due.pipeline_id, begun.documents));
    ports.log('info', 'a pipeline was archived', { tenant, pipeline_id: due.pipeline_id });
  }
  const { pipeline_id, events, head_hash, object_key, documents_key } = archive;
  if (!(await isOnRecord(db, tenant, pipeline_id, head_hash))) return { status: 'waiting', events };
  // Whatever happened to the bucket since it was read back: without the file nothing is removed.
  for (const key of [object_key, documents_key])
    if (key !== null && (await bucket.head(key)) === null) throw new ArchiveUnfit(`${key} is missing`);
  const read = await pipeline.read(tenant);
  if (!read.ok) throw new Error(`${pipeline_id} cannot be read: ${read.error.code}`);
  await removeRows(db, tenant, read.value, events);
  if (!(await pipeline.removeArchived(tenant, { events, head_hash })))
    throw new ArchiveUnfit(`${pipeline_id} does not end where its archive does`);
  await removeOthers(bucket, archiveFolder(tenant, pipeline_id), [object_key, documents_key]);
  await markRemoved(db, tenant, pipeline_id, ports.now());
  await control.archiveRemoved(pipeline_id);
  return { status: 'removed', events };
}
