import { beforeEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '#domain/pipeline/event.ts';
import { handleLedgerBatch, type ReconcileDeps, reconcileTenant } from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from './fake-pipeline.ts';
import { beginning, ending, failure, notes } from './sample-log.ts';

const nextDatabase = migratedDatabases(20);
let db: D1Database;
let logged: { level: string; message: string }[];
beforeEach(async () => {
  db = await nextDatabase();
  logged = [];
});

const NOTHING = new FakePipeline('ct_acme');
const deps = (pipelines: FakePipeline[], database = db, control = NOTHING): ReconcileDeps => ({
  db: database,
  pipeline: (_tenant, id) => {
    if (id === control.id) return { ...control.rpc(), read: async () => ({ ok: true, value: null }) };
    const found = pipelines.find((p) => p.id === id);
    if (!found) throw new Error('no such object');
    return found.rpc();
  },
  pipelinesAfter: async (_tenant, number, limit) =>
    pipelines
      .filter((p) => p.number > number)
      .slice(0, limit)
      .map((p) => ({ number: p.number, pipeline_id: p.id })),
  log: (level, message) => logged.push({ level, message }),
  now: () => '2026-01-02T00:00:00.000Z',
});

const ship = (pipelines: FakePipeline[], database = db) =>
  handleLedgerBatch(batchOf(pipelines.map((p) => hint(p))), {
    ...deps(pipelines, database),
    tree: () => new FakeLog(),
  });

const TABLES = ['events', 'agent_actions', 'agent_metrics', 'violations', 'error_occurrences', 'pipelines'];
const ORDERS: Record<string, string> = { pipelines: 'tenant, number', promotions: 'promotion_id' };
/** All rows of all tables that are a projection. */
const dump = (database: D1Database) =>
  Promise.all(
    [...TABLES, 'event_places', 'promotions'].map(async (table) => {
      const order = ORDERS[table] ?? 'pipeline_id, seq';
      const columns = table === 'event_places' ? 'pipeline_id, seq' : '*';
      return (await database.prepare(`SELECT ${columns} FROM ${table} ORDER BY ${order}`).all()).results;
    }),
  );

/** As somebody with every right on the database could: without the triggers. */
async function tamper(sql: string): Promise<void> {
  const { results } = await db
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all<{ name: string; sql: string }>();
  await db.batch(results.map((t) => db.prepare(`DROP TRIGGER ${t.name}`)));
  await db.prepare(sql).run();
  await db.batch(results.map((t) => db.prepare(t.sql)));
}

const run = (id: string, number: number, more: NewEvent[] = []) =>
  new FakePipeline(id, number).commit(...beginning, ...ending, failure('it broke'), ...more);

describe('the reconciler', () => {
  it('LEDG-1: an empty database, rebuilt from the objects, is equal row by row', async () => {
    const pipelines = [run('pl_aaaa', 1), run('pl_bbbb', 2, notes(2_300)), run('pl_cccc', 3)];
    const tier = { identity_id: 'id_1', from_tier: 0, to_tier: 1, reason: 'earned', runs: ['pl_aaaa'] };
    const promoted = { type: 'agent_tier_changed', body: tier } as unknown as NewEvent;
    const control = new FakePipeline('ct_acme').commit(...notes(3), promoted);
    await ship(pipelines);
    const both = { ...deps(pipelines, db, control), tree: () => new FakeLog() };
    await handleLedgerBatch(batchOf([hint(control)]), both);
    const rebuilt = await nextDatabase();
    const found = await reconcileTenant(deps(pipelines, rebuilt, control), 'acme');
    expect(found.alarms).toEqual([]);
    expect(found.checked).toBe(4);
    const before = await dump(db);
    expect(before.every((rows) => rows.length > 0)).toBe(true);
    expect(await dump(rebuilt)).toEqual(before);
  });

  it.each(TABLES)('LEDG-1: rows missing from %s are found and written again', async (table) => {
    const pipelines = [run('pl_aaaa', 1, notes(50)), run('pl_bbbb', 2)];
    await ship(pipelines);
    const before = await dump(db);
    await tamper(
      table === 'pipelines'
        ? 'DELETE FROM pipelines WHERE number = 2'
        : `DELETE FROM ${table} WHERE seq % 2 = 0 OR seq > 3`,
    );
    expect(await dump(db)).not.toEqual(before);
    const found = await reconcileTenant(deps(pipelines), 'acme');
    expect(found.alarms).toEqual([]);
    expect(found.repaired).toBeGreaterThan(0);
    const order = (rows: unknown[][]) => rows.slice(0, TABLES.length);
    expect(order(await dump(db))).toEqual(order(before));
    expect((await reconcileTenant(deps(pipelines), 'acme')).repaired).toBe(0);
  });

  const hash = 'f'.repeat(64);
  it.each([
    [
      'an event with another hash',
      `UPDATE events SET hash = '${hash}' WHERE pipeline_id = 'pl_aaaa' AND seq = 4`,
      4,
    ],
    [
      'a body that was changed under its hash',
      `UPDATE events SET body = json_set(body, '$.epoch', 9) WHERE pipeline_id = 'pl_aaaa' AND seq = 4`,
      4,
    ],
    [
      'a time that was changed',
      `UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE pipeline_id = 'pl_aaaa' AND seq = 2`,
      2,
    ],
    [
      'an event that the object never had',
      `INSERT INTO events SELECT tenant, pipeline_id, 99, at, type, v, actor, body, salt, prev_hash, '${hash}', NULL FROM events WHERE pipeline_id = 'pl_aaaa' AND seq = 1`,
      99,
    ],
  ])('LEDG-1: a planted fork raises an alarm: %s', async (_what, sql, seq) => {
    const pipelines = [run('pl_aaaa', 1), run('pl_bbbb', 2)];
    await ship(pipelines);
    await tamper(sql);
    const found = await reconcileTenant(deps(pipelines), 'acme');
    expect(found.alarms).toMatchObject([{ tenant: 'acme', pipeline_id: 'pl_aaaa', seq }]);
    expect(logged).toContainEqual({
      level: 'error',
      message: 'integrity alarm: the ledger and its source differ',
    });
    const { results } = await db.prepare('SELECT pipeline_id, seq FROM integrity_alarms').all();
    expect(results).toEqual([{ pipeline_id: 'pl_aaaa', seq }]);
    await reconcileTenant(deps(pipelines), 'acme');
    expect((await db.prepare('SELECT * FROM integrity_alarms').all()).results.length).toBe(1);
  });

  it('LEDG-1: an object that was rewritten raises an alarm, and its ledger copy stays as it was', async () => {
    const pipelines = [run('pl_aaaa', 1, notes(5))];
    await ship(pipelines);
    const before = await dump(db);
    const [honest] = pipelines;
    const found = await reconcileTenant(
      deps([honest?.rewritten(9, failure('another story')) ?? NOTHING]),
      'acme',
    );
    expect(found.alarms[0]).toMatchObject({ pipeline_id: 'pl_aaaa', seq: 9 });
    expect(found.repaired).toBe(0);
    expect(await dump(db)).toEqual(before);
  });

  it('LEDG-1: a round over many pipelines goes on where the last run stopped, past logs that cannot be read', async () => {
    const pipelines = [1, 2, 3, 4, 5].map((n) => run(`pl_aaa${n}`, n));
    const all = deps(pipelines);
    const broken: ReconcileDeps = {
      ...all,
      pipeline: (tenant, id) => {
        if (id === 'pl_aaa2') throw new Error('the object is moving');
        return all.pipeline(tenant, id);
      },
    };
    const state = () =>
      db.prepare('SELECT after_number, round_ended_at FROM reconciliations').first<Record<string, unknown>>();
    await reconcileTenant(broken, 'acme', 2);
    expect(await state()).toEqual({ after_number: 2, round_ended_at: null });
    await reconcileTenant(broken, 'acme', 2);
    await reconcileTenant(broken, 'acme', 2);
    expect(await state()).toEqual({ after_number: 0, round_ended_at: '2026-01-02T00:00:00.000Z' });
    const { results } = await db.prepare('SELECT DISTINCT pipeline_id FROM events ORDER BY 1').all();
    expect(results.map((r) => r.pipeline_id)).toEqual(['pl_aaa1', 'pl_aaa3', 'pl_aaa4', 'pl_aaa5']);
    for (let i = 0; i < 3; i++) await reconcileTenant(all, 'acme', 2);
    expect(
      (await db.prepare('SELECT count(DISTINCT pipeline_id) AS n FROM events').first<{ n: number }>())?.n,
    ).toBe(5);
  });
});
