import { sha256Hex } from '#domain/ledger/canonical.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { insertRows } from './rows.ts';
import type { MemoryRow } from './schema.ts';

/** D1 takes values of 2 MB; larger content belongs into R2, which comes with MEM-1's own issue. */
export const MAX_MEMORY_BYTES = 1_000_000;

export interface MemoryEntry extends Omit<MemoryRow, 'id' | 'tenant' | 'origin'> {
  origin: string[];
}
export type MemorySummary = Omit<MemoryEntry, 'content'>;

export interface NewMemory {
  memory_id: string;
  project_id: string | null;
  title: string;
  summary: string;
  content: string;
  media_type: string;
  /** AGENT-5: documents and tools it derives from; travels with whatever reads it. */
  origin: string[];
  created_by: string;
  created_at: string;
}

/** Writes once: the same id again changes nothing, so that a repeated step writes one entry. */
export async function writeMemory(
  db: D1Database,
  tenant: string,
  entry: NewMemory,
): Promise<Result<{ sha256: string; bytes: number }, { code: 'invalid'; field: string; detail: string }>> {
  const bytes = new TextEncoder().encode(entry.content).length;
  if (bytes > MAX_MEMORY_BYTES)
    return err({
      code: 'invalid',
      field: 'content',
      detail: `${bytes} bytes; at most ${MAX_MEMORY_BYTES} fit into one memory`,
    });
  const sha256 = sha256Hex(entry.content);
  await insertRows(db, 'memory', [
    { ...entry, tenant, sha256, bytes, origin: JSON.stringify(entry.origin) },
  ]).run();
  return ok({ sha256, bytes });
}

export async function readMemory(
  db: D1Database,
  tenant: string,
  memoryId: string,
): Promise<MemoryEntry | null> {
  const row = await db
    .prepare('SELECT * FROM memory WHERE tenant = ? AND memory_id = ?')
    .bind(tenant, memoryId)
    .first<MemoryRow>();
  return row && entryOf(row);
}

const SUMMARY =
  'm.memory_id, m.project_id, m.title, m.summary, m.media_type, m.sha256, m.bytes, m.origin, m.created_by, m.created_at';

/** Best match first. Words are matched whole and all of them; the query language of FTS5 is not exposed. */
export async function searchMemory(
  db: D1Database,
  tenant: string,
  query: { q: string; project_id?: string; limit?: number },
): Promise<(MemorySummary & { snippet: string })[]> {
  const words = query.q.match(/[\p{L}\p{N}_]+/gu)?.slice(0, 16) ?? [];
  if (words.length === 0) return [];
  const { results } = await db
    .prepare(
      `SELECT ${SUMMARY}, snippet(memory_fts, 2, '', '', '…', 24) AS snippet
       FROM memory_fts JOIN memory m ON m.id = memory_fts.rowid
       WHERE memory_fts MATCH ?1 AND m.tenant = ?2 AND (?3 IS NULL OR m.project_id = ?3) ORDER BY rank LIMIT ?4`,
    )
    .bind(words.map((w) => `"${w}"`).join(' '), tenant, query.project_id ?? null, query.limit ?? 20)
    .all<Omit<MemoryRow, 'id' | 'tenant' | 'content'> & { snippet: string }>();
  return results.map((row) => ({ ...row, origin: JSON.parse(row.origin) as string[] }));
}

/** Newest first. */
export async function listMemory(
  db: D1Database,
  tenant: string,
  query: { project_id?: string; limit?: number; cursor?: string },
): Promise<{ items: MemorySummary[]; next_cursor: string | null }> {
  const limit = query.limit ?? 50;
  const [before] = decodeCursor(query.cursor, 1) ?? [];
  const { results } = await db
    .prepare(
      `SELECT m.id, ${SUMMARY} FROM memory m
       WHERE m.tenant = ?1 AND (?2 IS NULL OR m.id < ?2) AND (?3 IS NULL OR m.project_id = ?3)
       ORDER BY m.id DESC LIMIT ?4`,
    )
    .bind(tenant, before ?? null, query.project_id ?? null, limit + 1)
    .all<Omit<MemoryRow, 'tenant' | 'content'>>();
  return pageOf(
    results,
    limit,
    (row) => [row.id],
    ({ id: _, ...row }) => ({ ...row, origin: JSON.parse(row.origin) as string[] }),
  );
}

function entryOf({ id: _, tenant: __, ...row }: MemoryRow): MemoryEntry {
  return { ...row, origin: JSON.parse(row.origin) as string[] };
}
