import { archivedBefore } from '#domain/ledger/retention.ts';
import { row, rows, run } from '../shared/sql.ts';
import { recordChange } from './changes.ts';
import { quotasOf } from './quotas.ts';
import { archiveGrows, keepsBytes } from './storage.ts';
import { type ControlStore, iso, isoOrNull } from './store.ts';

/** Who acts here: nobody asked for it, the tenant's retention did. */
export const RETENTION_ACTOR = 'system:retention';

/** What was written and read back. */
export interface NewArchive {
  pipeline_id: string;
  object_key: string;
  /** Of the file. */
  sha256: string;
  bytes: number;
  /** The context documents beside it; null: it had none. */
  documents_key: string | null;
  documents_sha256: string | null;
  events: number;
  head_hash: string;
}

export interface ArchiveRecord extends NewArchive {
  number: number;
  project_id: string;
  archived_at: string;
  /** When everything of it had gone from the ledger database and the pipeline's object; null until then. */
  removed_at: string | null;
  /** How often the file was rewritten, because content was erased. */
  revision: number;
}

type ArchiveRow = Omit<ArchiveRecord, 'archived_at' | 'removed_at'> & {
  archived_at: number;
  removed_at: number | null;
};

const COLUMNS =
  'number, pipeline_id, project_id, object_key, sha256, bytes, documents_key, documents_sha256, events, head_hash, archived_at, removed_at, revision';

const recordOf = (a: ArchiveRow): ArchiveRecord => ({
  ...a,
  archived_at: iso(a.archived_at),
  removed_at: isoOrNull(a.removed_at),
});

export function archiveOf(store: ControlStore, pipelineId: string): ArchiveRecord | null {
  const found = row<ArchiveRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM archives WHERE pipeline_id = ?`,
    pipelineId,
  );
  return found ? recordOf(found) : null;
}

/** Newest number first; `before` excludes itself and everything above. */
export function listArchives(
  store: ControlStore,
  a: { before: number | null; limit: number; project_ids: readonly string[] | null },
): ArchiveRecord[] {
  return rows<ArchiveRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM archives WHERE number < ?
     AND (? IS NULL OR project_id IN (SELECT value FROM json_each(?))) ORDER BY number DESC LIMIT ?`,
    a.before ?? Number.MAX_SAFE_INTEGER,
    a.project_ids === null ? null : 1,
    JSON.stringify(a.project_ids ?? []),
    a.limit,
  ).map(recordOf);
}

export interface DueForArchive {
  /** ms since 1970: what ended before is old enough. */
  before: number;
  pipelines: { pipeline_id: string; archive: ArchiveRecord | null }[];
}

/**
 * LEDG-5: the next pipelines that work no more since longer than the tenant keeps them here. Each call goes on behind the one before
 * and begins anew at the end, so that one that cannot go holds up no other. The object has the last word on whether it is over.
 */
export function dueForArchive(store: ControlStore, limit: number): DueForArchive {
  const before = archivedBefore(store.now(), quotasOf(store).retention_days);
  const cursor = row<{ released_at: number; number: number }>(
    store.sql,
    'SELECT released_at, number FROM retention_cursor',
  ) ?? { released_at: 0, number: 0 };
  const due = rows<{ pipeline_id: string; released_at: number; number: number }>(
    store.sql,
    `SELECT pipeline_id, released_at, number FROM admissions
     WHERE removed = 0 AND abandoned = 0 AND released_at IS NOT NULL AND released_at < ?
       AND released_at >= ? AND (released_at > ? OR number > ?) ORDER BY released_at, number LIMIT ?`,
    before,
    cursor.released_at,
    cursor.released_at,
    cursor.number,
    limit,
  );
  const last = due.length === limit ? due.at(-1) : undefined;
  const next = { released_at: last?.released_at ?? 0, number: last?.number ?? 0 };
  if (next.released_at !== cursor.released_at || next.number !== cursor.number)
    run(
      store.sql,
      `INSERT INTO retention_cursor (one, released_at, number) VALUES (1, ?, ?)
       ON CONFLICT (one) DO UPDATE SET released_at = excluded.released_at, number = excluded.number`,
      next.released_at,
      next.number,
    );
  return {
    before,
    pipelines: due.map(({ pipeline_id }) => ({ pipeline_id, archive: archiveOf(store, pipeline_id) })),
  };
}

/**
 * LEDG-5: the archive has been read back whole; from now on it is what the pipeline's log may be removed for. One record a pipeline:
 * whoever comes second gets the first one's.
 */
export function recordArchive(store: ControlStore, a: NewArchive): ArchiveRecord {
  const known = archiveOf(store, a.pipeline_id);
  if (known) return known;
  const admitted = row<{ number: number; project_id: string; released_at: number | null }>(
    store.sql,
    'SELECT number, project_id, released_at FROM admissions WHERE pipeline_id = ? AND abandoned = 0',
    a.pipeline_id,
  );
  const before = archivedBefore(store.now(), quotasOf(store).retention_days);
  if (!admitted?.released_at || admitted.released_at >= before)
    throw new Error(`${a.pipeline_id} is not old enough to be archived`);
  const { number, project_id } = admitted;
  run(
    store.sql,
    `INSERT INTO archives (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0)`,
    number,
    a.pipeline_id,
    project_id,
    a.object_key,
    a.sha256,
    a.bytes,
    a.documents_key,
    a.documents_sha256,
    a.events,
    a.head_hash,
    store.now(),
  );
  recordChange(store, RETENTION_ACTOR, 'pipeline_archived', { ...a, number });
  archiveGrows(store, a.bytes);
  return { ...a, number, project_id, archived_at: iso(store.now()), removed_at: null, revision: 0 };
}

/** Nothing of the pipeline lies anywhere but in the archive any more. Repeatable. */
export function archiveRemoved(store: ControlStore, pipelineId: string): void {
  const known = archiveOf(store, pipelineId);
  if (!known || known.removed_at !== null) return;
  run(store.sql, 'UPDATE archives SET removed_at = ? WHERE pipeline_id = ?', store.now(), pipelineId);
  run(store.sql, 'UPDATE admissions SET removed = 1 WHERE number = ?', known.number);
  keepsBytes(store, pipelineId, 0);
}

/** LEDG-2: a file with less content stands in the archive's place; its proofs are the same. */
export function archiveRewritten(
  store: ControlStore,
  pipelineId: string,
  file: Pick<NewArchive, 'object_key' | 'sha256' | 'bytes' | 'documents_key' | 'documents_sha256'>,
): ArchiveRecord {
  const known = archiveOf(store, pipelineId);
  if (!known) throw new Error(`${pipelineId} is not archived`);
  if (known.sha256 === file.sha256 && known.documents_sha256 === file.documents_sha256) return known;
  const revision = known.revision + 1;
  run(
    store.sql,
    `UPDATE archives SET object_key = ?, sha256 = ?, bytes = ?, documents_key = ?, documents_sha256 = ?, revision = ?
     WHERE pipeline_id = ?`,
    file.object_key,
    file.sha256,
    file.bytes,
    file.documents_key,
    file.documents_sha256,
    revision,
    pipelineId,
  );
  const { number, events, head_hash } = known;
  archiveGrows(store, file.bytes - known.bytes);
  recordChange(store, RETENTION_ACTOR, 'archive_rewritten', {
    ...{ pipeline_id: pipelineId, number, ...file, events, head_hash, revision },
  });
  return { ...known, ...file, revision };
}
