import type { Pipeline } from '#contract/pipeline.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { ArchiveRecord, ErasureRecord } from '#objects/tenant/rpc.ts';
import { eraseRows, renewSummary } from '#workers/ledger/index.ts';
import type { RetentionPorts } from './ports.ts';
import { rewriteArchive } from './rewrite.ts';

/** Events held in memory at once. */
const PAGE = 1_000;

/** `waiting`: some copy has it yet; the clock comes back to it. */
export type Erased = 'done' | 'waiting';

/**
 * LEDG-2: takes content out of every place that has it, after the tenant's log has it on record: the pipeline's object or, when it lies there, the
 * archive; then the ledger database, whose triggers want to see that record first. Each step may be repeated, from a crash at any place.
 */
export async function eraseContent(ports: RetentionPorts, erasure: ErasureRecord): Promise<Erased> {
  const { tenant, db, control } = ports;
  const archive = await control.archiveOf(erasure.pipeline_id);
  const moved = archive?.removed_at != null;
  const pipeline = moved
    ? await eraseFromArchive(ports, archive as ArchiveRecord, erasure)
    : await eraseFromObject(ports, erasure);
  if (pipeline === null || !(await isOnRecord(db, tenant, erasure))) return 'waiting';
  if (!moved)
    await eraseRows(
      db,
      tenant,
      erasure.pipeline_id,
      new Set(erasure.seqs),
      eventsOf(ports, erasure.pipeline_id),
    );
  await renewSummary(db, tenant, pipeline);
  await control.erasureDone(erasure.erasure_id);
  return 'done';
}

/** null: it is being archived, and is erased from the archive when it lies there. */
async function eraseFromObject(ports: RetentionPorts, e: ErasureRecord): Promise<Pipeline | null> {
  const done = await ports
    .pipeline(e.pipeline_id)
    .erase(ports.tenant, { seqs: e.seqs, documents: e.document_hashes });
  return done.ok ? done.value : null;
}

async function eraseFromArchive(
  ports: RetentionPorts,
  archive: ArchiveRecord,
  e: ErasureRecord,
): Promise<Pipeline | null> {
  const blank = await rewriteArchive(ports, archive, new Set(e.seqs), e.document_hashes);
  const done = await ports
    .pipeline(e.pipeline_id)
    .erase(ports.tenant, { seqs: e.seqs, documents: [], blank });
  return done.ok ? done.value : null;
}

async function isOnRecord(db: D1Database, tenant: string, e: ErasureRecord): Promise<boolean> {
  const found = await db
    .prepare('SELECT 1 FROM erasures WHERE tenant = ? AND pipeline_id = ? AND log_seq = ?')
    .bind(tenant, e.pipeline_id, e.log_seq)
    .first();
  return found !== null;
}

async function* eventsOf(ports: RetentionPorts, pipelineId: string): AsyncGenerator<PipelineEvent[]> {
  for (let since = 0; ; ) {
    const read = await ports.pipeline(pipelineId).events(ports.tenant, since, PAGE);
    if (!read.ok) throw new Error(`${pipelineId} cannot be read: ${read.error.code}`);
    yield read.value;
    const last = read.value.at(-1);
    if (!last || read.value.length < PAGE) return;
    since = last.seq;
  }
}

/** What a run of the clock takes at most, for all tenants. */
const PER_RUN = 20;

/** LEDG-2: what was begun and not ended: a crash, or a copy that lagged. */
export async function eraseDue(
  tenants: readonly string[],
  portsOf: (tenant: string) => RetentionPorts,
): Promise<void> {
  let left = PER_RUN;
  for (const tenant of tenants) {
    const ports = portsOf(tenant);
    for (const erasure of left > 0 ? await ports.control.pendingErasures(left) : []) {
      left -= 1;
      await eraseContent(ports, erasure).catch((error: unknown) =>
        ports.log('warn', 'content could not be erased yet', {
          tenant,
          erasure_id: erasure.erasure_id,
          error,
        }),
      );
    }
  }
}
