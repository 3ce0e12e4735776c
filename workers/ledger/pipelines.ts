import type * as z from 'zod';
import type { Pipeline } from '#contract/pipeline.ts';
import type { PipelinesQuery } from '#contract/requests.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { insertRows, isNonEmpty } from './rows.ts';
import type { PipelineRow } from './schema.ts';

export const indexRow = (tenant: string, p: Pipeline): PipelineRow => ({
  tenant,
  number: p.number,
  pipeline_id: p.pipeline_id,
  project_id: p.project_id,
  state: p.state,
  seq: p.seq,
  created_at: p.created_at,
  search: `${p.number} ${p.pipeline_id} ${p.plan_name} ${p.objective} ${p.verdict ?? ''}`.toLowerCase(),
  body: JSON.stringify(p),
});

/** Puts the newest known states into the index; an older seq than the known one changes nothing. */
export function upsertPipelines(
  db: D1Database,
  list: readonly { tenant: string; pipeline: Pipeline }[],
): D1PreparedStatement[] {
  const rows = list.map(({ tenant, pipeline }) => indexRow(tenant, pipeline));
  if (!isNonEmpty(rows)) return [];
  return [
    insertRows(
      db,
      'pipelines',
      rows,
      `(tenant, number) DO UPDATE SET state = excluded.state, seq = excluded.seq, search = excluded.search, body = excluded.body
       WHERE excluded.seq > pipelines.seq AND excluded.pipeline_id = pipelines.pipeline_id`,
    ),
  ];
}

const DEFAULT_LIMIT = 50;

/** `GET /api/pipelines`: newest first, `since` inclusive and `until` exclusive by creation; `q` finds words of number, id, plan, objective, verdict. */
export async function queryPipelines(
  db: D1Database,
  tenant: string,
  query: z.infer<typeof PipelinesQuery>,
): Promise<{ items: Pipeline[]; next_cursor: string | null }> {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const where = ['tenant = ?'];
  const values: (string | number)[] = [tenant];
  const filter = (sql: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    where.push(sql);
    values.push(value);
  };
  const [before] = decodeCursor(query.cursor, 1) ?? [];
  filter('number < ?', before);
  filter('project_id = ?', query.project_id);
  filter('state = ?', query.state);
  filter('created_at >= ?', query.since);
  filter('created_at < ?', query.until);
  for (const word of query.q?.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 8) ?? [])
    filter('instr(search, ?) > 0', word);
  const { results } = await db
    .prepare(`SELECT number, body FROM pipelines WHERE ${where.join(' AND ')} ORDER BY number DESC LIMIT ?`)
    .bind(...values, limit + 1)
    .all<Pick<PipelineRow, 'number' | 'body'>>();
  return pageOf(
    results,
    limit,
    (row) => [row.number],
    (row) => JSON.parse(row.body) as Pipeline,
  );
}
