import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import {
  answer,
  ask,
  makeTenant,
  migrateLedger,
  planSource,
  spawnBody,
  type TestTenant,
} from '#tests/support/worker.ts';

/** What somebody meets who has the document and a key, and nothing else. */
interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters: { name: string; in: string }[];
        responses: Record<string, { description: string; content?: Record<string, unknown> }>;
      }
    >
  >;
}

let acme: TestTenant;
let document: Document;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
  document = (await answer<Document>('/api/openapi.json')).body;
});

/** Fails where the refusal is not among those that the document has for the endpoint. */
async function refused(path: string, a: { key: string; body?: object }): Promise<Problem> {
  const { status, body } = await answer<Problem>(path, a);
  const operation = document.paths[path.split('?')[0] ?? '']?.[a.body ? 'post' : 'get'];
  expect(operation?.responses[status]?.description ?? 'no such status').toContain(`\`${body.code}\``);
  return body;
}

describe('what the document says is what is answered', () => {
  it('API-2: an answer has the media type that the document names, pages and schemas too', async () => {
    for (const path of ['/api/docs', '/api/docs/errors', '/api/plans/schema.json', '/api/openapi.json']) {
      const type = (await ask(path)).headers.get('content-type')?.split(';')[0];
      expect([path, Object.keys(document.paths[path]?.get?.responses[200]?.content ?? {})]).toEqual([
        path,
        [type],
      ]);
    }
  });

  it('API-2 PIPE-9 GOV-8: the Idempotency-Key stands where it counts', () => {
    const takes = Object.entries(document.paths)
      .filter(([, { post }]) => post?.parameters.some(({ name }) => name === 'Idempotency-Key'))
      .map(([path]) => path);
    expect(takes.sort()).toEqual([
      '/api/actions',
      '/api/agents',
      '/api/keys',
      '/api/keys/{key_id}/rotate',
      '/api/mcp-servers',
      '/api/memory',
      '/api/people',
      '/api/pipeline/fork',
      '/api/policies',
      '/api/projects',
      '/api/spawn',
      '/api/tenants',
      '/api/tenants/{tenant}/bootstrap-key',
    ]);
  });

  it('API-2 ENF-6: that a kill switch stands is among the documented refusals of all that starts a run', async () => {
    const { body: run } = await answer<Pipeline>('/api/spawn', {
      key: acme.keys.operator,
      body: spawnBody(),
    });
    const { body: kill } = await answer<{ kill_id: string }>('/api/kill-switches', {
      key: acme.keys.admin,
      body: { scope: 'tenant', id: 'acme', reason: 'a drill' },
    });
    const starts = {
      '/api/spawn': spawnBody(),
      '/api/agents': { name: 'a', framework: 'f', tier: 0 },
      '/api/pipeline/fork': { pipeline_id: run.pipeline_id, at: 1 },
    };
    for (const [path, body] of Object.entries(starts))
      expect((await refused(path, { key: acme.keys.operator, body })).code).toBe('killed');
    const lifted = await ask(`/api/kill-switches/${kill.kill_id}/lift`, {
      key: acme.keys.admin,
      body: { reason: 'it was one' },
    });
    expect(lifted.status).toBe(200);
  });

  it('API-2 ENF-4: that an agent asks too often is a documented 429', () => {
    expect(document.paths['/api/actions']?.post?.responses[429]?.description).toContain('`rate_limited`');
  });

  it('API-1 CRED-5: of a run that ended before it had a token none was revoked', async () => {
    const { body: run } = await answer<Pipeline>('/api/spawn', {
      key: acme.keys.operator,
      body: spawnBody(),
    });
    const { pipeline_id } = run;
    await ask('/api/pipeline/cancel', { key: acme.keys.operator, body: { pipeline_id, reason: 'r' } });
    const { body } = await answer(`/api/pipeline/token?pipeline_id=${pipeline_id}`, {
      key: acme.keys.viewer,
    });
    expect(body).toMatchObject({ status: 'none', issued_at: null, revoked_at: null });
  });

  it('API-2: a key that opened another external run is a documented conflict of POST /api/agents', async () => {
    const register = (name: string) =>
      answer('/api/agents', {
        key: acme.keys.operator,
        body: { name, framework: 'f', tier: 0 },
        headers: { 'idempotency-key': 'the-one' },
      });
    expect((await register('one')).status).toBe(201);
    const { status, body } = await register('another');
    expect([status, body.code]).toEqual([409, 'idempotency_conflict']);
    expect(document.paths['/api/agents']?.post?.responses[409]?.description).toContain(
      '`idempotency_conflict`',
    );
  });

  it('API-1: errors of a pipeline that is not there are a documented 404, whatever the id looks like', async () => {
    for (const id of ['pl_nothing0000', 'zz', '…'])
      expect(
        await refused(`/api/observability/errors?pipeline_id=${encodeURIComponent(id)}`, {
          key: acme.keys.viewer,
        }),
      ).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('what a caller may send', () => {
  it('API-1: a time is RFC 3339 in UTC, with or without milliseconds', async () => {
    const { body: run } = await answer<Pipeline>('/api/spawn', {
      key: acme.keys.operator,
      body: spawnBody(),
    });
    const second = `${run.created_at.slice(0, 19)}Z`;
    const since = (time: string) => ask(`/api/pipelines?since=${time}`, { key: acme.keys.viewer });
    expect((await since(second)).status).toBe(200);
    expect((await since('2026-11-30')).status).toBe(422);
    expect((await since('2026-11-30T00:00:00%2B02:00')).status).toBe(422);
    const made = await acme.newKey({ role: 'viewer', expires_at: '2099-01-01T00:00:00Z' });
    const { body: keys } = await answer<{ items: { key_id: string; expires_at: string | null }[] }>(
      '/api/keys',
      { key: acme.keys.admin },
    );
    expect(keys.items.find((k) => k.key_id === made.key_id)?.expires_at).toBe('2099-01-01T00:00:00.000Z');
  });

  it('API-2: a cursor that no list gave is refused by each of them, instead of beginning anew', async () => {
    const lists = Object.entries(document.paths)
      .filter(([, { get }]) => get?.parameters.some(({ name }) => name === 'cursor'))
      .map(([path]) => path)
      // It wants a format besides, and reads the same pages as the ledger's list.
      .filter((path) => path !== '/api/ledger/export');
    expect(lists.length).toBeGreaterThan(5);
    // Not base64, no JSON, a key of no list's length.
    for (const path of lists)
      for (const cursor of ['bogus!', 'W10x', btoa('[1,2,3,4]').replaceAll('=', '')])
        expect([path, cursor, await refused(`${path}?cursor=${cursor}`, { key: acme.keys.admin })]).toEqual([
          path,
          cursor,
          expect.objectContaining({ status: 422, field: 'cursor' }),
        ]);
  });

  it('API-2: a parameter that a command does not know is refused like a field', async () => {
    const { body } = await answer<Problem>('/api/pipeline/cancel?dry_run=true', {
      key: acme.keys.operator,
      body: { pipeline_id: 'pl_nothing0000', reason: 'r' },
    });
    expect(body).toMatchObject({ status: 422, code: 'validation_failed', field: 'dry_run' });
  });
});

describe('what is asked twice', () => {
  it('API-1 PIPE-9: a repeated spawn, or fork, answers with the body of the first, whatever happened since', async () => {
    const twice = async (path: string, body: object, between: (id: string) => Promise<unknown>) => {
      const send = () =>
        answer<Pipeline>(path, { key: acme.keys.operator, body, headers: { 'idempotency-key': path } });
      const first = await send();
      expect(first.status).toBe(201);
      await between(first.body.pipeline_id);
      const again = await send();
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      return first.body.pipeline_id;
    };
    const cancel = async (pipeline_id: string) => {
      const { body } = await answer<Pipeline>('/api/pipeline/cancel', {
        key: acme.keys.operator,
        body: { pipeline_id, reason: 'so that it is another' },
      });
      expect(body.state).toBe('FAILED');
    };
    const id = await twice('/api/spawn', { plan: { source: planSource({ name: 'twice' }) } }, cancel);
    await twice('/api/pipeline/fork', { pipeline_id: id, at: 1 }, cancel);
  });
});
