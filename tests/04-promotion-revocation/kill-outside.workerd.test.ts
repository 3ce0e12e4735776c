import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AskedAction, RegisteredAgent } from '#contract/agents.ts';
import type { KillResult, KillSwitch } from '#contract/enforcement.ts';
import type { Problem } from '#contract/problem.ts';
import { PipelineObject } from '#objects/pipeline/object.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, ask, makeTenant, ORIGIN, PLATFORM_KEY, type TestTenant } from '#tests/support/worker.ts';

beforeEach(() => {
  listenToQueues();
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** An answer or a problem; tests say which they expect. */
type Told = Partial<Omit<AskedAction, 'status'> & Omit<Problem, 'status'>> & { status: string | number };

let made = 0;
const tenant = () => makeTenant(`outside-${++made}`);

/** An outside agent at work, over HTTP and over MCP, with its own token in Vault. */
async function agentOf(t: TestTenant, more: object = {}) {
  const { body } = await answer<RegisteredAgent>('/api/agents', {
    key: t.keys.operator,
    body: { name: 'coder', framework: 'test', tier: 1, ...more },
  });
  const { session_token: token, agent_id, pipeline_id } = body;
  const pipeline = new DrivenPipeline(t.tenant, pipeline_id);
  if ((await pipeline.ready('credentials_login')).length > 0) await pipeline.login();
  await pipeline.bootstrap();
  const mcp = new Client({ name: 'test', version: '1' });
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL(`${ORIGIN}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
      fetch: (url, init) => ask('', { request: new Request(url, init as RequestInit) }),
    }),
  );
  const asks = (command = 'ls') =>
    answer<Told>('/api/actions', {
      key: token,
      body: { tool: 'Bash', arguments: { command }, target: 'localhost' },
    });
  const tells = (action_id: string) =>
    answer<Partial<Problem>>(`/api/actions/${action_id}/outcome`, {
      key: token,
      body: { status: 'succeeded', result: 'done' },
    });
  /** How many of its actions the gate has let through. */
  const allowed = async () =>
    Object.values((await pipeline.state()).actions).filter((a) => a.decision?.decision === 'allow').length;
  return { agent_id, pipeline, mcp, asks, tells, allowed };
}

const SCOPES = ['agent', 'pipeline', 'project', 'tenant', 'system'] as const;
type Scope = (typeof SCOPES)[number];

const keyFor = (t: TestTenant, scope: Scope) => (scope === 'system' ? PLATFORM_KEY : t.keys.operator);
const stop = (t: TestTenant, scope: Scope, id: string) =>
  answer<KillResult>('/api/kill-switches', {
    key: keyFor(t, scope),
    body: { scope, id, reason: 'something is wrong' },
  });
const lift = (key: string, id: string) =>
  answer<KillSwitch & Problem>(`/api/kill-switches/${id}/lift`, { key, body: { reason: 'it is over' } });

describe.each(SCOPES)('an outside agent under a switch: %s', (scope) => {
  it('ENF-6 GOV-7 GOV-9: its session and its MCP session are over at once; what it had under way is listed, and told late as evidence; a person lifts', async () => {
    const t = await tenant();
    const one = await agentOf(t);
    const asked = await one.asks();
    expect(asked.body.status).toBe('allowed');
    const action_id = asked.body.action_id ?? '';
    expect((await one.mcp.listTools()).tools.length).toBeGreaterThan(0);

    const id = {
      agent: one.agent_id,
      pipeline: one.pipeline.id,
      project: t.project_id,
      tenant: t.tenant,
      system: 'system',
    }[scope];
    const { status, body } = await stop(t, scope, id);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      unacknowledged: [],
      in_flight: expect.arrayContaining([
        expect.objectContaining({ action_id, agent_id: one.agent_id, tool: 'Bash', target: 'localhost' }),
      ]),
    });

    expect(await one.asks('again')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    await expect(one.mcp.listTools()).rejects.toThrow();
    await expect(one.mcp.callTool({ name: 'memory_search', arguments: { query: 'x' } })).rejects.toThrow();
    expect(await one.allowed()).toBe(1);

    const before = (await one.pipeline.events()).length;
    expect(await one.tells(action_id)).toMatchObject({ status: 409, body: { code: 'outcome_conflict' } });
    const late = (await one.pipeline.events()).slice(before);
    expect(late.filter((e) => e.type !== 'sealed')).toMatchObject([
      { type: 'log_written', body: { source: 'late outcome', fields: { action_id, status: 'succeeded' } } },
    ]);
    expect((await one.pipeline.state()).actions[action_id]?.outcome).toBeNull();

    const service = await t.newKey({ role: 'admin', owner: await t.newSubject('service') });
    if (scope !== 'system') expect((await lift(service.secret, body.kill_id)).status).toBe(403);
    expect((await lift(keyFor(t, scope), body.kill_id)).status).toBe(200);
    // What it stopped stays stopped; an agent registers anew.
    expect((await one.asks('after')).status).toBe(401);
    expect((await (await agentOf(t)).asks()).body.status).toBe('allowed');
  });
});

describe('what a switch does not reach', () => {
  it('ENF-6: another agent of the same run, and another run beside it, go on', async () => {
    const t = await tenant();
    const one = await agentOf(t);
    const sibling = await agentOf(t, { pipeline_id: one.pipeline.id });
    const beside = await agentOf(t);
    await stop(t, 'agent', one.agent_id);
    expect((await one.asks()).status).toBe(401);
    expect((await sibling.asks()).body.status).toBe('allowed');
    await stop(t, 'pipeline', one.pipeline.id);
    expect((await sibling.asks()).status).toBe(401);
    expect((await beside.asks()).body.status).toBe('allowed');
  });

  it('ENF-6: a run that the push does not reach is named, and its agent is told no when its permit is over', async () => {
    const t = await tenant();
    const one = await agentOf(t);
    expect((await one.asks()).body.status).toBe('allowed');
    const push = vi.spyOn(PipelineObject.prototype, 'kill').mockImplementation(async () => {
      throw new Error('no answer');
    });
    const { body } = await stop(t, 'tenant', t.tenant);
    expect(body.unacknowledged).toEqual([one.pipeline.id]);
    expect(Date.parse(body.effective_at) - Date.parse(body.thrown_at)).toBe(5_000);
    push.mockRestore();
    vi.spyOn(Date, 'now').mockReturnValue(Date.parse(body.effective_at) + 1);
    const refused = await one.asks('late');
    expect(refused.body.status === 'allowed' ? refused.body : null).toBeNull();
    expect(await one.allowed()).toBe(1);
    expect((await one.pipeline.state()).outcome).toMatchObject({ exit_code: 1, reason: 'killed' });
  });
});
