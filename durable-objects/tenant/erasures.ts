import { row, rows, run } from '../shared/sql.ts';
import { recordChange } from './changes.ts';
import { type ControlStore, iso, isoOrNull } from './store.ts';

/** LEDG-2: whose content is to go, and why. The reason stays for good. */
export interface NewErasure {
  pipeline_id: string;
  seqs: number[];
  /** Names of context documents, and their hashes. */
  documents: string[];
  document_hashes: string[];
  reason: string;
}

export interface ErasureRecord extends NewErasure {
  erasure_id: string;
  /** Of the record in the tenant's log. */
  log_seq: number;
  asked_by: string;
  asked_at: string;
  /** When the content had gone from everywhere; null until then. */
  done_at: string | null;
}

type ErasureRow = {
  log_seq: number;
  pipeline_id: string;
  seqs: string;
  documents: string;
  document_hashes: string;
  reason: string;
  asked_by: string;
  asked_at: number;
  done_at: number | null;
};

const COLUMNS = 'log_seq, pipeline_id, seqs, documents, document_hashes, reason, asked_by, asked_at, done_at';

const recordOf = (r: ErasureRow): ErasureRecord => ({
  ...r,
  erasure_id: `er_${r.log_seq}`,
  seqs: JSON.parse(r.seqs) as number[],
  documents: JSON.parse(r.documents) as string[],
  document_hashes: JSON.parse(r.document_hashes) as string[],
  asked_at: iso(r.asked_at),
  done_at: isoOrNull(r.done_at),
});

/** First the tenant's chained log says that it is done, by whom and why; then it is done, however often that is begun. */
export function recordErasure(store: ControlStore, actor: string, e: NewErasure): ErasureRecord {
  const { pipeline_id, seqs, documents, reason } = e;
  recordChange(store, actor, 'content_erased', { pipeline_id, seqs, documents, reason });
  const log_seq = row<{ n: number }>(store.sql, 'SELECT max(seq) AS n FROM changes')?.n ?? 0;
  const made: ErasureRow = {
    log_seq,
    pipeline_id,
    seqs: JSON.stringify(seqs),
    documents: JSON.stringify(documents),
    document_hashes: JSON.stringify(e.document_hashes),
    reason,
    asked_by: actor,
    asked_at: store.now(),
    done_at: null,
  };
  run(
    store.sql,
    `INSERT INTO erasures (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...Object.values(made),
  );
  return recordOf(made);
}

export const pendingErasures = (store: ControlStore, limit: number): ErasureRecord[] =>
  rows<ErasureRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM erasures WHERE done_at IS NULL ORDER BY log_seq LIMIT ?`,
    limit,
  ).map(recordOf);

export function erasureDone(store: ControlStore, erasureId: string): ErasureRecord | null {
  const log_seq = Number(erasureId.slice(3));
  run(
    store.sql,
    "UPDATE erasures SET done_at = ?, document_hashes = '[]' WHERE log_seq = ? AND done_at IS NULL",
    store.now(),
    log_seq,
  );
  const found = row<ErasureRow>(store.sql, `SELECT ${COLUMNS} FROM erasures WHERE log_seq = ?`, log_seq);
  return found ? recordOf(found) : null;
}

/** Newest first. */
export const listErasures = (
  store: ControlStore,
  a: { before: number | null; limit: number },
): ErasureRecord[] =>
  rows<ErasureRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM erasures WHERE log_seq < ? ORDER BY log_seq DESC LIMIT ?`,
    a.before ?? Number.MAX_SAFE_INTEGER,
    a.limit,
  ).map(recordOf);
