import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  ask,
  env,
  makeTenant,
  migrateLedger,
  ORIGIN,
  PLATFORM_KEY,
  type TestTenant,
} from '#tests/support/worker.ts';
import { ACCESS } from '#workers/api/index.ts';

let acme: TestTenant;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
});

const OWN = { origin: ORIGIN, 'x-ags-csrf': '1' };
const cookieIn = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const signIn = (key: string, headers: Record<string, string> = {}, over?: object) =>
  ask('/api/auth/platform', { body: { key }, headers, env: over });
const platformCookie = async () => cookieIn(await signIn(PLATFORM_KEY));
const tenantCookie = async (key: string) => cookieIn(await ask('/api/auth/session', { body: { key } }));

/** The platform's endpoints with a request that fits, so that a refusal is about who asks. */
const OF_THE_PLATFORM = [
  ['GET', '/api/tenants', undefined],
  ['POST', '/api/tenants', { tenant: 'taken-over', name: 'x' }],
  ['POST', '/api/tenants/acme/bootstrap-key', {}],
  ['GET', '/api/tenants/acme/quotas', undefined],
  ['PUT', '/api/tenants/acme/quotas', { live_pipelines: 1 }],
  ['GET', '/api/auth/platform', undefined],
  ['DELETE', '/api/auth/platform', undefined],
] as const;

describe('the platform admin’s session', () => {
  it('TEN-3: the key signs in into an HttpOnly, SameSite, Secure cookie of its own, for an hour', async () => {
    const response = await signIn(PLATFORM_KEY);
    expect(response.status).toBe(201);
    const header = response.headers.get('set-cookie') ?? '';
    expect(header).toMatch(/^ags_platform=plt_[a-z0-9]+; /);
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/'])
      expect(header).toContain(attribute);
    const seconds = Number(/Max-Age=(\d+)/.exec(header)?.[1]);
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
    const { expires_at } = (await response.json()) as { expires_at: string };
    const who = await answer('/api/auth/platform', { headers: { cookie: cookieIn(response) } });
    expect(who.body).toEqual({ expires_at });
  });

  it('TEN-1 TEN-3: it lists and makes tenants and sets their quotas', async () => {
    const headers = { cookie: await platformCookie(), ...OWN };
    const made = await answer<{ bootstrap: { secret: string } }>('/api/tenants', {
      headers,
      body: { tenant: 'globex', name: 'Globex' },
    });
    expect(made.status).toBe(201);
    expect((await answer('/api/auth/whoami', { key: made.body.bootstrap.secret })).body).toMatchObject({
      tenant: 'globex',
      role: 'admin',
    });
    const { body } = await answer<{ items: { tenant: string }[] }>('/api/tenants', { headers });
    expect(body.items.map((t) => t.tenant)).toEqual(expect.arrayContaining(['acme', 'globex']));
    const set = await answer('/api/tenants/globex/quotas', {
      method: 'PUT',
      headers,
      body: { live_pipelines: 7 },
    });
    expect(set.body).toMatchObject({ quotas: { live_pipelines: 7 }, allowed: { live_pipelines: 7 } });
  });

  it('TEN-3: a mutation needs our own Origin and the CSRF header, and another site cannot sign a browser in', async () => {
    const cookie = await platformCookie();
    const put = (headers: Record<string, string>) =>
      answer('/api/tenants/acme/quotas', {
        method: 'PUT',
        body: { live_pipelines: 99 },
        headers: { cookie, ...headers },
      });
    for (const headers of [
      {},
      { origin: ORIGIN },
      { ...OWN, origin: 'https://evil.test' },
      { ...OWN, origin: 'null' },
    ] as Record<string, string>[])
      expect((await put(headers)).body.code).toBe('origin_refused');
    expect((await put(OWN)).status).toBe(200);
    const elsewhere = await signIn(PLATFORM_KEY, { origin: 'https://evil.test' });
    expect([elsewhere.status, elsewhere.headers.get('set-cookie')]).toEqual([403, null]);
  });

  it('TEN-1 TEN-4: a tenant’s admin reaches none of it, by key, by session, or by a cookie in the other’s place', async () => {
    const session = await tenantCookie(acme.keys.admin);
    const token = session.split('=')[1];
    const tries: [string, { key?: string; headers?: Record<string, string> }, number][] = [
      ['key', { key: acme.keys.admin }, 403],
      ['session', { headers: { cookie: session, ...OWN } }, 403],
      ['session in the platform’s cookie', { headers: { cookie: `ags_platform=${token}`, ...OWN } }, 401],
      ['both', { headers: { cookie: `${session}; ags_platform=${token}`, ...OWN } }, 401],
      ['made up', { headers: { cookie: `ags_platform=plt_${'a'.repeat(32)}`, ...OWN } }, 401],
    ];
    const before = await answer('/api/tenants/acme/quotas', { key: PLATFORM_KEY });
    for (const [method, path, body] of OF_THE_PLATFORM)
      for (const [how, by, status] of tries) {
        const { status: got, body: said } = await answer(path, { method, body, ...by });
        expect([how, method, path, got]).toEqual([how, method, path, status]);
        expect(JSON.stringify(said)).not.toContain('globex');
      }
    expect((await signIn(acme.keys.admin)).status).toBe(401);
    expect((await answer('/api/tenants/acme/quotas', { key: PLATFORM_KEY })).body).toEqual(before.body);
    const { body } = await answer<{ items: { tenant: string }[] }>('/api/tenants', { key: PLATFORM_KEY });
    expect(body.items.some((t) => t.tenant === 'taken-over')).toBe(false);
    expect(
      OF_THE_PLATFORM.map(([method, path]) => `${method} ${path.replace('acme', '{tenant}')}`).sort(),
    ).toEqual(
      Object.entries(ACCESS)
        .filter(([, access]) => access === 'platform')
        .map(([name]) => name)
        .sort(),
    );
  });

  it('TEN-1: it opens no tenant’s data, and stands in for nobody’s session', async () => {
    const cookie = await platformCookie();
    const token = cookie.split('=')[1];
    for (const path of [
      '/api/auth/whoami',
      '/api/keys',
      '/api/people',
      '/api/quotas',
      '/api/ledger',
      '/api/kill-switches',
    ])
      for (const sent of [cookie, `ags_session=${token}`])
        expect([path, (await answer(path, { headers: { cookie: sent, ...OWN } })).status]).toEqual([
          path,
          401,
        ]);
    expect((await answer('/api/tenants', { key: token })).status).toBe(401);
    // Beside a tenant's session it changes nothing of that.
    const both = `${cookie}; ${await tenantCookie(acme.keys.viewer)}`;
    expect((await answer('/api/auth/whoami', { headers: { cookie: both } })).body).toMatchObject({
      role: 'viewer',
    });
    expect((await answer('/api/keys', { headers: { cookie: both } })).status).toBe(403);
  });

  it('TEN-3: signing out ends it on the server; so does its hour, and another key in the configuration', async () => {
    const cookie = await platformCookie();
    const later = await platformCookie();
    const is = async (sent: string, over?: object) =>
      (await answer('/api/tenants', { headers: { cookie: sent }, env: over })).status;
    expect([await is(cookie), await is(later)]).toEqual([200, 200]);
    expect(await is(cookie, { ...env, AGS_PLATFORM_KEY: `agsp_${'n'.repeat(40)}` })).toBe(401);
    const out = await ask('/api/auth/platform', { method: 'DELETE', headers: { cookie, ...OWN } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect([await is(cookie), await is(later)]).toEqual([401, 200]);
    await runInDurableObject(env.DIRECTORY.getByName('directory'), (_, { storage }) => {
      storage.sql.exec('UPDATE platform_sessions SET expires_at = ?', Date.now() - 1);
    });
    expect(await is(later)).toBe(401);
    // What has ended goes with the next sign-in; what is kept is no cookie's value.
    const kept = cookieIn(await signIn(PLATFORM_KEY));
    const rows = await runInDurableObject(env.DIRECTORY.getByName('directory'), (_, { storage }) =>
      storage.sql.exec('SELECT hash FROM platform_sessions').toArray(),
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(kept.split('=')[1]);
  });
});
