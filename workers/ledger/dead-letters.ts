import { decodeCursor, pageOf } from './cursor.ts';
import { insertRows } from './rows.ts';
import type { DeadLetterRow } from './schema.ts';

const MAX_BODY = 10_000;

/** Once per message, however often the dead-letter queue delivers it. */
export async function recordDeadLetter(db: D1Database, letter: DeadLetterRow): Promise<void> {
  await insertRows(db, 'dead_letters', [{ ...letter, body: letter.body.slice(0, MAX_BODY) }]).run();
}

/** Newest first. */
export async function queryDeadLetters(
  db: D1Database,
  tenant: string,
  query: { pipeline_id?: string; limit?: number; cursor?: string },
): Promise<{ items: DeadLetterRow[]; next_cursor: string | null }> {
  const limit = query.limit ?? 50;
  const [at, id] = decodeCursor(query.cursor, 2) ?? [];
  const { results } = await db
    .prepare(
      `SELECT * FROM dead_letters WHERE tenant = ?1 AND (?2 IS NULL OR pipeline_id = ?2)
       AND (?3 IS NULL OR (at, message_id) < (?3, ?4)) ORDER BY at DESC, message_id DESC LIMIT ?5`,
    )
    .bind(tenant, query.pipeline_id ?? null, at ?? null, id ?? null, limit + 1)
    .all<DeadLetterRow>();
  return pageOf(
    results,
    limit,
    (row) => [row.at, row.message_id],
    (row) => row,
  );
}
