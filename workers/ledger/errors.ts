import { decodeCursor, pageOf } from './cursor.ts';

export interface ErrorGroup {
  fingerprint: string;
  code: string;
  /** The newest occurrence's. */
  message: string;
  source: string;
  count: number;
  /** Over the asked span, or from the first to the last occurrence; at least a minute. */
  rate_per_minute: number;
  first_seen: string;
  last_seen: string;
  /** At most 20. */
  pipeline_ids: string[];
  trace_id: string | null;
}

export interface ErrorsQuery {
  pipeline_id?: string;
  /** Inclusive. */
  since?: string;
  /** Exclusive. */
  until?: string;
  limit?: number;
  cursor?: string;
}

interface Row extends Omit<ErrorGroup, 'pipeline_ids' | 'rate_per_minute' | 'trace_id'> {
  pipeline_ids: string;
}

/** `GET /api/observability/errors` (OBS-4): grouped by fingerprint, latest first. */
export async function queryErrors(
  db: D1Database,
  tenant: string,
  query: ErrorsQuery,
): Promise<{ items: ErrorGroup[]; next_cursor: string | null }> {
  const limit = query.limit ?? 50;
  const [lastSeen, fingerprint] = decodeCursor(query.cursor, 2) ?? [];
  // max(at) makes SQLite take code, message and source from the newest row of the group.
  const { results } = await db
    .prepare(
      `SELECT fingerprint, code, message, source, count(*) AS count, min(at) AS first_seen, max(at) AS last_seen,
              json_group_array(DISTINCT pipeline_id) AS pipeline_ids
       FROM error_occurrences
       WHERE tenant = ?1 AND at >= ?2 AND at < ?3 AND (?4 IS NULL OR pipeline_id = ?4)
       GROUP BY fingerprint HAVING ?5 IS NULL OR (max(at), fingerprint) < (?5, ?6)
       ORDER BY last_seen DESC, fingerprint DESC LIMIT ?7`,
    )
    .bind(
      ...[tenant, query.since ?? '', query.until ?? '~', query.pipeline_id ?? null],
      ...[lastSeen ?? null, fingerprint ?? null, limit + 1],
    )
    .all<Row>();
  return pageOf(
    results,
    limit,
    (row) => [row.last_seen, row.fingerprint],
    (row): ErrorGroup => ({
      ...row,
      rate_per_minute: rate(row, query),
      pipeline_ids: (JSON.parse(row.pipeline_ids) as string[]).slice(0, 20),
      trace_id: null,
    }),
  );
}

function rate(row: Row, query: ErrorsQuery): number {
  const from = Date.parse(query.since ?? row.first_seen);
  const to = Date.parse(query.until ?? row.last_seen);
  const minutes = Math.max(1, (to - from) / 60_000);
  return Math.round((row.count / minutes) * 1_000) / 1_000;
}
