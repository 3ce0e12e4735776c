import type { Pipeline } from '#contract/pipeline.ts';
import { archivedBefore } from '#domain/ledger/retention.ts';
import { ERASED } from '#domain/pipeline/erase.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';

/** What is left here of a pipeline that lies in the archive: enough to say what it was, and that there is nothing to add. */
export interface Removed {
  tenant: string;
  pipeline: Pipeline;
  events: number;
  head_hash: string;
}

/**
 * LEDG-5: an object's way into the archive. First it takes nothing more (`frozen`), so that what is written down elsewhere is all there
 * is; then, when that is on record, its log and documents go and this row stays. Both survive a crash, neither is ever taken back.
 */
export class ArchiveMark {
  readonly #sql: SqlStorage;
  #frozen = false;
  #removed: Removed | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  load(): void {
    const row = this.#sql.exec<{ removed: string | null }>('SELECT removed FROM archive_mark').toArray()[0];
    this.#frozen = row !== undefined;
    this.#removed = row?.removed ? (JSON.parse(row.removed) as Removed) : null;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get removed(): Removed | null {
    return this.#removed;
  }

  freeze(): void {
    if (this.#frozen) return;
    this.#sql.exec('INSERT INTO archive_mark VALUES (1, NULL) ON CONFLICT DO NOTHING');
    this.#frozen = true;
  }

  /** LEDG-2: content that the summary repeats is erased here too. */
  rewrite(removed: Removed): void {
    this.#sql.exec('UPDATE archive_mark SET removed = ? WHERE only_row = 1', JSON.stringify(removed));
    this.#removed = removed;
  }

  /** Inside a transaction; {@link load} afterwards makes it true in memory. */
  remove(removed: Removed): void {
    this.#sql.exec('UPDATE archive_mark SET removed = ? WHERE only_row = 1', JSON.stringify(removed));
    this.#sql.exec('DELETE FROM log');
    this.#sql.exec('DELETE FROM documents');
  }
}

/** What of a pipeline's summary repeats content that is to go. */
export const blanked = (pipeline: Pipeline, blank: { objective: boolean; verdict: boolean }): Pipeline => ({
  ...pipeline,
  objective: blank.objective ? ERASED : pipeline.objective,
  verdict: blank.verdict && pipeline.verdict !== null ? ERASED : pipeline.verdict,
});

/** Why a pipeline stays where it is; null when it is over, sealed, and older than `before` and the legal minimum (ms since 1970). */
export function keptBecause(state: PipelineState, before: number, now: number): string | null {
  if (state.outcome === null) return 'it is live';
  if (!state.sealed) return 'its tokens are not all confirmed gone';
  if (Date.parse(state.updated_at) >= Math.min(before, archivedBefore(now, 0))) return 'it is too young';
  return null;
}
