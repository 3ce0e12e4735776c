import type { Severity } from '#domain/governance/severity.ts';
import { decodeCursor, pageOf } from './cursor.ts';

export interface ViolationsQuery {
  pipeline_id?: string;
  project_id?: string;
  agent_id?: string;
  rule?: string;
  severity?: Severity;
  /** Inclusive. */
  since?: string;
  /** Exclusive. */
  until?: string;
  limit?: number;
  cursor?: string;
}

export interface ViolationItem {
  violation_id: string;
  pipeline_id: string;
  project_id: string | null;
  seq: number;
  at: string;
  agent_id: string | null;
  role: string | null;
  rule: string;
  severity: Severity;
  evidence: string;
  consequence: string;
}

/** What a caller may see: null is every project. */
const inProjects = (column: string): string =>
  `(${column} IS NULL OR p.project_id IN (SELECT value FROM json_each(${column})))`;

/** ENF-7: newest first; `project_ids` is the caller's scope. */
export async function queryViolations(
  db: D1Database,
  tenant: string,
  project_ids: readonly string[] | null,
  query: ViolationsQuery,
): Promise<{ items: ViolationItem[]; next_cursor: string | null }> {
  const limit = query.limit ?? 100;
  const [at, pipeline, seq] = decodeCursor(query.cursor, 3) ?? [];
  const { results } = await db
    .prepare(
      `SELECT v.violation_id, v.pipeline_id, p.project_id, v.seq, v.at, v.agent_id, v.role, v.rule, v.severity, v.evidence, v.consequence
       FROM violations v LEFT JOIN pipelines p ON p.pipeline_id = v.pipeline_id
       WHERE v.tenant = ?1 AND v.at >= ?2 AND v.at < ?3
         AND (?4 IS NULL OR v.pipeline_id = ?4) AND (?5 IS NULL OR p.project_id = ?5)
         AND (?6 IS NULL OR v.agent_id = ?6) AND (?7 IS NULL OR v.rule = ?7) AND (?8 IS NULL OR v.severity = ?8)
         AND ${inProjects('?9')} AND (?10 IS NULL OR (v.at, v.pipeline_id, v.seq) < (?10, ?11, ?12))
       ORDER BY v.at DESC, v.pipeline_id DESC, v.seq DESC LIMIT ?13`,
    )
    .bind(
      ...[tenant, query.since ?? '', query.until ?? '~', query.pipeline_id ?? null, query.project_id ?? null],
      ...[query.agent_id ?? null, query.rule ?? null, query.severity ?? null],
      ...[project_ids && JSON.stringify(project_ids), at ?? null, pipeline ?? null, seq ?? null, limit + 1],
    )
    .all<ViolationItem>();
  return pageOf(
    results,
    limit,
    (row) => [row.at, row.pipeline_id, row.seq],
    (row) => row,
  );
}

export interface BugItem {
  bug_id: string;
  project_id: string | null;
  pipeline_id: string | null;
  title: string;
  detail: string;
  severity: Severity;
  status: string;
  created_by: string;
  created_at: string;
  updated_at: string;
}

/** BUG-1, ENF-1: what agents and diagnoses logged, newest first. */
export async function queryBugs(
  db: D1Database,
  tenant: string,
  project_ids: readonly string[] | null,
  query: { limit?: number; cursor?: string },
): Promise<{ items: BugItem[]; next_cursor: string | null }> {
  const limit = query.limit ?? 100;
  const [at, id] = decodeCursor(query.cursor, 2) ?? [];
  const { results } = await db
    .prepare(
      `SELECT b.bug_id, coalesce(b.project_id, p.project_id) AS project_id, b.pipeline_id, b.title, b.detail, b.severity, b.status,
              b.created_by, b.created_at, b.updated_at
       FROM bugs b LEFT JOIN pipelines p ON p.pipeline_id = b.pipeline_id
       WHERE b.tenant = ?1 AND (?2 IS NULL OR coalesce(b.project_id, p.project_id) IN (SELECT value FROM json_each(?2)))
         AND (?3 IS NULL OR (b.created_at, b.bug_id) < (?3, ?4))
       ORDER BY b.created_at DESC, b.bug_id DESC LIMIT ?5`,
    )
    .bind(...[tenant, project_ids && JSON.stringify(project_ids), at ?? null, id ?? null, limit + 1])
    .all<BugItem>();
  return pageOf(
    results,
    limit,
    (row) => [row.created_at, row.bug_id],
    (row) => row,
  );
}
