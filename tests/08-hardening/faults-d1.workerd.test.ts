import { beforeAll, describe, expect, it } from 'vitest';
import type { AskedAction, RegisteredAgent } from '#contract/agents.ts';
import type { KillResult } from '#contract/enforcement.ts';
import type { ApprovalView } from '#contract/pipeline.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, migrateLedger, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

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

  it('LEDG-1, REL-3: the gate judges, a person approves, the kill switch stops and is lifted', async () => {
    const env = withoutD1();
    const { operator: key } = acme.keys;
    const another = (await acme.newKey({ role: 'admin', owner: await acme.newSubject('person') })).secret;
    const made = await answer<RegisteredAgent>('/api/agents', {
      ...{ key, env },
      body: { name: 'coder', framework: 'claude-code', tier: 1 },
    });
    expect(made.status).toBe(201);
    const { pipeline_id, session_token } = made.body;
    const pipeline = new DrivenPipeline('acme', pipeline_id);
    await pipeline.login();
    await pipeline.bootstrap();
    const act = (tool: string, command: string) =>
      answer<AskedAction>('/api/actions', {
        ...{ key: session_token, env },
        body: { tool, arguments: { command }, target: 'localhost' },
      });
    const read = await answer<AskedAction>('/api/actions', {
      ...{ key: session_token, env },
      body: { tool: 'http_get', arguments: { url: 'https://evil.test/' }, target: 'evil.test' },
    });
    expect(read.body).toMatchObject({ decision: 'deny' });
    // Nobody declared this tool, so a person looks at each call.
    const asked = await act('Deploy', 'make');
    expect(asked.body).toMatchObject({ decision: 'require_approval', status: 'waiting_approval' });
    const look = () =>
      answer<AskedAction>(`/api/actions/${asked.body.action_id}`, { key: session_token, env });

    const list = await answer<{ items: ApprovalView[] }>(`/api/approvals?pipeline_id=${pipeline_id}`, {
      ...{ key: another, env },
    });
    const { approval_id, action_sha256 } = list.body.items[0]!;
    const decided = await answer(`/api/approvals/${approval_id}/decision`, {
      ...{ key: another, env },
      body: { decision: 'approve', reason: 'looked at it', action_sha256 },
    });
    expect(decided.status).toBe(200);
    expect((await look()).body).toMatchObject({ decision: 'allow', status: 'allowed' });

    const stopped = await answer<KillResult>('/api/kill-switches', {
      ...{ key, env },
      body: { scope: 'pipeline', id: pipeline_id, reason: 'something is wrong' },
    });
    expect(stopped.body).toMatchObject({ scope: 'pipeline', id: pipeline_id, unacknowledged: [] });
    expect((await pipeline.state()).outcome?.reason).toBe('killed');
    expect((await act('Deploy', 'make again')).body).not.toMatchObject({ decision: 'allow' });
    const lifted = await answer(`/api/kill-switches/${stopped.body.kill_id}/lift`, {
      ...{ key, env },
      body: { reason: 'it is over' },
    });
    expect(lifted.status).toBe(200);
  });

  it('OPS-1, REL-3: the health report names what is down', async () => {
    const { body } = await answer<{ dependencies: { name: string; status: string }[] }>('/api/health', {
      key: acme.keys.viewer,
      env: withoutD1(),
    });
    expect(body.dependencies.find((d) => d.name === 'd1')?.status).toBe('down');
  });
});
