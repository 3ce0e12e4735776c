import type { LedgerStatus } from '#contract/ledger.ts';
import type { IntegrityAlarmRow, ReconciliationRow } from './schema.ts';

const ALARMS_SHOWN = 100;

/** LEDG-1: alarms, and how far the reconciler is. */
export async function ledgerStatus(db: D1Database, tenant: string): Promise<LedgerStatus> {
  const [alarms, rounds, archived] = await db.batch([
    db
      .prepare(
        'SELECT pipeline_id, seq, at, ledger_hash, object_hash FROM integrity_alarms WHERE tenant = ? ORDER BY at DESC, pipeline_id, seq LIMIT ?',
      )
      .bind(tenant, ALARMS_SHOWN),
    db.prepare('SELECT * FROM reconciliations WHERE tenant = ?').bind(tenant),
    db.prepare('SELECT count(*) AS n FROM archives WHERE tenant = ? AND revision = 0').bind(tenant),
  ]);
  const found = (alarms?.results ?? []) as Omit<IntegrityAlarmRow, 'tenant'>[];
  const round = rounds?.results[0] as ReconciliationRow | undefined;
  return {
    intact: found.length === 0,
    alarms: found,
    reconciliation: round
      ? {
          ran_at: round.ran_at,
          round_ended_at: round.round_ended_at,
          logs_checked: round.checked,
          rows_repaired: round.repaired,
        }
      : null,
    archived_pipelines: (archived?.results[0] as { n: number } | undefined)?.n ?? 0,
  };
}

/** For the health report: how many places of a tenant's ledger are in doubt. */
export async function countAlarms(db: D1Database, tenant: string): Promise<number> {
  const found = await db
    .prepare('SELECT count(*) AS n FROM integrity_alarms WHERE tenant = ?')
    .bind(tenant)
    .first<{ n: number }>();
  return found?.n ?? 0;
}
