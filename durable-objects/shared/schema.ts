import { row, run } from './sql.ts';

/**
 * Integer-numbered migrations; the version is a row, because `PRAGMA user_version` is denied in objects (ARCHITECTURE, rule 8).
 * Old and new code run side by side during a deployment, so a migration only adds.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    run(
      sql,
      'CREATE TABLE IF NOT EXISTS schema_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)',
    );
    const version = row<{ version: number }>(sql, 'SELECT version FROM schema_version')?.version ?? 0;
    if (version >= migrations.length) return;
    for (const migration of migrations.slice(version)) sql.exec(migration);
    run(
      sql,
      'INSERT INTO schema_version (one, version) VALUES (1, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
      migrations.length,
    );
  });
}

/** Reading does not create storage: an object that was only asked for by a guessed name leaves nothing behind. */
export const hasSchema = (storage: DurableObjectStorage): boolean =>
  row(
    storage.sql,
    "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
  ) !== undefined;
