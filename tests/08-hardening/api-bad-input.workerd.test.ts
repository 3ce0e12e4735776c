import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { PROBLEMS } from '#contract/problem.ts';
import {
  answer,
  ask,
  env,
  makeTenant,
  ORIGIN,
  PLATFORM_KEY,
  spawnBody,
  type TestTenant,
} from '#tests/support/worker.ts';
import { ENDPOINTS } from '#workers/api/index.ts';

let acme: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  answer<Problem>(path, { method: 'POST', key: acme.keys.admin, body, headers });
const concrete = (path: string) => path.replace(/\{tenant\}/, 'acme').replace(/\{\w+\}/g, 'nothing_0000');

describe('bad input', () => {
  it('API-2 SEC-2: malformed JSON is a 400 that says where', async () => {
    const { status, body } = await post('/api/spawn', '{\n  "plan": {\n    "source": }\n}');
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'bad_json', status: 400 });
    expect(body.detail).toContain('Line 3, column 15');
  });

  it.each([
    ['[1, 2', 'Line 1, column 6'],
    ['{"a": "b', 'Line 1, column 7'],
    ['{"a": 01}', 'Line 1, column 8'],
    ['{"a": 1} x', 'Line 1, column 10'],
    ["{'a': 1}", 'Line 1, column 2'],
    [`${'['.repeat(30_000)}`, 'column 30001'],
  ])('API-2 SEC-2: %s is refused at its place', async (text, place) => {
    const { status, body } = await post('/api/spawn', text);
    expect(status).toBe(400);
    expect(body.detail).toContain(place);
  });

  it('API-2 SEC-2: half of a surrogate pair is refused before anything is hashed over it', async () => {
    const { status, body } = await post(
      '/api/pipeline/cancel',
      '{"pipeline_id": "pl_x", "reason": "\\ud800"}',
    );
    expect([status, body.code]).toEqual([400, 'bad_json']);
    const whole = await post('/api/projects', '{"name": "a whole one: \\ud83d\\ude00"}');
    expect(whole.status).toBe(201);
  });

  it('API-2: with a key the body is JSON whatever its Content-Type', async () => {
    const { status } = await answer('/api/projects', {
      key: acme.keys.admin,
      body: '{"name": "typed as text"}',
      headers: { 'content-type': 'text/plain' },
    });
    expect(status).toBe(201);
  });

  it('API-2: unknown fields are refused by name, in bodies and in queries', async () => {
    const body = await post('/api/projects', { name: 'x', colour: 'red' });
    expect(body).toMatchObject({ status: 422, body: { code: 'validation_failed', field: 'colour' } });
    const query = await answer<Problem>('/api/active-pipelines?stat=RUNNING', { key: acme.keys.viewer });
    expect(query).toMatchObject({ status: 422, body: { field: 'stat' } });
    const twice = await answer<Problem>('/api/active-pipelines?limit=1&limit=2', { key: acme.keys.viewer });
    expect(twice).toMatchObject({ status: 422, body: { field: 'limit' } });
  });

  it('API-2: a body over its limit is a 413, told by its length or cut off while it arrives', async () => {
    const big = JSON.stringify({ name: 'x'.repeat(70_000) });
    expect((await post('/api/projects', big)).body.code).toBe('payload_too_large');
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10_000).fill(120));
      },
    });
    const request = new Request(`${ORIGIN}/api/projects`, {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.keys.admin}` },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    const response = await ask('/api/projects', { request });
    expect(response.status).toBe(413);
  });

  it('API-2: an unknown path is a 404, a wrong method a 405 that says which there are', async () => {
    expect((await answer<Problem>('/api/nothing-here')).body).toMatchObject({
      status: 404,
      code: 'not_found',
    });
    const wrong = await answer<Problem>('/api/plans', { method: 'PUT', key: acme.keys.admin });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  it('SEC-2: no endpoint answers nonsense with a 5xx, whoever sends it', async () => {
    const nonsense = [
      '',
      '{}',
      '[]',
      'null',
      '"text"',
      '{"pipeline_id": 7}',
      '{"pipeline_id": "pl_nothing00"}',
      '\u0000',
    ];
    const odd: string[] = [];
    for (const { method, path, name } of ENDPOINTS)
      for (const key of [acme.keys.admin, PLATFORM_KEY])
        for (const body of method === 'GET' ? [undefined] : nonsense) {
          const query = method === 'GET' ? '?pipeline_id=%00&at=-1&limit=x&cursor=%F0' : '';
          // D1 has no tables in this file: that is the one 5xx with a meaning of its own.
          const { status } = await ask(concrete(path) + query, { method, key, body });
          if (status >= 500 && status !== 503) odd.push(`${name} ${body}: ${status}`);
        }
    expect(odd).toEqual([]);
  });

  it('API-2: ids that are none of ours are 404 or 422, never an object’s error', async () => {
    for (const id of ['pl_nothing00', 'pl_../../x', '%00', 'pl_'.padEnd(300, 'a')]) {
      const { status } = await answer(`/api/pipeline?pipeline_id=${encodeURIComponent(id)}`, {
        key: acme.keys.viewer,
      });
      expect([404, 422]).toContain(status);
    }
  });
});

describe('every answer', () => {
  it('API-2: a problem has type, title, status, code, detail, remedy and the caller’s trace', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { body, headers } = await answer<Problem>('/api/auth/whoami', {
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      type: '/api/docs/errors#unauthenticated',
      title: PROBLEMS.unauthenticated.title,
      status: 401,
      code: 'unauthenticated',
      trace_id: trace,
    });
    expect(body.detail).not.toBe('');
    expect(body.remedy).not.toBe('');
    expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(headers.get('traceparent')).not.toContain('00f067aa0ba902b7');
  });

  it('OBS-2: a malformed traceparent begins a trace of our own', async () => {
    for (const traceparent of ['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`]) {
      const { headers } = await answer('/healthz', { headers: { traceparent } });
      expect(headers.get('traceparent')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    }
  });

  it('SEC-1: security headers are on answers, problems and pages alike; pages run no script', async () => {
    for (const path of ['/healthz', '/api/nothing', '/api/docs', '/api/docs/errors', '/api/openapi.json']) {
      const { headers } = await ask(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('strict-transport-security')).toContain('max-age');
    }
    const page = await (await ask('/api/docs')).text();
    expect(/<script|<[^>]*\s(?:on\w+|src)=/i.exec(page)?.[0]).toBeUndefined();
  });

  it('API-2: what breaks inside is a 500 with a trace id and without a stack', async () => {
    const broken = {
      ...env,
      CONTROL: {
        getByName: () => {
          throw new Error('secret detail at line 3');
        },
      },
    };
    const { status, body } = await answer<Problem>('/api/auth/whoami', {
      key: acme.keys.viewer,
      env: broken,
    });
    expect(status).toBe(500);
    expect(body.code).toBe('internal');
    expect(body.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(body)).not.toMatch(/secret detail|at .*:\d+/);
  });

  it('OPS-3: an object that is overloaded is a 503 with Retry-After', async () => {
    const overloaded = Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true });
    const busy = {
      ...env,
      CONTROL: { getByName: () => ({ authenticateKey: () => Promise.reject(overloaded) }) },
    };
    const { status, body, headers } = await answer<Problem>('/api/auth/whoami', {
      key: acme.keys.viewer,
      env: busy,
    });
    expect(status).toBe(503);
    expect(body.code).toBe('overloaded');
    expect(headers.get('retry-after')).toBe('2');
  });

  it('LEDG-1: with D1 down queries say 503, while sign-in, spawn and the live list go on', async () => {
    const down = {
      ...env,
      LEDGER: {
        prepare: () => {
          throw new Error('D1_ERROR');
        },
      },
    };
    const { operator: key } = acme.keys;
    expect((await answer('/api/pipelines', { key, env: down })).body.code).toBe('ledger_unavailable');
    expect((await answer('/api/auth/session', { body: { key }, env: down })).status).toBe(201);
    expect((await answer('/api/spawn', { key, body: spawnBody(), env: down })).status).toBe(201);
    expect((await answer('/api/active-pipelines', { key, env: down })).status).toBe(200);
  });
});

describe('a deployment that is not configured', () => {
  it('RUN-4: every request says 503 and names what is wrong, never the values', async () => {
    const env2 = {
      ...env,
      AGS_ENVIRONMENT: 'production',
      VAULT_ADDR: 'http://127.0.0.1:8200',
      AGS_KEY_PEPPER: '',
      VAULT_SECRET_ID: 'hunter2',
    };
    for (const path of ['/healthz', '/api/auth/whoami', '/api/spawn']) {
      const method = path === '/api/spawn' ? 'POST' : 'GET';
      const { status, body } = await answer<Problem>(path, { method, key: acme.keys.admin, env: env2 });
      expect(status).toBe(503);
      expect(body.code).toBe('misconfigured');
      for (const name of ['VAULT_ADDR', 'AGS_KEY_PEPPER', 'MODEL_PROVIDER'])
        expect(body.detail).toContain(name);
      expect(JSON.stringify(body)).not.toMatch(/hunter2|127\.0\.0\.1/);
    }
  });

  it('RUN-4: production refuses a service that says of itself that it is embedded, wherever it runs', async () => {
    const production = (over: object) => ({
      ...env,
      AGS_ENVIRONMENT: 'production',
      VAULT_ADDR: 'https://vault.example.com',
      UPSTASH_REDIS_REST_URL: 'https://upstash.example.com/redis',
      MODEL_PROVIDER: 'openrouter',
      MODEL_BASE_URL: '',
      ...over,
    });
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      const { hostname, pathname } = new URL(String(input));
      expect(pathname).toBe('/health');
      return Response.json({ embedded: hostname === 'upstash.example.com' });
    });
    const refused = await answer<Problem>('/healthz', { env: production({}) });
    expect(refused.status).toBe(503);
    expect(refused.body.detail).toContain('UPSTASH_REDIS_REST_URL points at an embedded development service');
    const real = production({ UPSTASH_REDIS_REST_URL: 'https://real.example.com' });
    expect((await answer('/healthz', { env: real })).status).toBe(200);
    spy.mockRestore();
  });
});
