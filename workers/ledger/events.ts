import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { EventRow } from './schema.ts';

/** Events of one pipeline as the ledger has them, oldest first, after `since`. Lags the object by a queue's delay. */
export async function queryEvents(
  db: D1Database,
  tenant: string,
  query: { pipeline_id: string; since?: number; limit?: number; cursor?: string },
): Promise<{ items: PipelineEvent[]; next_cursor: string | null }> {
  const limit = query.limit ?? 100;
  const [after] = decodeCursor(query.cursor, 1) ?? [query.since ?? 0];
  const { results } = await db
    .prepare('SELECT * FROM events WHERE pipeline_id = ? AND seq > ? AND tenant = ? ORDER BY seq LIMIT ?')
    .bind(query.pipeline_id, after ?? 0, tenant, limit + 1)
    .all<EventRow>();
  return pageOf(
    results,
    limit,
    (row) => [row.seq],
    ({ seq, type, v, at, actor, body, salt, prev_hash, hash }) =>
      ({ seq, type, v, at, actor, body: JSON.parse(body), salt, prev_hash, hash }) as PipelineEvent,
  );
}
