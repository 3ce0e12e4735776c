import { beforeAll, describe, expect, it, vi } from 'vitest';
import { answer, ask, env, makeTenant, migrateLedger, type TestTenant } from '#tests/support/worker.ts';
import { log } from '#workers/telemetry/index.ts';

let acme: TestTenant;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
});

interface Health {
  status: string;
  dependencies: { name: string; status: string; latency_ms: number | null; last_error: string | null }[];
}

/** The lines that a piece of work logs, as objects. */
async function logged(work: () => Promise<unknown> | unknown): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const spies = (['debug', 'info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line: string) => {
      lines.push(line);
    }),
  );
  await work();
  for (const spy of spies) spy.mockRestore();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('health', () => {
  it('OPS-1: the Worker’s own health needs no key and asks nobody', async () => {
    const alone = { ...env, LEDGER: undefined, CONTROL: undefined };
    expect((await answer('/healthz', { env: alone })).body).toEqual({ status: 'ok' });
  });

  it('OPS-1: each hop has its own state; what is down says so with its last error', async () => {
    const { status, body } = await answer<Health>('/api/health', { key: acme.keys.viewer });
    expect(status).toBe(200);
    const of = (name: string) => body.dependencies.find((d) => d.name === name);
    expect(body.dependencies.map((d) => d.name)).toEqual([
      'd1',
      'ledger',
      'objects',
      'error_budget',
      'queues',
      'vault',
      'redis',
      'model',
    ]);
    expect(of('d1')?.status).toBe('up');
    expect(of('objects')?.status).toBe('up');
    for (const name of ['vault', 'redis', 'model']) {
      expect([name, of(name)?.status]).toEqual([name, 'down']);
      expect(of(name)?.last_error).toMatch(/^\d{4}-\d\d-\d\dT/);
    }
    expect(body.status).toBe('degraded');
  });

  it('OPS-1: D1 down is seen, and does not take the answer down', async () => {
    const down = {
      ...env,
      LEDGER: {
        prepare: () => {
          throw new Error('D1_ERROR: gone');
        },
      },
    };
    const { status, body } = await answer<Health>('/api/health', { key: acme.keys.viewer, env: down });
    expect(status).toBe(200);
    expect(body.dependencies.find((d) => d.name === 'd1')).toMatchObject({ status: 'down' });
  });

  it('SEC-3: health shows no address, key or secret', async () => {
    const text = await (await ask('/api/health', { key: acme.keys.viewer })).text();
    for (const secret of ['secret-id', 'redis.test/', acme.keys.viewer]) expect(text).not.toContain(secret);
  });
});

describe('logs', () => {
  it('OBS-3: a request is one JSON line with route, status, tenant and trace, without ids or queries', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const lines = await logged(() =>
      ask('/api/pipeline?pipeline_id=pl_nothing00', {
        key: acme.keys.viewer,
        headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
      }),
    );
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'info',
        message: 'request',
        trace_id: trace,
        route: '/api/pipeline',
        status: 404,
        tenant: 'acme',
        subject_id: acme.person,
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('pl_nothing00');
  });

  it('SEC-3 OBS-3: secrets planted in fields, texts and errors do not reach the log', async () => {
    const key = acme.keys.admin;
    const lines = await logged(() => {
      log('warn', `the key ${key} was refused`, {
        password: 'hunter2',
        nested: { api_key: 'sk-123', note: 'Authorization: Bearer abc.def', token: 'hvs.CAESIJ1234567890' },
        error: new Error('vault said hvs.CAESIJ1234567890'),
        tokens: 12,
      });
    });
    const text = JSON.stringify(lines);
    for (const secret of [key, 'hunter2', 'sk-123', 'abc.def', 'hvs.CAESIJ'])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
    expect(lines[0]).toMatchObject({ tokens: 12 });
  });
});
