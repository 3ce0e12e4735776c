import { beforeAll, describe, expect, it } from 'vitest';
import { answer, env, makeTenant, migrateLedger, spawnBody, type TestTenant } from '#tests/support/worker.ts';

let acme: TestTenant;
let id: string;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
  const spawned = await answer<{ pipeline_id: string }>('/api/spawn', {
    key: acme.keys.operator,
    body: spawnBody(),
  });
  id = spawned.body.pipeline_id;
});

const refuse = async (): Promise<never> => {
  throw new Error('D1_ERROR: Network connection lost.');
};
const statement = { bind: () => statement, first: refuse, all: refuse, run: refuse, raw: refuse };
/** The same Worker with a database that fails every statement. */
const withoutD1 = () => ({
  ...env,
  LEDGER: { prepare: () => statement, batch: refuse, exec: refuse, withSession: () => withoutD1().LEDGER },
});

describe('D1 down', () => {
  it('LEDG-1, REL-3: queries over the ledger say 503, when to come again and what goes on', async () => {
    const { status, body, headers } = await answer<{ code: string; remedy: string; detail: string }>(
      '/api/pipelines',
      { key: acme.keys.viewer, env: withoutD1() },
    );
    expect([status, body.code]).toEqual([503, 'ledger_unavailable']);
    expect(headers.get('retry-after')).toBe('5');
    expect(body.remedy).not.toBe('');
    expect(JSON.stringify(body)).not.toContain('D1_ERROR');
  });

  it('LEDG-1, REL-3: sign-in, spawn, live state, logs, pause, revocation and cancel go on', async () => {
    const { operator, viewer } = acme.keys;
    const get = async (path: string) => (await answer(path, { key: viewer, env: withoutD1() })).status;
    expect(await get('/api/auth/whoami')).toBe(200);
    expect(await get('/api/active-pipelines')).toBe(200);
    for (const what of ['', '/orchestration', '/events', '/token', '/consensus/status']) {
      expect([what, await get(`/api/pipeline${what}?pipeline_id=${id}`)]).toEqual([what, 200]);
    }
    const post = (path: string, body: object) => answer(path, { key: operator, body, env: withoutD1() });
    const spawned = await post('/api/spawn', spawnBody());
    expect(spawned.status).toBe(201);
    const { pipeline_id } = spawned.body;
    for (const [verb, target] of [
      ['pause', pipeline_id],
      ['resume', pipeline_id],
      ['log', pipeline_id],
      ['revoke', pipeline_id],
      ['cancel', id],
    ]) {
      const said = verb === 'log' ? { level: 'info', source: 'test', message: 'x' } : { reason: 'x' };
      const { status } = await post(`/api/pipeline/${verb}`, { pipeline_id: target, ...said });
      expect([verb, Math.floor(status / 100)]).toEqual([verb, 2]);
    }
  });

  it('OPS-1, REL-3: the health report names what is down', async () => {
    const { body } = await answer<{ dependencies: { name: string; status: string }[] }>('/api/health', {
      key: acme.keys.viewer,
      env: withoutD1(),
    });
    expect(body.dependencies.find((d) => d.name === 'd1')?.status).toBe('down');
  });
});
