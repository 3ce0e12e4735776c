import type { EventBodies } from '#domain/pipeline/event.ts';

/** An action's request and one decision about it. */
export interface RecordedAction {
  pipeline_id: string;
  project_id: string;
  at: string;
  request: EventBodies['action_requested'];
  decision: EventBodies['action_decided']['decision'];
}

export interface ActionsQuery {
  /** Inclusive. */
  since?: string;
  pipeline_id?: string;
  project_id?: string;
  /** The caller's scope; null sees all projects. */
  project_ids: string[] | null;
  limit: number;
}

/** Runs that are looked through, newest first: events are keyed by pipeline, so each is read in one piece. */
const PIPELINES = 200;

type Row = { pipeline_id: string; project_id: string; at: string; request: string; decided: string };

/** GOV-4: what was asked and how it was judged, newest first. `more`: there is more than `limit`. */
export async function queryRecordedActions(
  db: D1Database,
  tenant: string,
  { since, pipeline_id, project_id, project_ids, limit }: ActionsQuery,
): Promise<{ items: RecordedAction[]; more: boolean }> {
  const { results } = await db
    .prepare(
      `WITH runs AS (
         SELECT pipeline_id, project_id FROM pipelines
         WHERE tenant = ?1 AND (?2 IS NULL OR pipeline_id = ?2) AND (?3 IS NULL OR project_id = ?3)
           AND (?4 IS NULL OR project_id IN (SELECT value FROM json_each(?4)))
         ORDER BY number DESC LIMIT ${PIPELINES}
       ),
       asked AS (
         SELECT e.pipeline_id, e.body ->> '$.action_id' AS action_id, e.body
         FROM runs CROSS JOIN events e ON e.pipeline_id = runs.pipeline_id AND e.type = 'action_requested'
       )
       SELECT d.pipeline_id, runs.project_id, d.at, asked.body AS request, d.body AS decided
       FROM runs CROSS JOIN events d ON d.pipeline_id = runs.pipeline_id AND d.type = 'action_decided' AND d.tenant = ?1
       JOIN asked ON asked.pipeline_id = d.pipeline_id AND asked.action_id = d.body ->> '$.action_id'
       WHERE d.at >= ?5 ORDER BY d.at DESC, d.pipeline_id, d.seq DESC LIMIT ?6`,
    )
    .bind(
      ...[tenant, pipeline_id ?? null, project_id ?? null],
      ...[project_ids === null ? null : JSON.stringify(project_ids), since ?? '', limit + 1],
    )
    .all<Row>();
  return {
    more: results.length > limit,
    items: results.slice(0, limit).map(({ request, decided, ...place }) => ({
      ...place,
      request: JSON.parse(request),
      decision: JSON.parse(decided).decision,
    })),
  };
}
