import { beforeAll, describe, expect, it } from 'vitest';
import {
  handleLedgerBatch,
  queryDeadLetters,
  queryErrors,
  queryEvents,
  queryPipelines,
  recordDeadLetter,
  UnknownCursorError,
} from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from './fake-pipeline.ts';
import { failure, notes } from './sample-log.ts';

const nextDatabase = migratedDatabases(1);
let db: D1Database;
const TIMEOUT = (host: string, id: string) => failure(`${host} did not answer in 30 s for ${id}`);

beforeAll(async () => {
  db = await nextDatabase();
  const pipelines = Array.from({ length: 25 }, (_, i) =>
    new FakePipeline(`pl_n${String(i + 1).padStart(3, '0')}`, i + 1).commit(...notes(1)),
  );
  pipelines[24]?.commit(TIMEOUT('vault', 'st_aaaa_1'), failure('out of credit'));
  pipelines[23]?.commit(TIMEOUT('vault', 'st_bbbb_2'));
  pipelines[22]?.commit({
    type: 'pipeline_ended',
    body: { state: 'FAILED', exit_code: 1, reason: 'cancelled', detail: null },
  });
  pipelines.push(new FakePipeline('pl_rival', 1, 'rival').commit(failure('theirs')));
  await handleLedgerBatch(batchOf(pipelines.map((p) => hint(p))), {
    db,
    pipeline: (_tenant, id) => (pipelines.find((p) => p.id === id) as FakePipeline).rpc(),
    tree: () => new FakeLog(),
    log() {},
    now: () => '2026-01-02T00:00:00.000Z',
  });
});

describe('lists of pipelines', () => {
  it('LEDG-4: pages are newest first, without gap or repeat, and end', async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await queryPipelines(db, 'acme', { limit: 10, cursor });
      seen.push(...page.items.map((p) => p.number));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
  });

  it('LEDG-4: filters narrow the list, alone and together', async () => {
    const numbers = async (query: Parameters<typeof queryPipelines>[2]) =>
      (await queryPipelines(db, 'acme', query)).items.map((p) => p.number);
    expect(await numbers({ state: 'FAILED' })).toEqual([23]);
    expect((await numbers({ project_id: 'pr_even' })).length).toBe(12);
    expect(await numbers({ since: '2026-01-01T00:00:03.000Z', until: '2026-01-01T00:00:05.000Z' })).toEqual([
      4, 3,
    ]);
    expect(await numbers({ q: 'APPLY change 7?' })).toEqual([17, 7]);
    expect(await numbers({ q: 'change 7?', project_id: 'pr_even' })).toEqual([]);
  });

  it('LEDG-4: characters with a meaning in SQL are only characters', async () => {
    expect((await queryPipelines(db, 'acme', { q: "%' OR 1=1 --" })).items).toEqual([]);
  });

  it('SEC-2 API-2: a cursor that nobody gave out is told as such, and never begins anew', async () => {
    for (const cursor of ['', '%%%', 'bnVsbA', 'e30', 'W3sieCI6MX1d', 'WzEsMl0'])
      await expect(queryPipelines(db, 'acme', { cursor, limit: 1 })).rejects.toThrow(UnknownCursorError);
  });

  it('TEN-1: another tenant sees nothing of it', async () => {
    expect((await queryPipelines(db, 'rival', {})).items.map((p) => p.pipeline_id)).toEqual(['pl_rival']);
    expect((await queryEvents(db, 'rival', { pipeline_id: 'pl_n001' })).items).toEqual([]);
  });
});

describe('errors', () => {
  it('OBS-4: the same failure with other ids and numbers is one group', async () => {
    const { items } = await queryErrors(db, 'acme', {});
    expect(items.map((g) => [g.code, g.source, g.count, g.pipeline_ids.sort()])).toEqual([
      ['log', 'test', 1, ['pl_n025']],
      ['log', 'test', 2, ['pl_n024', 'pl_n025']],
      ['cancelled', 'pipeline', 1, ['pl_n023']],
    ]);
    expect(items[1]?.message).toMatch(/^vault did not answer in 30 s for st_/);
  });

  it('OBS-4: one pipeline, and a span of time', async () => {
    expect((await queryErrors(db, 'acme', { pipeline_id: 'pl_n024' })).items.map((g) => g.count)).toEqual([
      1,
    ]);
    expect((await queryErrors(db, 'acme', { since: '2026-02-01T00:00:00.000Z' })).items).toEqual([]);
    const hour = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-01T01:00:00.000Z' };
    expect((await queryErrors(db, 'acme', hour)).items[1]?.rate_per_minute).toBe(0.033);
  });

  it('OBS-4: pages follow each other without repeating a group', async () => {
    const first = await queryErrors(db, 'acme', { limit: 2 });
    const second = await queryErrors(db, 'acme', { limit: 2, cursor: first.next_cursor ?? '' });
    expect(first.items.length).toBe(2);
    expect(second.items.map((g) => g.code)).toEqual(['cancelled']);
    expect(second.next_cursor).toBeNull();
  });

  it('TEN-1: errors stay with their tenant', async () => {
    expect((await queryErrors(db, 'rival', {})).items.map((g) => g.message)).toEqual(['theirs']);
  });
});

it('PIPE-8: a dead letter is recorded once, however often it is delivered', async () => {
  const letter = {
    ...{ queue: 'ags-steps-dead', message_id: 'm1', at: '2026-01-01T00:00:00.000Z', tenant: 'acme' },
    ...{ pipeline_id: 'pl_n001', step_id: 'st_n001_1', reason: 'five tries', body: '{}' },
  };
  await recordDeadLetter(db, letter);
  await recordDeadLetter(db, { ...letter, at: '2026-01-01T00:05:00.000Z' });
  expect((await queryDeadLetters(db, 'acme', {})).items).toEqual([letter]);
  expect((await queryDeadLetters(db, 'rival', {})).items).toEqual([]);
});
