import { beforeAll, describe, expect, it } from 'vitest';
import { handleLedgerBatch } from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from './fake-pipeline.ts';
import { beginning, ending, failure } from './sample-log.ts';

const nextDatabase = migratedDatabases(1);
let db: D1Database;
beforeAll(async () => {
  db = await nextDatabase();
  const p = new FakePipeline('pl_aaaa').commit(...beginning, ...ending, failure('boom'));
  await handleLedgerBatch(batchOf([hint(p)]), {
    db,
    pipeline: () => p.rpc(),
    tree: () => new FakeLog(),
    log() {},
    now: () => '2026-01-02T00:00:00.000Z',
  });
  await db
    .prepare(`INSERT INTO promotions VALUES ('acme', 'pm_1', '2026', 'id_1', 0, 1, 'earned', '[]', 'ps_1')`)
    .run();
  await db.prepare(`INSERT INTO integrity_alarms VALUES ('acme', 'pl_aaaa', 1, '2026', 'aa', 'bb')`).run();
});

const APPEND_ONLY = [
  'events',
  'agent_actions',
  'agent_metrics',
  'violations',
  'error_occurrences',
  'promotions',
  'integrity_alarms',
];

describe.each(APPEND_ONLY)('LEDG-1: rows of %s', (table) => {
  const content = async () => (await db.prepare(`SELECT * FROM ${table}`).all()).results;

  it('LEDG-1: cannot be updated', async () => {
    await expect(db.prepare(`UPDATE ${table} SET tenant = 'other'`).run()).rejects.toThrow(/append-only/);
  });

  it('LEDG-1: cannot be deleted', async () => {
    await expect(db.prepare(`DELETE FROM ${table}`).run()).rejects.toThrow(/append-only/);
  });

  it('LEDG-1: cannot be replaced by an insert over them', async () => {
    const before = await content();
    expect(before.length).toBeGreaterThan(0);
    const columns = Object.keys(before[0] as object);
    const key = (await db.prepare(`PRAGMA table_info(${table})`).all<{ name: string; pk: number }>()).results;
    const forged = columns.map((c) =>
      key.find((k) => k.name === c)?.pk ? c : `CASE typeof(${c}) WHEN 'integer' THEN 7 ELSE 'forged' END`,
    );
    await db.prepare(`INSERT OR REPLACE INTO ${table} SELECT ${forged} FROM ${table}`).run();
    expect(await content()).toEqual(before);
  });
});

it('PERF-3 LEDG-4: tables with an event per row are one row billed; events alone have an index, by time, for a second', async () => {
  const { results } = await db
    .prepare(`SELECT name, sql FROM sqlite_master WHERE name IN ('events', 'agent_actions', 'agent_metrics')`)
    .all<{ name: string; sql: string }>();
  expect(results.map((r) => [r.name, /WITHOUT ROWID\s*$/.test(r.sql)])).toEqual([
    ['agent_actions', true],
    ['agent_metrics', true],
    ['events', true],
  ]);
  const indexes = await db
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('events', 'agent_actions', 'agent_metrics') AND sql IS NOT NULL`,
    )
    .all();
  expect(indexes.results).toEqual([{ name: 'events_by_time' }]);
});
