import { row, run } from '../shared/sql.ts';
import { planBytes } from './quotas.ts';
import type { ControlStore } from './store.ts';

/** TEN-1: bytes that a tenant keeps, by where they lie; memory is the ledger database's, which the control object does not ask. */
export interface StoredBytes {
  plan_bytes: number;
  /** Logs and context documents of pipelines, as they were when each ended or last waited for somebody. */
  pipeline_bytes: number;
  /** LEDG-5: of those that lie in the archive. */
  archived_bytes: number;
}

/** Kept up to date by every change, so that asking reads one row. */
export function storedBytes(store: ControlStore): StoredBytes {
  const kept = row<{ pipeline_bytes: number; archived_bytes: number }>(
    store.sql,
    'SELECT pipeline_bytes, archived_bytes FROM storage',
  ) ?? { pipeline_bytes: 0, archived_bytes: 0 };
  return { plan_bytes: planBytes(store), ...kept };
}

export const storedInAll = (store: ControlStore): number =>
  Object.values(storedBytes(store)).reduce((sum, bytes) => sum + bytes, 0);

function add(store: ControlStore, pipelines: number, archives: number): void {
  if (pipelines === 0 && archives === 0) return;
  run(
    store.sql,
    `INSERT INTO storage (one, pipeline_bytes, archived_bytes) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET
     pipeline_bytes = pipeline_bytes + excluded.pipeline_bytes, archived_bytes = archived_bytes + excluded.archived_bytes`,
    pipelines,
    archives,
  );
}

/** A pipeline says how much it keeps; what it said before no longer counts. Inside a transaction. */
export function keepsBytes(store: ControlStore, pipelineId: string, bytes: number): void {
  const known = row<{ bytes: number }>(
    store.sql,
    'SELECT bytes FROM admissions WHERE pipeline_id = ?',
    pipelineId,
  );
  if (!known || known.bytes === bytes) return;
  run(store.sql, 'UPDATE admissions SET bytes = ? WHERE pipeline_id = ?', bytes, pipelineId);
  add(store, bytes - known.bytes, 0);
}

/** LEDG-5: the archive's file grows or shrinks by so much. */
export const archiveGrows = (store: ControlStore, bytes: number): void => add(store, 0, bytes);
