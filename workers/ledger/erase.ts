import type { Pipeline } from '#contract/pipeline.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { indexRow } from './pipelines.ts';
import { emptyContext, emptyProjection, project } from './project.ts';

/** What repeats content of events, by the key that finds a row again. */
const DERIVED = ['agent_actions', 'violations', 'error_occurrences'] as const;
const KEYS = ['tenant', 'pipeline_id', 'seq', 'at'];

/**
 * Rows take the values of others with their key; those that have them already are left alone. D1 takes 2 MB a parameter, and a page of
 * events is bounded by its reader.
 */
function takeOver(
  db: D1Database,
  table: string,
  columns: readonly string[],
  rows: readonly object[],
): D1PreparedStatement {
  const value = (c: string) => `n.value ->> '$.${c}'`;
  const set = columns.map((c) => `${c} = ${value(c)}`);
  const differs = columns.map((c) => `t.${c} IS NOT ${value(c)}`);
  return db
    .prepare(
      `UPDATE ${table} AS t SET ${set} FROM json_each(?) n WHERE ${KEYS.map((k) => `t.${k} = ${value(k)}`).join(' AND ')}
       AND (${differs.join(' OR ')})`,
    )
    .bind(JSON.stringify(rows));
}

/** LEDG-2: the words of some events leave the full-text index. */
async function eraseWords(db: D1Database, pipelineId: string, seqs: ReadonlySet<number>): Promise<void> {
  const { results } = await db
    .prepare(
      `SELECT p.id FROM event_text JOIN event_places p ON p.id = event_text.rowid
       WHERE event_text MATCH ? AND p.pipeline_id = ? AND p.seq IN (SELECT value FROM json_each(?))`,
    )
    .bind(`pipeline : "${pipelineId}"`, pipelineId, JSON.stringify([...seqs]))
    .all<{ id: number }>();
  if (results.length === 0) return;
  const ids = JSON.stringify(results.map((r) => r.id));
  await db.batch(
    ['event_text WHERE rowid', 'event_places WHERE id'].map((which) =>
      db.prepare(`DELETE FROM ${which} IN (SELECT value FROM json_each(?))`).bind(ids),
    ),
  );
}

/**
 * LEDG-2: the ledger's copy of a pipeline loses the content that its object has lost: the events themselves, the full text, and rows
 * that follow from them. The triggers let it through once the erasure is on record. Repeatable.
 */
export async function eraseRows(
  db: D1Database,
  tenant: string,
  pipelineId: string,
  seqs: ReadonlySet<number>,
  pages: AsyncIterable<readonly PipelineEvent[]>,
): Promise<void> {
  await eraseWords(db, pipelineId, seqs);
  const context = emptyContext();
  for await (const page of pages) {
    const rows = emptyProjection();
    for (const event of page) project(rows, context, tenant, pipelineId, event);
    const erased = rows.events.filter((row) => seqs.has(row.seq));
    const statements = DERIVED.flatMap((table) => {
      const list: readonly object[] = rows[table];
      const [first] = list;
      if (!first) return [];
      const columns = Object.keys(first).filter((c) => !KEYS.includes(c));
      return [takeOver(db, table, columns, list)];
    });
    if (erased.length > 0) statements.push(takeOver(db, 'events', ['body', 'salt', 'content'], erased));
    if (statements.length > 0) await db.batch(statements);
  }
}

/** The index of pipelines repeats objective and verdict. */
export async function renewSummary(db: D1Database, tenant: string, pipeline: Pipeline): Promise<void> {
  const { search, body, number, seq } = indexRow(tenant, pipeline);
  await db
    .prepare('UPDATE pipelines SET search = ?, body = ? WHERE tenant = ? AND number = ? AND seq = ?')
    .bind(search, body, tenant, number, seq)
    .run();
}
