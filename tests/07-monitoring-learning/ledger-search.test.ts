import { beforeAll, describe, expect, it } from 'vitest';
import type { LedgerQuery } from '#contract/ledger.ts';
import { exportLedger, handleLedgerBatch, queryLedger, type Sight } from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from './fake-pipeline.ts';
import { beginning, ending, failure, notes } from './sample-log.ts';

const nextDatabase = migratedDatabases(2);
let db: D1Database;

const run = (id: string, number: number, tenant = 'acme') =>
  new FakePipeline(id, number, tenant).commit(...beginning, ...ending, failure('Vault said =no to Zürich'));
/** Odd numbers are in the project `pr_odd`, even ones in `pr_even`. */
const ONE = run('pl_aaaa', 1);
const TWO = run('pl_bbbb', 2);
const LONG = new FakePipeline('pl_cccc', 3).commit(...notes(4_500));
const OTHER = run('pl_dddd', 1, 'globex');
const OWN = new FakePipeline('ct_acme').commit(failure('a key was made'));

async function ship(pipelines: FakePipeline[]): Promise<void> {
  await handleLedgerBatch(batchOf(pipelines.map((p) => hint(p))), {
    db,
    pipeline: (_tenant, id) => {
      const found = pipelines.find((p) => p.id === id);
      if (!found) throw new Error('no such object');
      const rpc = found.rpc();
      return id.startsWith('ct_') ? { ...rpc, read: async () => ({ ok: true, value: null }) } : rpc;
    },
    tree: () => new FakeLog(),
    log: () => {},
    now: () => '2026-01-02T00:00:00.000Z',
  });
}
beforeAll(async () => {
  db = await nextDatabase();
  await ship([ONE, TWO, LONG, OTHER, OWN]);
});

const ADMIN: Sight = { tenant: 'acme', project_ids: null, administration: true };
const find = async (query: LedgerQuery, sight = ADMIN) =>
  (await queryLedger(db, sight, query)).items.map((e) => `${e.pipeline_id}/${e.seq}`);

describe('ledger queries', () => {
  it('LEDG-4: by pipeline, type, agent and severity, newest first', async () => {
    expect(await find({ pipeline_id: 'pl_aaaa' })).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => `pl_aaaa/${n}`));
    expect(await find({ type: 'violation_recorded' })).toEqual(['pl_bbbb/6', 'pl_aaaa/6']);
    expect(await find({ severity: 'medium', project_id: 'pr_even' })).toEqual(['pl_bbbb/6']);
    expect(await find({ severity: 'critical' })).toEqual([]);
    expect(await find({ agent_id: 'ag_1', pipeline_id: 'pl_aaaa' })).toEqual(
      [6, 3, 2, 1].map((n) => `pl_aaaa/${n}`),
    );
  });

  it('LEDG-4: by time, from the first moment included to the last excluded', async () => {
    const at = (seq: number) => ONE.log[seq - 1]?.at ?? '';
    const span = { pipeline_id: 'pl_aaaa', since: at(2), until: at(4) };
    expect(await find(span)).toEqual(['pl_aaaa/3', 'pl_aaaa/2']);
  });

  it('LEDG-4: full text finds whole words in any script, all of them, with every other filter', async () => {
    expect(await find({ q: 'vault zurich' })).toEqual(['pl_bbbb/7', 'pl_aaaa/7']);
    expect(await find({ q: 'Vault said', project_id: 'pr_odd' })).toEqual(['pl_aaaa/7']);
    expect(await find({ q: 'vaul' })).toEqual([]);
    expect(await find({ q: '"*" OR (' })).toEqual([]);
    expect(await find({ q: 'key' })).toEqual(['ct_acme/1']);
  });

  it.each([
    { limit: 700 },
    { limit: 700, q: 'line' },
    { limit: 1_000, type: 'log_written', since: '2026-01-01T00:00:10.000Z' },
  ])('LEDG-4: keyset pages join without gap or repeat: %j', async (query) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await queryLedger(db, ADMIN, { ...query, cursor });
      seen.push(...page.items.map((e) => `${e.pipeline_id}/${e.seq}`));
      cursor = page.next_cursor ?? undefined;
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBeGreaterThan(4);
    expect(new Set(seen).size).toBe(seen.length);
    const { limit: _, ...filters } = query;
    const whole = await queryLedger(db, ADMIN, { ...filters, limit: 10_000 });
    expect(seen).toEqual(whole.items.map((e) => `${e.pipeline_id}/${e.seq}`));
  });

  it('LEDG-4: a page by time goes along the index, wherever it is', async () => {
    const { results } = await db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM events e WHERE e.tenant = 'acme' AND e.at <= 'x' AND (e.at, e.pipeline_id, e.seq) < ('x', 'y', 1)
         ORDER BY e.at DESC, e.pipeline_id DESC, e.seq DESC LIMIT 10`,
      )
      .all<{ detail: string }>();
    expect(results.map((r) => r.detail).join()).toContain('events_by_time (tenant=? AND at<?)');
    expect(results.map((r) => r.detail).join()).not.toContain('TEMP B-TREE');
  });

  it('TEN-1: neither filter, word nor cursor leads to another tenant’s events', async () => {
    const { items } = await queryLedger(db, ADMIN, { limit: 10_000 });
    expect(items.some((e) => e.pipeline_id === OTHER.id)).toBe(false);
    expect(await find({ pipeline_id: OTHER.id })).toEqual([]);
    expect(await find({ q: 'vault', pipeline_id: OTHER.id })).toEqual([]);
    const foreign = await queryLedger(db, { ...ADMIN, tenant: 'globex' }, { limit: 1 });
    const page = await find({ cursor: foreign.next_cursor ?? '', limit: 1_000 });
    expect(page.some((place) => place.startsWith('pl_dddd'))).toBe(false);
  });

  it('TEN-2 LEDG-4: a key for some projects sees those, and only oversight the tenant’s own log', async () => {
    const scoped: Sight = { tenant: 'acme', project_ids: ['pr_even'], administration: false };
    expect(new Set((await find({ limit: 9_000 }, scoped)).map((p) => p.split('/')[0]))).toEqual(
      new Set(['pl_bbbb']),
    );
    expect(await find({ q: 'key' }, { ...ADMIN, administration: false })).toEqual([]);
    expect(await find({ pipeline_id: 'ct_acme' }, { ...ADMIN, administration: false })).toEqual([]);
  });
});

describe('ledger exports', () => {
  const read = async (query: Parameters<typeof exportLedger>[2], sight = ADMIN) =>
    new Response(await exportLedger(db, sight, query)).text();

  it('LEDG-4: JSON Lines has every event once, oldest first, as the ledger has it', async () => {
    const lines = (await read({ format: 'jsonl', pipeline_id: 'pl_cccc' })).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { seq: number; hash: string });
    expect(events.map((e) => e.hash)).toEqual(LONG.log.map((e) => e.hash));
  });

  it('LEDG-4: CSV is RFC 4180, and what a spreadsheet would run is text', async () => {
    const odd = new FakePipeline('pl_eeee', 5).commit(failure('x'));
    const actor = '=HYPERLINK("evil")';
    odd.log = odd.log.map((e) => ({ ...e, actor }));
    await ship([odd]);
    const [head, line, end, ...rest] = (await read({ format: 'csv', pipeline_id: 'pl_eeee' })).split('\r\n');
    expect(head).toBe('at,pipeline_id,seq,type,actor,agent_id,severity,body,v,salt,prev_hash,hash,content');
    expect(line).toContain(`,log_written,"'=HYPERLINK(""evil"")",,,"{""log_id"":""lg_1""`);
    expect([end, ...rest]).toEqual(['']);
  });

  it('LEDG-4: an export reads a page when the last one was taken, so that its memory does not grow', async () => {
    let queries = 0;
    const counting = {
      prepare: (sql: string) => {
        queries += 1;
        return db.prepare(sql);
      },
    } as D1Database;
    const reader = (
      await exportLedger(counting, ADMIN, { format: 'jsonl', pipeline_id: 'pl_cccc' })
    ).getReader();
    await reader.read();
    expect(queries).toBeLessThan(4);
    await reader.cancel();
  });

  it('LEDG-4: what one request cannot carry ends with the cursor to go on with, and the parts are the whole', async () => {
    for (const format of ['csv', 'jsonl'] as const) {
      const query = { format, pipeline_id: 'pl_cccc' } as const;
      const whole = await read(query);
      let all = '';
      let parts = 0;
      for (let cursor: string | undefined, more = true; more; parts++) {
        const part = await new Response(
          await exportLedger(db, ADMIN, { ...query, cursor }, { page: 500, pages: 3 }),
        ).text();
        const found = /(?:#next_cursor,(\S+)|\{"next_cursor":"([^"]+)"\})\r?\n$/.exec(part);
        all += found ? part.slice(0, found.index) : part;
        cursor = found?.[1] ?? found?.[2];
        more = found !== null;
      }
      expect([format, parts]).toEqual([format, 3]);
      expect(all === whole).toBe(true);
    }
  });

  it('LEDG-4: a database that fails halfway breaks the file off instead of ending it', async () => {
    let queries = 0;
    const failing = {
      prepare: (sql: string) => {
        queries += 1;
        if (queries > 1) throw new Error('D1_ERROR');
        return db.prepare(sql);
      },
    } as D1Database;
    const stream = await exportLedger(failing, ADMIN, { format: 'jsonl', pipeline_id: 'pl_cccc' });
    await expect(new Response(stream).text()).rejects.toThrow('D1_ERROR');
  });
});
