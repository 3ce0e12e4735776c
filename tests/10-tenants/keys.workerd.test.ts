import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '#contract/access.ts';
import type { Problem } from '#contract/problem.ts';
import type { KeyRecord } from '#objects/tenant/rpc.ts';
import { answer, env, makeTenant, PLATFORM_KEY, type TestTenant } from '#tests/support/worker.ts';

let acme: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
});

const whoami = (key: string) => answer<Caller & Problem>('/api/auth/whoami', { key });

describe('keys', () => {
  it('TEN-2 TEN-5: a key says whose it is, in which role, and belongs to a named person', async () => {
    const { status, body } = await whoami(acme.keys.operator);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      tenant: 'acme',
      subject_id: acme.person,
      subject_kind: 'person',
      role: 'operator',
      via: 'key',
    });
  });

  it('TEN-2: a key has prefix and id, and its secret is shown once', async () => {
    const key = await acme.newKey({ role: 'viewer' });
    expect(key.secret).toMatch(new RegExp(`^ags_acme_${key.key_id}_[a-z0-9]{32}$`));
    const { body } = await answer<{ items: KeyRecord[] }>('/api/keys', { key: acme.keys.admin });
    expect(body.items.map((k) => k.key_id)).toContain(key.key_id);
    expect(JSON.stringify(body)).not.toContain(key.secret.split('_').at(-1));
  });

  it('TEN-2 SEC-3: the database holds a keyed hash, never the secret', async () => {
    const key = await acme.newKey({ role: 'viewer' });
    const stub = env.CONTROL.getByName('t/acme/control');
    const stored = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec('SELECT * FROM keys').toArray(),
    );
    const text = JSON.stringify(stored);
    expect(text).toContain(key.key_id);
    expect(text).not.toContain(key.secret.split('_').at(-1));
  });

  it('TEN-2: one changed character of the secret refuses the key', async () => {
    const key = acme.keys.viewer;
    const wrong = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    const { status, body, headers } = await whoami(wrong);
    expect(status).toBe(401);
    expect(body.code).toBe('unauthenticated');
    expect(headers.get('www-authenticate')).toContain('Bearer');
  });

  it('TEN-1: a key with another tenant’s name in it opens neither tenant', async () => {
    expect((await whoami(acme.keys.admin.replace('ags_acme_', 'ags_other-co_'))).status).toBe(401);
  });

  it('TEN-2: a revoked key is refused at the next request', async () => {
    const key = await acme.newKey({ role: 'viewer' });
    expect((await whoami(key.secret)).status).toBe(200);
    const gone = await answer(`/api/keys/${key.key_id}`, { method: 'DELETE', key: acme.keys.admin });
    expect(gone.status).toBe(204);
    expect((await whoami(key.secret)).status).toBe(401);
  });

  it('TEN-2: an expired key is refused', async () => {
    const past = new Date(Date.now() - 1_000).toISOString();
    const key = await acme.newKey({ role: 'viewer', expires_at: past });
    expect((await whoami(key.secret)).status).toBe(401);
  });

  it('TEN-2: after a rotation with overlap both keys work, without overlap only the new one', async () => {
    const old = await acme.newKey({ role: 'operator' });
    const rotate = (overlap_s: number) =>
      answer<{ secret: string; key_id: string }>(`/api/keys/${old.key_id}/rotate`, {
        key: acme.keys.admin,
        body: { overlap_s },
      });
    const second = await rotate(600);
    expect(second.status).toBe(201);
    expect((await whoami(old.secret)).status).toBe(200);
    expect((await whoami(second.body.secret)).body.role).toBe('operator');
    const third = await rotate(0);
    expect((await whoami(old.secret)).status).toBe(401);
    expect((await whoami(third.body.secret)).status).toBe(200);
  });

  it('TEN-2: last use is on record, and one minute of requests writes it once', async () => {
    const key = await acme.newKey({ role: 'viewer' });
    const used = async () => {
      const { body } = await answer<{ items: KeyRecord[] }>('/api/keys', { key: acme.keys.admin });
      return body.items.find((k) => k.key_id === key.key_id)?.last_used_at;
    };
    expect(await used()).toBeNull();
    await whoami(key.secret);
    const first = await used();
    expect(first).not.toBeNull();
    await whoami(key.secret);
    expect(await used()).toBe(first);
  });

  it('TEN-2: an admin for one project cannot give itself the others', async () => {
    const { secret } = await acme.newKey({ role: 'admin', project_ids: [acme.project_id] });
    const body = { name: 'wider', owner: acme.person, role: 'admin' };
    expect((await answer('/api/keys', { key: secret, body })).status).toBe(403);
    expect((await answer('/api/projects', { key: secret, body: { name: 'mine' } })).status).toBe(403);
    expect((await answer('/api/projects', { key: secret })).status).toBe(200);
  });

  it('TEN-1: another tenant’s key id, person or project is a 404, as if it did not exist', async () => {
    const foreign = await other.newKey({ role: 'viewer' });
    const admin = acme.keys.admin;
    const gone = await answer(`/api/keys/${foreign.key_id}`, { method: 'DELETE', key: admin });
    expect(gone.status).toBe(404);
    expect((await whoami(foreign.secret)).status).toBe(200);
    const body = { name: 'x', owner: other.person, role: 'viewer' };
    expect((await answer('/api/keys', { key: admin, body })).status).toBe(404);
    const scoped = { ...body, owner: acme.person, project_ids: [other.project_id] };
    expect((await answer('/api/keys', { key: admin, body: scoped })).status).toBe(404);
  });
});

describe('the platform’s key', () => {
  it('TEN-2: makes and lists tenants, and opens no tenant’s data', async () => {
    const listed = await answer<{ items: { tenant: string }[] }>('/api/tenants', { key: PLATFORM_KEY });
    expect(listed.body.items.map((t) => t.tenant)).toEqual(expect.arrayContaining(['acme', 'other-co']));
    expect((await answer('/api/keys', { key: PLATFORM_KEY })).status).toBe(403);
    expect((await answer('/api/tenants', { key: acme.keys.admin })).status).toBe(403);
  });

  it('TEN-5: a tenant’s first key belongs to a service, ends within the hour, and can be made anew', async () => {
    const again = await answer<{ secret: string; expires_at: string }>('/api/tenants/acme/bootstrap-key', {
      key: PLATFORM_KEY,
      body: {},
    });
    expect(again.status).toBe(201);
    expect(Date.parse(again.body.expires_at) - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect((await whoami(again.body.secret)).body).toMatchObject({ subject_kind: 'service', role: 'admin' });
    const nowhere = await answer('/api/tenants/nowhere/bootstrap-key', { key: PLATFORM_KEY, body: {} });
    expect(nowhere.status).toBe(404);
  });

  it('TEN-1: a tenant that exists is not made again, nor taken over', async () => {
    const again = await answer('/api/tenants', { key: PLATFORM_KEY, body: { tenant: 'acme', name: 'Mine' } });
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('already_exists');
  });

  it('TEN-1: asking for a tenant that does not exist leaves nothing behind', async () => {
    await whoami(acme.keys.viewer.replace('ags_acme_', 'ags_ghost_'));
    const tables = await runInDurableObject(env.CONTROL.getByName('t/ghost/control'), (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'keys'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
