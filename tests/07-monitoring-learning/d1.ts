import { readdirSync, readFileSync } from 'node:fs';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll } from 'vitest';
import { MIGRATIONS_DIR } from '#scripts/generate/migrations.ts';

/**
 * D1 of the local runtime, for code that needs nothing but a database. Gives a function that answers with another empty, migrated
 * database at each call (the ledger's tables cannot be emptied), up to `count` times.
 */
export function migratedDatabases(count: number): () => Promise<D1Database> {
  const names = Array.from({ length: count }, (_, i) => `DB${i}`);
  let runtime: Miniflare;
  beforeAll(() => {
    runtime = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: 'export default { fetch: () => new Response(null) }',
        compatibilityDate: '2026-11-01',
        d1Databases: Object.fromEntries(names.map((n) => [n, n])),
      }),
    );
  });
  afterAll(() => runtime.dispose());

  const migrations = readdirSync(MIGRATIONS_DIR)
    .filter((f) => f.endsWith('.sql'))
    .sort()
    .flatMap((f) => readFileSync(`${MIGRATIONS_DIR}/${f}`, 'utf8').split('--> statement-breakpoint'));
  return async () => {
    const name = names.shift();
    if (!name) throw new Error('ask for more databases');
    const db = (await runtime.getD1Database(name)) as unknown as D1Database;
    await db.batch(migrations.map((sql) => db.prepare(sql)));
    return db;
  };
}
