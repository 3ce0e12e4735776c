import type { Pipeline } from '#contract/pipeline.ts';

/** Rows that one statement removes: each is a write of D1's one writer, which others wait for. */
const ROWS = 1_000;
const WORDS = 500;
/** What a pipeline's events became, by its key. */
const BY_SEQ = ['agent_actions', 'agent_metrics', 'violations', 'events'] as const;

/** Whether the ledger database has the record that lets the rows go; it comes there as every other event of the tenant does. */
export async function isOnRecord(
  db: D1Database,
  tenant: string,
  pipelineId: string,
  head_hash: string,
): Promise<boolean> {
  const found = await db
    .prepare('SELECT 1 FROM archives WHERE tenant = ? AND pipeline_id = ? AND head_hash = ?')
    .bind(tenant, pipelineId, head_hash)
    .first();
  return found !== null;
}

/**
 * LEDG-5: takes an archived pipeline's rows out of the ledger database, full text first. The triggers refuse every row that no archive
 * covers. Repeatable: what a run that was cut off has left, the next one takes. The row in the index of pipelines stays.
 */
export async function removeRows(
  db: D1Database,
  tenant: string,
  pipeline: Pick<Pipeline, 'pipeline_id' | 'created_at' | 'updated_at'>,
  events: number,
): Promise<void> {
  const { pipeline_id, created_at, updated_at } = pipeline;
  await removeWords(db, pipeline_id);
  for (let after = 0; after < events; after += ROWS)
    await db.batch(
      BY_SEQ.map((table) =>
        db
          .prepare(`DELETE FROM ${table} WHERE pipeline_id = ? AND seq > ? AND seq <= ? AND tenant = ?`)
          .bind(pipeline_id, after, after + ROWS, tenant),
      ),
    );
  // Keyed by time: within the pipeline's own, its rows are few among others.
  await db
    .prepare('DELETE FROM error_occurrences WHERE tenant = ? AND at >= ? AND at <= ? AND pipeline_id = ?')
    .bind(tenant, created_at, updated_at, pipeline_id)
    .run();
}

async function removeWords(db: D1Database, pipelineId: string): Promise<void> {
  // An id has no quotes; the index knows it as the words that it consists of, so that the places are compared too.
  const match = `pipeline : "${pipelineId}"`;
  for (;;) {
    const { results } = await db
      .prepare(
        `SELECT p.id FROM event_text JOIN event_places p ON p.id = event_text.rowid
         WHERE event_text MATCH ? AND p.pipeline_id = ? LIMIT ?`,
      )
      .bind(match, pipelineId, WORDS)
      .all<{ id: number }>();
    if (results.length === 0) return;
    const ids = JSON.stringify(results.map((r) => r.id));
    await db.batch(
      ['event_text WHERE rowid', 'event_places WHERE id'].map((which) =>
        db.prepare(`DELETE FROM ${which} IN (SELECT value FROM json_each(?))`).bind(ids),
      ),
    );
  }
}

/** The rows are gone, and so is the log in the pipeline's object. */
export const markRemoved = (db: D1Database, tenant: string, pipelineId: string, now: string) =>
  db
    .prepare(
      'UPDATE archives SET removed_at = ? WHERE tenant = ? AND pipeline_id = ? AND revision = 0 AND removed_at IS NULL',
    )
    .bind(now, tenant, pipelineId)
    .run();
