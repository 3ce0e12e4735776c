import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** Bytes of JSON in one log row; SQLite rows in an object end at 2 MB (rule 16). */
const MAX_ROW = 1_500_000;

/**
 * The object's SQL. The log has a row per commit, not per event: a commit is what one transaction decided, and every row
 * written is billed (rule 17). Nothing is ever updated in it, but for content that is erased (LEDG-2).
 */
export class PipelineStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  migrate(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS schema_version (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL);
      INSERT INTO schema_version VALUES (1, 1) ON CONFLICT DO NOTHING;
      CREATE TABLE IF NOT EXISTS log (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, events TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS documents (sha256 TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS cursor (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), shipped_seq INTEGER NOT NULL, released INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS reported (only_row INTEGER PRIMARY KEY CHECK (only_row = 1));
      CREATE TABLE IF NOT EXISTS archive_mark (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), removed TEXT);
    `);
  }

  isNew(): boolean {
    return this.#sql.exec(`SELECT name FROM sqlite_master WHERE name = 'log'`).toArray().length === 0;
  }

  append(events: readonly PipelineEvent[]): void {
    let rest = events;
    while (rest.length > 0) {
      const { taken, text } = rowOf(rest);
      const [first, last] = [taken[0], taken.at(-1)];
      if (!first || !last) return;
      this.#sql.exec('INSERT INTO log VALUES (?, ?, ?)', first.seq, last.seq, text);
      rest = rest.slice(taken.length);
    }
  }

  /** Events after `since`, at most `limit`, in order. */
  *events(since: number, limit = Number.POSITIVE_INFINITY): Generator<PipelineEvent> {
    let left = limit;
    const rows = this.#sql.exec<{ events: string }>(
      'SELECT events FROM log WHERE last_seq > ? ORDER BY first_seq',
      since,
    );
    for (const row of rows) {
      for (const event of JSON.parse(row.events) as PipelineEvent[]) {
        if (event.seq <= since) continue;
        if (left-- <= 0) return;
        yield event;
      }
    }
  }

  /** LEDG-2: the one change that a written event knows. Inside a transaction. */
  rewrite(seqs: ReadonlySet<number>, change: (event: PipelineEvent) => PipelineEvent): void {
    const rows = this.#sql
      .exec<{ first_seq: number; events: string }>(
        `SELECT first_seq, events FROM log WHERE EXISTS
         (SELECT 1 FROM json_each(?) WHERE value BETWEEN first_seq AND last_seq)`,
        JSON.stringify([...seqs]),
      )
      .toArray();
    for (const { first_seq, events } of rows) {
      const changed = (JSON.parse(events) as PipelineEvent[]).map((e) => (seqs.has(e.seq) ? change(e) : e));
      this.#sql.exec('UPDATE log SET events = ? WHERE first_seq = ?', JSON.stringify(changed), first_seq);
    }
  }

  /** TEN-1: what log and documents take, in bytes. Reads all of it; asked when a run ends or waits. */
  bytes(): number {
    return (
      this.#sql
        .exec<{ n: number }>(
          `SELECT (SELECT coalesce(sum(length(CAST(events AS BLOB))), 0) FROM log)
                + (SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM documents) AS n`,
        )
        .toArray()[0]?.n ?? 0
    );
  }

  deleteDocument(sha256: string): void {
    this.#sql.exec('DELETE FROM documents WHERE sha256 = ?', sha256);
  }

  saveDocument(sha256: string, text: string): void {
    this.#sql.exec('INSERT INTO documents VALUES (?, ?) ON CONFLICT DO NOTHING', sha256, text);
  }

  document(sha256: string): string | null {
    const row = this.#sql
      .exec<{ text: string }>('SELECT text FROM documents WHERE sha256 = ?', sha256)
      .toArray()[0];
    return row?.text ?? null;
  }

  /** Hashes of the documents that lie here. */
  documentHashes(): string[] {
    return this.#sql
      .exec<{ sha256: string }>('SELECT sha256 FROM documents ORDER BY sha256')
      .toArray()
      .map((row) => row.sha256);
  }

  cursor(): { shipped_seq: number; released: boolean } {
    const row = this.#sql
      .exec<{ shipped_seq: number; released: number }>('SELECT shipped_seq, released FROM cursor')
      .toArray()[0];
    return { shipped_seq: row?.shipped_seq ?? 0, released: row?.released === 1 };
  }

  /** PROM-1: whether the tenant knows how the run ended for its agents. */
  reported(): boolean {
    return this.#sql.exec('SELECT 1 FROM reported').toArray().length > 0;
  }

  saveReported(): void {
    this.#sql.exec('INSERT INTO reported VALUES (1) ON CONFLICT DO NOTHING');
  }

  saveCursor(cursor: { shipped_seq: number; released: boolean }): void {
    this.#sql.exec(
      'INSERT INTO cursor VALUES (1, ?, ?) ON CONFLICT (only_row) DO UPDATE SET shipped_seq = excluded.shipped_seq, released = excluded.released',
      cursor.shipped_seq,
      cursor.released ? 1 : 0,
    );
  }
}

/** As many events as one row takes; a single event is always below the limit, because its parts are bounded. */
function rowOf(events: readonly PipelineEvent[]): { taken: readonly PipelineEvent[]; text: string } {
  const text = JSON.stringify(events);
  if (text.length <= MAX_ROW || events.length === 1) return { taken: events, text };
  return rowOf(events.slice(0, Math.ceil(events.length / 2)));
}
