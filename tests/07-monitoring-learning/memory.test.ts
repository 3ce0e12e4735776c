import { beforeAll, describe, expect, it } from 'vitest';
import {
  listMemory,
  MAX_MEMORY_BYTES,
  type NewMemory,
  readMemory,
  searchMemory,
  writeMemory,
} from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';

const nextDatabase = migratedDatabases(1);
let db: D1Database;
const entry = (id: string, over: Partial<NewMemory> = {}): NewMemory => ({
  memory_id: id,
  project_id: null,
  title: 'Restore drill',
  summary: 'How the drill went',
  content: 'The snapshot was restored in 14 minutes; the parameter group was missing.',
  media_type: 'text/markdown',
  origin: ['runbook.md'],
  created_by: 'person:ps_1',
  created_at: '2026-01-01T00:00:00.000Z',
  ...over,
});

beforeAll(async () => {
  db = await nextDatabase();
  await writeMemory(db, 'acme', entry('mem_1'));
  await writeMemory(
    db,
    'acme',
    entry('mem_2', { title: 'Encryption', content: 'Use a KMS key. Größe: 5 GB', project_id: 'pr_1' }),
  );
  await writeMemory(db, 'rival', entry('mem_1', { content: 'snapshot of the rival' }));
});

describe('memory', () => {
  it('MEM-1: what was written is read back whole, with its origin and hash', async () => {
    const read = await readMemory(db, 'acme', 'mem_1');
    expect(read).toMatchObject({ ...entry('mem_1'), bytes: 73 });
    expect(read?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('MEM-1: the same id again changes nothing', async () => {
    await writeMemory(db, 'acme', entry('mem_1', { content: 'other' }));
    expect((await readMemory(db, 'acme', 'mem_1'))?.content).toBe(entry('mem_1').content);
    expect((await searchMemory(db, 'acme', { q: 'other' })).length).toBe(0);
  });

  it('MEM-1: search finds all words anywhere, accents or not, and shows where', async () => {
    const ids = async (q: string) => (await searchMemory(db, 'acme', { q })).map((m) => m.memory_id);
    expect(await ids('snapshot minutes')).toEqual(['mem_1']);
    expect(await ids('groß')).toEqual([]);
    expect(await ids('GROßE kms')).toEqual(['mem_2']);
    expect(await ids('größe kms')).toEqual(['mem_2']);
    const [hit] = await searchMemory(db, 'acme', { q: 'parameter' });
    expect(hit?.snippet).toContain('parameter group');
  });

  it('SEC-2: the query language of the index is not the caller’s', async () => {
    for (const q of ['"', 'AND', 'a* OR b', 'title:drill -x', '(', '', '   '])
      expect(Array.isArray(await searchMemory(db, 'acme', { q }))).toBe(true);
  });

  it('TEN-1: neither reading nor searching crosses tenants', async () => {
    expect((await searchMemory(db, 'rival', { q: 'snapshot' })).map((m) => m.snippet)).toEqual([
      'snapshot of the rival',
    ]);
    expect(await readMemory(db, 'rival', 'mem_2')).toBeNull();
  });

  it('MEM-1: the list is newest first, without contents', async () => {
    const first = await listMemory(db, 'acme', { limit: 1 });
    expect(first.items.map((m) => m.memory_id)).toEqual(['mem_2']);
    expect(first.items[0]).not.toHaveProperty('content');
    const rest = await listMemory(db, 'acme', { limit: 5, cursor: first.next_cursor ?? '' });
    expect(rest.items.map((m) => m.memory_id)).toEqual(['mem_1']);
  });

  it('MEM-1: content over the limit is refused with the limit named', async () => {
    const result = await writeMemory(db, 'acme', entry('mem_3', { content: 'ä'.repeat(500_001) }));
    expect(result).toEqual({
      ok: false,
      error: {
        code: 'invalid',
        field: 'content',
        detail: `1000002 bytes; at most ${MAX_MEMORY_BYTES} fit into one memory`,
      },
    });
  });
});
