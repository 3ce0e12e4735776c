import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';

let services: EmbeddedServices;
beforeAll(async () => {
  services = await startEmbedded();
});
afterAll(() => services.stop());

/** Node's fetch sets Host by itself; this sends the one it is told. */
function getAs(host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${services.url}${path}`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the embedded Worker', () => {
  it('RUN-4: marks every answer as embedded, errors too, and lists its services', async () => {
    for (const path of [
      '/health',
      '/vault/v1/sys/health',
      '/vault/v1/x',
      '/vault/%zz',
      '/redis/ping',
      '/nothing',
    ]) {
      const response = await fetch(`${services.url}${path}`);
      expect([path, response.headers.get('x-ags-embedded')]).toEqual([path, '1']);
      expect(response.status).toBeLessThan(500);
      await response.body?.cancel();
    }
    const health = (await (await fetch(`${services.url}/health`)).json()) as { services: object };
    expect(Object.keys(health.services)).toEqual(['vault', 'redis', 'model']);
  });

  it('RUN-4: answers on loopback names only, so that a deployed copy would serve nobody', async () => {
    expect(await getAs('localhost', '/health')).toBe(200);
    expect(await getAs('ags-embedded.example.workers.dev', '/health')).toBe(403);
    expect(await getAs('evil.example', '/vault/v1/sys/health')).toBe(403);
  });

  it('SEC-2: hostile requests to Vault and store get a client error', async () => {
    const vault = (path: string, body: string) =>
      fetch(`${services.url}/vault/v1/${path}`, {
        method: 'POST',
        headers: { 'x-vault-token': services.rootToken },
        body,
      });
    const bad: [string, string][] = [
      ['secret/data/x', '[]'],
      ['secret/data/x', '{"data": 7}'],
      ['secret/data/x', '{"data": {}, "options": {"cas": "x"}}'],
      ['secret/delete/x', '{"versions": "all"}'],
      ['auth/token/create', '{"ttl": "soon"}'],
      ['auth/token/create', '{"policies": {"a": 1}}'],
      ['auth/token/create', '{"num_uses": -1}'],
      ['auth/token/create/none', '{}'],
      ['auth/token/roles/r', '{"token_type": "batch"}'],
      ['auth/token/renew-accessor', '{}'],
      ['sys/policies/acl/p', '{"policy": 5}'],
      ['sys/policies/acl/root', '{"policy": "x"}'],
      ['sys/auth/ldap', '{"type": "ldap"}'],
      ['sys/auth', 'null'],
      ['sys/capabilities-self', '{}'],
    ];
    for (const [path, body] of bad) {
      const { status } = await vault(path, body);
      expect([path, body, status >= 400 && status < 500]).toEqual([path, body, true]);
    }
    expect((await vault('secret/data/x', `{"data":{"v":"${'x'.repeat(1_100_000)}"}}`)).status).toBe(413);
    const redis = (path: string, body: string) =>
      fetch(`${services.url}/redis${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${services.redisToken}` },
        body,
      });
    const words = [
      '[]',
      '[null]',
      'x',
      '["SET"]',
      '["KEYS","[z-a]"]',
      '["LRANGE","k","a","b"]',
      '["ZADD","k","nan","m"]',
    ];
    for (const body of words) {
      const { status } = await redis('', body);
      expect([body, status < 500]).toEqual([body, true]);
    }
    expect((await redis('/pipeline', '{"a":1}')).status).toBe(400);
    expect((await redis('/get/%zz', '')).status).toBe(400);
  });
});
