import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { REPEATS_KEPT_MS } from '#objects/tenant/repeats.ts';
import {
  answer,
  env,
  makeTenant,
  migrateLedger,
  PLATFORM_KEY,
  type TestTenant,
} from '#tests/support/worker.ts';

/** API-2: what makes something makes it once under one Idempotency-Key, and answers as the first time. */

let acme: TestTenant;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
});

type Made = Record<string, unknown> & Problem;
const post = (path: string, body: object, idempotencyKey: string, key = acme.keys.admin) =>
  answer<Made>(path, { key, body, headers: { 'Idempotency-Key': idempotencyKey } });
const list = async (path: string): Promise<unknown[]> =>
  (await answer<{ items: unknown[] }>(path, { key: acme.keys.admin })).body.items;

const KINDS = [
  ['/api/people', () => ({ name: 'Ada', kind: 'service' }), { name: 'Eve', kind: 'service' }],
  ['/api/projects', () => ({ name: 'checkout' }), { name: 'billing' }],
  [
    '/api/keys',
    () => ({ name: 'ci', owner: acme.person, role: 'viewer' }),
    { name: 'ci', owner: 'x', role: 'admin' },
  ],
  ['/api/policies', () => ({ cedar: '', note: 'none' }), { cedar: '', note: 'other' }],
  ['/api/memory', () => ({ title: 'notes', text: 'of the day' }), { title: 'notes', text: 'of the night' }],
] as const;

describe('a request that comes again under its Idempotency-Key', () => {
  it.each(KINDS)(
    'API-2: %s makes one thing, answers it again, and refuses another body',
    async (path, body, other) => {
      const before = (await list(path)).length;
      const first = await post(path, body(), 'k-1');
      const second = await post(path, body(), 'k-1');
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.body).toEqual(first.body);
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect((await list(path)).length).toBe(before + 1);
      expect(await post(path, other, 'k-1')).toMatchObject({
        status: 409,
        body: { code: 'idempotency_conflict', remedy: expect.stringContaining('Idempotency-Key') },
      });
      expect((await list(path)).length).toBe(before + 1);
    },
  );

  it('API-2: sent twice at once it is made once', async () => {
    const body = { name: 'twin', kind: 'service' };
    const [a, b] = await Promise.all([
      post('/api/people', body, 'at-once'),
      post('/api/people', body, 'at-once'),
    ]);
    expect(a.body).toEqual(b.body);
  });

  it('API-2 TEN-2: a rotation that comes again gives the same new key, and the tables hold no secret', async () => {
    const key = await acme.newKey({ role: 'viewer' });
    const path = `/api/keys/${key.key_id}/rotate`;
    const first = await post(path, { overlap_s: 60 }, 'rotate');
    const second = await post(path, { overlap_s: 60 }, 'rotate');
    expect(second.body).toEqual(first.body);
    const secret = String(first.body.secret);
    expect((await answer('/api/auth/whoami', { key: secret })).status).toBe(200);
    const stored = await runInDurableObject(env.CONTROL.getByName('t/acme/control'), (_, state) =>
      ['keys', 'repeats', 'changes'].map((table) =>
        state.storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      ),
    );
    expect(JSON.stringify(stored)).not.toContain(secret.split('_').at(-1));
    expect(JSON.stringify(stored)).toContain(first.body.key_id);
  });

  it('API-2: the same key of somebody else, or at another address, is another request', async () => {
    const body = { name: 'mine', kind: 'service' };
    const first = await post('/api/people', body, 'shared');
    const second = (await acme.newKey({ role: 'admin', owner: await acme.newSubject('person') })).secret;
    const theirs = await post('/api/people', body, 'shared', second);
    expect(theirs.body.subject_id).not.toBe(first.body.subject_id);
    expect((await post('/api/projects', { name: 'shared' }, 'shared')).status).toBe(201);
  });

  it('API-2: a refusal is not kept: the request is judged again', async () => {
    await post('/api/projects', { name: 'taken' }, 'a');
    expect((await post('/api/projects', { name: 'taken' }, 'b')).body.code).toBe('already_exists');
    expect((await post('/api/projects', { name: 'taken-not' }, 'b')).status).toBe(201);
  });

  it('API-2: after a week the key is free for a new request', async () => {
    const body = { name: 'weekly', owner: acme.person, role: 'viewer' };
    const first = await post('/api/keys', body, 'weekly');
    const passes = (ms: number) =>
      runInDurableObject(env.CONTROL.getByName('t/acme/control'), (_, state) => {
        state.storage.sql.exec('UPDATE repeats SET at = at - ?', ms);
      });
    await passes(REPEATS_KEPT_MS - 60_000);
    expect((await post('/api/keys', body, 'weekly')).body).toEqual(first.body);
    await passes(60_001);
    const later = await post('/api/keys', body, 'weekly');
    expect(later.status).toBe(201);
    expect(later.body.key_id).not.toBe(first.body.key_id);
    expect(later.body.secret).not.toBe(first.body.secret);
  });

  it('API-2: a tenant that was made, and its first key, are answered again; without the key the tenant exists', async () => {
    const body = { tenant: 'again', name: 'Again' };
    const first = await post('/api/tenants', body, 't-1', PLATFORM_KEY);
    const second = await post('/api/tenants', body, 't-1', PLATFORM_KEY);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await post('/api/tenants', body, 't-2', PLATFORM_KEY)).body.code).toBe('already_exists');
    const key = await post('/api/tenants/again/bootstrap-key', {}, 'b-1', PLATFORM_KEY);
    expect((await post('/api/tenants/again/bootstrap-key', {}, 'b-1', PLATFORM_KEY)).body).toEqual(key.body);
  });
});
