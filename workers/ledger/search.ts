import type { LedgerEntry, LedgerQuery } from '#contract/ledger.ts';
import { controlLogId } from '#domain/ids.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { EventRow } from './schema.ts';

/** What a reader may see beside its tenant's rows. */
export interface Sight {
  tenant: string;
  /** null: all projects. */
  project_ids: readonly string[] | null;
  /** The tenant's own log: people, keys, quotas. */
  administration: boolean;
}

type Filters = Omit<LedgerQuery, 'limit' | 'cursor'>;
type Row = EventRow & { agent_id: string | null; severity: string | null; place: number | null };
type Value = string | number;
export type Order = 'newest' | 'oldest';

const AGENT = `coalesce(e.body ->> '$.agent_id', e.body ->> '$.work.agent_id', iif(e.actor LIKE 'agent:%', substr(e.actor, 7), NULL))`;
const COLUMNS = `e.pipeline_id, e.seq, e.at, e.type, e.v, e.actor, ${AGENT} AS agent_id, e.body ->> '$.severity' AS severity, e.body, e.salt, e.prev_hash, e.hash, e.content`;

/** Conditions and their values, in the order of their question marks. */
class Where {
  readonly #conditions: string[] = [];
  readonly values: Value[] = [];
  and(condition: string, ...values: Value[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }
  toString(): string {
    return this.#conditions.join(' AND ');
  }
}

function narrow(where: Where, sight: Sight, f: Filters): void {
  where.and('e.tenant = ?', sight.tenant);
  if (f.since !== undefined) where.and('e.at >= ?', f.since);
  if (f.until !== undefined) where.and('e.at < ?', f.until);
  if (f.pipeline_id !== undefined) where.and('e.pipeline_id = ?', f.pipeline_id);
  if (f.type !== undefined) where.and('e.type = ?', f.type);
  if (f.severity !== undefined) where.and(`e.body ->> '$.severity' = ?`, f.severity);
  if (f.agent_id !== undefined) where.and(`${AGENT} = ?`, f.agent_id);
  const projects = [
    ...(sight.project_ids === null ? [] : [sight.project_ids]),
    ...(f.project_id === undefined ? [] : [[f.project_id]]),
  ];
  for (const ids of projects)
    where.and(
      `e.pipeline_id IN (SELECT pipeline_id FROM pipelines WHERE tenant = ? AND project_id IN (SELECT value FROM json_each(?)))`,
      sight.tenant,
      JSON.stringify(ids),
    );
  if (!sight.administration) where.and('e.pipeline_id <> ?', controlLogId(sight.tenant));
}

/** Words are matched whole and all of them; the query language of FTS5 is not exposed. Null: the text has no word. */
function matchOf(tenant: string, q: string): string | null {
  const words = q.match(/[\p{L}\p{N}_]+/gu)?.slice(0, 16) ?? [];
  return words.length === 0
    ? null
    : `tenant : "${tenant}" AND text : (${words.map((w) => `"${w}"`).join(' AND ')})`;
}

const entryOf = ({ body, content, place: _, tenant: __, ...row }: Row): LedgerEntry => ({
  ...row,
  ...(content === null ? {} : { content }),
  body: JSON.parse(body) as unknown,
});

/**
 * LEDG-4: events of a tenant by any of the filters. Pages go by time (then pipeline and seq), along an index; a full-text search goes by
 * arrival in the ledger, which is the order of its own index. Keyset either way: a page costs the same wherever it is.
 */
export async function queryLedger(
  db: D1Database,
  sight: Sight,
  query: Filters & { limit?: number; cursor?: string },
  order: Order = 'newest',
): Promise<{ items: LedgerEntry[]; next_cursor: string | null }> {
  const { q, limit = 100, cursor, ...filters } = query;
  const [than, by] = order === 'newest' ? ['<', 'DESC'] : ['>', 'ASC'];
  const key = decodeCursor(cursor, q === undefined ? 3 : 1);
  const where = new Where();
  let sql: string;
  if (q === undefined) {
    narrow(where, sight, filters);
    if (key) {
      // The first condition follows from the second; with it SQLite enters the index at the right place.
      where.and(`e.at ${than}= ? AND (e.at, e.pipeline_id, e.seq) ${than} (?, ?, ?)`, key[0] ?? '', ...key);
    }
    sql = `SELECT NULL AS place, ${COLUMNS} FROM events e WHERE ${where}
           ORDER BY e.at ${by}, e.pipeline_id ${by}, e.seq ${by} LIMIT ?`;
  } else {
    const match = matchOf(sight.tenant, q);
    if (match === null) return { items: [], next_cursor: null };
    where.and('event_text MATCH ?', match);
    if (key) where.and(`event_text.rowid ${than} ?`, key[0] ?? 0);
    narrow(where, sight, filters);
    sql = `SELECT p.id AS place, ${COLUMNS} FROM event_text JOIN event_places p ON p.id = event_text.rowid
           JOIN events e ON e.pipeline_id = p.pipeline_id AND e.seq = p.seq WHERE ${where}
           ORDER BY event_text.rowid ${by} LIMIT ?`;
  }
  const { results } = await db
    .prepare(sql)
    .bind(...where.values, limit + 1)
    .all<Row>();
  const keyOf = (row: Row): Value[] =>
    row.place === null ? [row.at, row.pipeline_id, row.seq] : [row.place];
  return pageOf(results, limit, keyOf, entryOf);
}
