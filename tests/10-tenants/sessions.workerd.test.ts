import { beforeAll, describe, expect, it } from 'vitest';
import { answer, ask, makeTenant, ORIGIN, type TestTenant } from '#tests/support/worker.ts';

let acme: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
});

const OWN = { origin: ORIGIN, 'x-ags-csrf': '1' };
const cookieIn = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const signIn = async (body: object, headers: Record<string, string> = {}) =>
  ask('/api/auth/session', { body, headers });
const withCookie = (cookie: string, more: Record<string, string> = {}) => ({ cookie, ...more });

describe('sessions', () => {
  it('TEN-3: a key signs in into an HttpOnly, SameSite, Secure cookie that then answers for its owner', async () => {
    const response = await signIn({ key: acme.keys.operator });
    expect(response.status).toBe(201);
    const header = response.headers.get('set-cookie') ?? '';
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/'])
      expect(header).toContain(attribute);
    const who = await answer('/api/auth/whoami', { headers: withCookie(cookieIn(response)) });
    expect(who.body).toMatchObject({ role: 'operator', via: 'session', subject_id: acme.person });
  });

  it('TEN-3: a mutation by session needs our own Origin and the CSRF header; a key does not', async () => {
    const cookie = cookieIn(await signIn({ key: acme.keys.admin }));
    const post = (headers: Record<string, string>) =>
      answer('/api/projects', { body: { name: `p${crypto.randomUUID()}` }, headers });
    expect((await post(withCookie(cookie))).status).toBe(403);
    expect((await post(withCookie(cookie, { origin: ORIGIN }))).body.code).toBe('origin_refused');
    expect((await post(withCookie(cookie, { ...OWN, origin: 'https://evil.test' }))).status).toBe(403);
    expect((await post(withCookie(cookie, { ...OWN, origin: 'null' }))).status).toBe(403);
    expect((await post(withCookie(cookie, OWN))).status).toBe(201);
    expect((await answer('/api/projects', { key: acme.keys.admin, body: { name: 'by key' } })).status).toBe(
      201,
    );
  });

  it('TEN-3: another site cannot sign a browser in', async () => {
    const response = await signIn({ key: acme.keys.viewer }, { origin: 'https://evil.test' });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('TEN-3: a sign-in link works once', async () => {
    const link = await answer<{ url: string; token: string }>('/api/auth/links', {
      key: acme.keys.operator,
      body: { ttl_s: 60 },
    });
    expect(link.status).toBe(201);
    expect(link.body.url).toBe(`${ORIGIN}/signin?token=${link.body.token}`);
    const first = await signIn({ link_token: link.body.token });
    expect(first.status).toBe(201);
    expect(await first.json()).toMatchObject({ role: 'operator' });
    expect((await signIn({ link_token: link.body.token })).status).toBe(401);
  });

  it('TEN-3: signing out ends the session on the server, not only the cookie', async () => {
    const cookie = cookieIn(await signIn({ key: acme.keys.viewer }));
    const out = await ask('/api/auth/session', { method: 'DELETE', headers: withCookie(cookie, OWN) });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await answer('/api/auth/whoami', { headers: withCookie(cookie) })).status).toBe(401);
  });

  it('TEN-2 TEN-3: sessions, links and tickets die with the key they came from', async () => {
    const key = await acme.newKey({ role: 'operator' });
    const cookie = cookieIn(await signIn({ key: key.secret }));
    const link = await answer<{ token: string }>('/api/auth/links', { key: key.secret, body: {} });
    await ask(`/api/keys/${key.key_id}`, { method: 'DELETE', key: acme.keys.admin });
    expect((await answer('/api/auth/whoami', { headers: withCookie(cookie) })).status).toBe(401);
    expect((await signIn({ link_token: link.body.token })).status).toBe(401);
  });

  it('TEN-3: a ticket opens one socket and no other door', async () => {
    const { body } = await answer<{ ticket: string }>('/api/tickets', { key: acme.keys.viewer, body: {} });
    const open = () => ask(`/api/stream?ticket=${body.ticket}`, { headers: { upgrade: 'websocket' } });
    expect((await answer(`/api/auth/whoami?ticket=${body.ticket}`)).status).toBe(401);
    const first = await open();
    expect(first.status).toBe(101);
    first.webSocket?.accept();
    first.webSocket?.close();
    expect((await open()).status).toBe(401);
  });

  it('TEN-3: a stream refuses a cookie alone, and plain HTTP', async () => {
    const cookie = cookieIn(await signIn({ key: acme.keys.viewer }));
    const byCookie = await ask('/api/stream', { headers: withCookie(cookie, { upgrade: 'websocket' }) });
    expect(byCookie.status).toBe(401);
    expect((await answer('/api/stream', { key: acme.keys.viewer })).status).toBe(426);
  });
});
