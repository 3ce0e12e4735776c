import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeUrl } from '#domain/governance/egress.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import {
  ARTIFACT_LIMITS,
  handleLedgerBatch,
  readArtifact,
  readBug,
  readMemory,
} from '#workers/ledger/index.ts';
import { TOOLS } from '#workers/steps/index.ts';
import { ledgerOf, memoryOf, notesOf } from '#workers/steps/records.ts';
import type { ToolContext, ToolOutcome } from '#workers/steps/tools/tool.ts';
import { migratedDatabases } from '../07-monitoring-learning/d1.ts';
import { batchOf, FakeLog, FakePipeline, hint } from '../07-monitoring-learning/fake-pipeline.ts';
import { beginning, ending, notes } from '../07-monitoring-learning/sample-log.ts';

const database = migratedDatabases(6);
const DB_PASSWORD = 'Tr0ub4dor&3-planted';

function contextOf(db: D1Database, more: Partial<ToolContext> = {}): ToolContext {
  return {
    tenant: 'acme',
    project_id: 'prj_1',
    pipeline_id: 'pl_0123456789abcdef',
    action_id: 'ac_0123456789abcdef_7',
    agent_id: 'ag_0123456789abcdef_2',
    argument_origin: ['untrusted'],
    now: () => '2026-11-22T12:00:00.000Z',
    ledger: ledgerOf(db),
    notes: notesOf(db),
    readSecret: async () => ({ ok: false, error: { kind: 'not_found', retryable: false, message: '' } }),
    blackboard: null,
    documents: [],
    readDocument: async () => null,
    memory: memoryOf(db),
    servers: {
      find: async () => null,
      observe: async () => {},
      mayReach: (url) => judgeUrl(url, { allow: [] }),
    },
    egress: { allow: ['hooks.example.com'] },
    fetch: async () => Promise.reject(new TypeError('fetch failed')),
    signal: new AbortController().signal,
    ...more,
  };
}
const run = (tool: string, args: Record<string, unknown>, context: ToolContext): Promise<ToolOutcome> =>
  TOOLS.get(tool)!.run(args, context);
const away = {
  ...({} as D1Database),
  prepare: () => {
    throw new Error('D1_ERROR: away');
  },
} as unknown as D1Database;

describe('what tools write', () => {
  it('GOV-6, AGENT-5: memory_write keeps a note once, with its origin, and a later run of the project finds it', async () => {
    const db = await database();
    const note = {
      title: 'Replica lag',
      summary: 'Wait for the replica.',
      content: `It lags. password=${DB_PASSWORD}`,
    };
    const context = contextOf(db);
    const first = await run('memory_write', note, context);
    expect(first).toMatchObject({ ok: true, value: { id: 'mem_0123456789abcdef_7' } });
    expect(await run('memory_write', note, context)).toEqual(first);
    const entry = await readMemory(db, 'acme', 'mem_0123456789abcdef_7');
    expect(entry).toMatchObject({
      project_id: 'prj_1',
      origin: ['untrusted'],
      created_by: 'agent:ag_0123456789abcdef_2',
    });
    expect(entry?.content).not.toContain(DB_PASSWORD);
    const search = (project_id: string) =>
      run('memory_search', { query: 'replica' }, contextOf(db, { project_id, argument_origin: [] }));
    expect(await search('prj_1')).toMatchObject({
      value: { results: [{ id: 'mem_0123456789abcdef_7' }] },
      origin: ['tool:memory_search', 'untrusted'],
    });
    expect(await search('prj_2')).toMatchObject({ value: { results: [] } });
  });

  it('GOV-6, BUG-1: bug_log logs one bug, open, and its words cannot be changed afterwards', async () => {
    const db = await database();
    const bug = { title: 'Backups fail', detail: 'Since Monday.', severity: 'high' };
    const context = contextOf(db);
    expect(await run('bug_log', bug, context)).toMatchObject({
      ok: true,
      value: { id: 'bug_0123456789abcdef_7' },
    });
    await run('bug_log', { ...bug, title: 'Other words' }, context);
    expect(await readBug(db, 'acme', 'bug_0123456789abcdef_7')).toMatchObject({
      title: 'Backups fail',
      status: 'open',
      pipeline_id: 'pl_0123456789abcdef',
    });
    expect(await readBug(db, 'other', 'bug_0123456789abcdef_7')).toBeNull();
    await expect(db.prepare("UPDATE bugs SET title = 'x'").run()).rejects.toThrow('only its status');
    await db.prepare("UPDATE bugs SET status = 'resolved', updated_at = '2026-11-23'").run();
    await expect(db.prepare('DELETE FROM bugs').run()).rejects.toThrow('on record');
  });

  it('GOV-6: artifact_write keeps files within its limits, once, without secrets', async () => {
    const db = await database();
    const file = { name: 'plan.md', media_type: 'text/markdown', content: `# Plan\npassword=${DB_PASSWORD}` };
    const write = (n: number, more: object = {}) =>
      run('artifact_write', { ...file, ...more }, contextOf(db, { action_id: `ac_0123456789abcdef_${n}` }));
    expect(await write(1)).toMatchObject({
      ok: true,
      value: { id: 'art_0123456789abcdef_1', name: 'plan.md' },
    });
    const kept = await readArtifact(db, 'acme', 'art_0123456789abcdef_1');
    expect(kept?.content).not.toContain(DB_PASSWORD);
    expect(kept?.origin).toBe('["untrusted"]');
    for (let n = 2; n <= ARTIFACT_LIMITS.count; n++) expect(await write(n)).toMatchObject({ ok: true });
    expect(await write(ARTIFACT_LIMITS.count + 1)).toMatchObject({ ok: false, code: 'too_many' });
    // The same step again is not one more.
    expect(await write(1)).toMatchObject({ ok: true });
    expect(await write(99, { content: 'é'.repeat(ARTIFACT_LIMITS.bytes / 2 + 1) })).toMatchObject({
      code: 'too_large',
    });
    for (const name of ['../etc/passwd', 'a/b', ''])
      expect(await write(98, { name })).toMatchObject({ code: 'invalid_arguments' });
    await expect(db.prepare('DELETE FROM artifacts').run()).rejects.toThrow('append-only');
  });

  it('REL-3: a database that is away makes each of them wait, and says nothing of why', async () => {
    const calls: [string, Record<string, unknown>][] = [
      ['memory_write', { title: 'a', summary: 'b', content: 'c' }],
      ['bug_log', { title: 'a', detail: 'b', severity: 'low' }],
      ['artifact_write', { name: 'a.md', media_type: 'text/plain', content: 'x' }],
      ['ledger_query', {}],
    ];
    for (const [tool, args] of calls) {
      const outcome = await run(tool, args, contextOf(away));
      expect(outcome).toMatchObject({ ok: false, transient: true });
      expect(JSON.stringify(outcome)).not.toContain('D1_ERROR');
    }
  });
});

describe('ledger_query', () => {
  it('GOV-6, TEN-1: sees the own project of the own tenant, bounded, and marks it as untrusted', async () => {
    const db = await database();
    const pipelines = [
      new FakePipeline('pl_mine', 1).commit(...beginning, ...ending, ...notes(40)),
      new FakePipeline('pl_sister', 2).commit(...notes(2)),
      new FakePipeline('pl_foreign', 1, 'rival').commit(...notes(2)),
    ];
    await handleLedgerBatch(batchOf(pipelines.map((p) => hint(p))), {
      db,
      pipeline: (_tenant, id) => (pipelines.find((p) => p.id === id) as FakePipeline).rpc(),
      tree: () => new FakeLog(),
      log() {},
      now: () => '2026-01-02T00:00:00.000Z',
    });
    const own = contextOf(db, { project_id: 'pr_odd' });
    const outcome = await run('ledger_query', { limit: 50 }, own);
    if (!outcome.ok) throw new Error(outcome.code);
    const { events } = outcome.value as { events: { pipeline_id: string; content: string }[] };
    expect(events.length).toBeGreaterThan(0);
    expect(new Set(events.map((e) => e.pipeline_id))).toEqual(new Set(['pl_mine']));
    expect(outcome.origin).toContain('untrusted');
    expect(Math.max(...events.map((e) => new TextEncoder().encode(e.content).length))).toBeLessThanOrEqual(
      700,
    );
    const one = await run('ledger_query', { type: 'violation_recorded' }, own);
    expect(one).toMatchObject({
      value: { events: [{ pipeline_id: 'pl_mine', type: 'violation_recorded', seq: 6 }] },
    });
    for (const pipeline_id of ['pl_foreign', 'pl_sister'])
      expect(await run('ledger_query', { pipeline_id }, own)).toMatchObject({ value: { events: [] } });
    expect(await run('ledger_query', { words: 'evil' }, own)).toMatchObject({
      value: { events: [{ type: 'violation_recorded' }, { type: 'action_requested' }] },
    });
    expect(await run('ledger_query', { pipeline_id: 'pl_none' }, own)).toMatchObject({
      value: { events: [] },
    });
    expect(await run('ledger_query', { limit: 51 }, own)).toMatchObject({ code: 'invalid_arguments' });
  });
});

describe('secret_read', () => {
  const value = { username: 'shop', password: DB_PASSWORD };
  it('GOV-6, GOV-3: gives a handle, field names and a hash; never the value; and leaves the label behind', async () => {
    const read = async () => ({ ok: true as const, value });
    const outcome = await run(
      'secret_read',
      { path: 'tier1/checkout/db' },
      contextOf(away, { readSecret: read }),
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        handle: 'secret://tier1/checkout/db',
        fields: ['password', 'username'],
        sha256: hashJson({ tenant: 'acme', path: 'tier1/checkout/db', value }),
      },
    });
    expect(JSON.stringify(outcome)).not.toContain(DB_PASSWORD);
    expect(TOOLS.get('secret_read')?.rule).toMatchObject({
      labels: ['read_secret'],
      min_tier: 1,
      external: false,
    });
  });

  it('GOV-6, CRED-1: other paths are not asked for, and Vault’s refusals are told apart', async () => {
    const asked: string[] = [];
    const refusing = (kind: 'not_found' | 'denied' | 'token_dead' | 'sealed') => async (path: string) => {
      asked.push(path);
      return { ok: false as const, error: { kind, retryable: kind === 'sealed', message: '' } };
    };
    for (const path of ['models/openrouter', 'tier1', 'tier1/../models/x', 'tier3/x', '/tier1/x', 'tier1//x'])
      expect(
        await run('secret_read', { path }, contextOf(away, { readSecret: refusing('denied') })),
      ).toMatchObject({
        code: 'invalid_arguments',
      });
    expect(asked).toEqual([]);
    for (const [kind, code, transient] of [
      ['not_found', 'not_found', false],
      ['denied', 'denied', false],
      ['token_dead', 'token_dead', false],
      ['sealed', 'vault_unavailable', true],
    ] as const)
      expect(
        await run('secret_read', { path: 'tier1/a' }, contextOf(away, { readSecret: refusing(kind) })),
      ).toMatchObject({ ok: false, code, transient });
  });
});

describe('webhook_dispatch', () => {
  const call = {
    url: 'https://hooks.example.com/release',
    event: 'release.approved',
    data: { version: '1.2' },
  };
  const signing = async (path: string) => {
    expect(path).toBe('tier2/webhooks');
    return { ok: true as const, value: { key: 'a-signing-key' } };
  };
  const answering = (status: number) => {
    const sent: Request[] = [];
    const send: typeof fetch = async (input, init) => {
      sent.push(new Request(String(input), init as RequestInit));
      return new Response('an answer that nobody reads', { status });
    };
    return { sent, context: contextOf(away, { readSecret: signing, fetch: send }) };
  };

  it('GOV-6, REC-6: is sent once, to a listed host, signed over time and body; the answer’s text is not taken in', async () => {
    const { sent, context } = answering(202);
    const outcome = await run('webhook_dispatch', call, context);
    expect(outcome).toEqual({
      ok: true,
      value: { status: 202, delivered: true },
      origin: ['tool:webhook_dispatch'],
    });
    const [request] = sent;
    const body = await request!.text();
    expect(JSON.parse(body)).toEqual({
      event: 'release.approved',
      pipeline_id: 'pl_0123456789abcdef',
      action_id: 'ac_0123456789abcdef_7',
      data: { version: '1.2' },
    });
    const timestamp = request!.headers.get('x-ags-timestamp');
    const expected = createHmac('sha256', 'a-signing-key').update(`${timestamp}.${body}`).digest('hex');
    expect(request!.headers.get('x-ags-signature')).toBe(`sha256=${expected}`);
    expect(request!.headers.get('idempotency-key')).toBe('ac_0123456789abcdef_7');
    expect(TOOLS.get('webhook_dispatch')?.rule).toMatchObject({
      effect: 'once',
      min_tier: 2,
      external: true,
    });
  });

  it('REC-6: without an answer, or with a failing one, nobody knows; a refusal is a failure; a redirect is not followed', async () => {
    expect(await run('webhook_dispatch', call, contextOf(away, { readSecret: signing }))).toMatchObject({
      ok: false,
      unknown: true,
    });
    expect(await run('webhook_dispatch', call, answering(503).context)).toMatchObject({
      ok: false,
      unknown: true,
    });
    expect(await run('webhook_dispatch', call, answering(404).context)).toMatchObject({
      ok: false,
      unknown: false,
    });
    const moved = answering(307);
    expect(await run('webhook_dispatch', call, moved.context)).toMatchObject({ ok: false });
    expect(moved.sent).toHaveLength(1);
  });

  it('GOV-6: unlisted, private and plain addresses get nothing, and nothing is sent unsigned or oversized', async () => {
    const { sent, context } = answering(200);
    for (const url of [
      'https://evil.example.com/x',
      'http://hooks.example.com/x',
      'https://127.0.0.1/x',
      'https://hooks.example.com@evil.test/',
    ])
      expect(await run('webhook_dispatch', { ...call, url }, context)).toMatchObject({ ok: false });
    const keyless = contextOf(away, { fetch: context.fetch });
    expect(await run('webhook_dispatch', call, keyless)).toMatchObject({ ok: false, code: 'no_signing_key' });
    const large = { ...call, data: { text: 'x'.repeat(70_000) } };
    expect(await run('webhook_dispatch', large, context)).toMatchObject({ ok: false, code: 'too_large' });
    expect(sent).toEqual([]);
  });
});
