import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { type Context, emptyProjection, type Projection, project } from './project.ts';
import { insertRows, isNonEmpty, MAX_PARAMETER_BYTES, MAX_ROWS } from './rows.ts';
import type { EventRow, IntegrityAlarmRow } from './schema.ts';

export interface FreshEvent {
  tenant: string;
  pipeline_id: string;
  context: Context;
  event: PipelineEvent;
}

/** Cuts events, in order, into pieces that fit one statement. */
export function chunk(fresh: readonly FreshEvent[]): FreshEvent[][] {
  const chunks: FreshEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const f of fresh) {
    // Escaping the body inside the parameter can double it; 600 covers the other fields. UTF-16 units bound below by bytes are
    // close enough here: MAX_PARAMETER_BYTES leaves half a megabyte.
    const size = JSON.stringify(JSON.stringify(f.event.body)).length + 600;
    const current = chunks.at(-1);
    if (!current || current.length === MAX_ROWS || bytes + size > MAX_PARAMETER_BYTES) {
      chunks.push([f]);
      bytes = size;
    } else {
      current.push(f);
      bytes += size;
    }
  }
  return chunks;
}

/**
 * Writes events and the rows they become, all or nothing: the events are the cursor, so a row can be neither missed nor doubled.
 * Answers with the rows for which D1 already had another hash. Throws when D1 fails, and when it wrote less than it was given without having
 * had the rest, which of an archived pipeline it does not take (LEDG-5).
 */
export async function append(
  db: D1Database,
  fresh: readonly FreshEvent[],
  alongside: D1PreparedStatement[],
): Promise<Omit<IntegrityAlarmRow, 'at'>[]> {
  const rows = emptyProjection();
  for (const f of fresh) project(rows, f.context, f.tenant, f.pipeline_id, f.event);
  const statements = (Object.keys(rows) as (keyof Projection)[]).flatMap((table) => {
    const list: readonly object[] = rows[table];
    return isNonEmpty(list) ? [insertRows(db, table, list)] : [];
  });
  if (statements.length + alongside.length === 0) return [];
  const [inserted] = await db.batch([...statements, ...alongside]);
  const wereThere = rows.events.length > 0 && (inserted?.meta.changes ?? 0) < rows.events.length;
  return wereThere ? otherHashes(db, rows.events) : [];
}

async function otherHashes(
  db: D1Database,
  rows: readonly EventRow[],
): Promise<Omit<IntegrityAlarmRow, 'at'>[]> {
  const sent = rows.map(({ tenant, pipeline_id, seq, hash }) => ({ tenant, pipeline_id, seq, hash }));
  const { results } = await db
    .prepare(
      `SELECT value ->> '$.tenant' AS tenant, value ->> '$.pipeline_id' AS pipeline_id, value ->> '$.seq' AS seq,
         e.hash AS ledger_hash, value ->> '$.hash' AS object_hash
       FROM json_each(?) LEFT JOIN events e ON e.pipeline_id = value ->> '$.pipeline_id' AND e.seq = value ->> '$.seq'
       WHERE e.hash IS NOT value ->> '$.hash' AND (e.hash IS NOT NULL OR NOT EXISTS (SELECT 1 FROM archives a
         WHERE a.tenant = value ->> '$.tenant' AND a.pipeline_id = value ->> '$.pipeline_id'))`,
    )
    .bind(JSON.stringify(sent))
    .all<Omit<IntegrityAlarmRow, 'at'> & { ledger_hash: string | null }>();
  const missing = results.filter((row) => row.ledger_hash === null);
  if (missing.length > 0) throw new Error(`D1 was given ${missing.length} events and has not got them`);
  return results;
}
