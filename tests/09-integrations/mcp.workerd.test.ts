import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RegisteredAgent } from '#contract/agents.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, ask, makeTenant, ORIGIN, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

let acme: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
});

async function connected(tier = 1) {
  const body = { name: 'coder', framework: 'mcp', tier };
  const made = await answer<RegisteredAgent>('/api/agents', { key: acme.keys.operator, body });
  const pipeline = new DrivenPipeline('acme', made.body.pipeline_id);
  await pipeline.login();
  await pipeline.bootstrap();
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${ORIGIN}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${made.body.session_token}` } },
    fetch: (url, init) => ask('', { request: new Request(url, init as RequestInit) }),
  });
  await client.connect(transport);
  return { client, pipeline, token: made.body.session_token };
}

const said = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map((c) => c.text).join('');

describe('the MCP endpoint', () => {
  it('GOV-9: a client of the official SDK is offered the built-in tools with their schemas', async () => {
    const { client } = await connected();
    expect(client.getServerVersion()?.name).toBe('agent-governance-system');
    const { tools } = await client.listTools();
    expect(tools.map((t) => t.name)).toEqual(expect.arrayContaining(['http_get', 'memory_search']));
    expect(tools.find((t) => t.name === 'http_get')?.inputSchema).toMatchObject({ required: ['url'] });
  });

  it('GOV-9 GOV-2: each call passes the gate: a refusal is a result that says the rule’s reason', async () => {
    const { client, pipeline } = await connected();
    const refused = await client.callTool({
      name: 'http_get',
      arguments: { url: 'https://169.254.169.254/' },
    });
    expect(refused.isError).toBe(true);
    expect(said(refused)).toContain('private, local or metadata address');
    expect(Object.values((await pipeline.state()).actions)).toMatchObject([
      { request: { tool: 'http_get', outside: { enforcement: 'enforced' } }, outcome: { status: 'denied' } },
    ]);
    expect((await client.callTool({ name: 'frobnicate', arguments: {} })).isError).toBe(true);
  });

  it('GOV-9 GOV-8: what is allowed runs here as a step, and its result comes back', async () => {
    const { client, pipeline } = await connected();
    const call = client.callTool({ name: 'memory_search', arguments: { query: 'x' } });
    let steps = await pipeline.ready('action');
    while (steps.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      steps = await pipeline.ready('action');
    }
    await pipeline.finish(steps[0]!.step_id, {
      kind: 'action',
      status: 'succeeded',
      result: '{"results":[]}',
      result_sha256: null,
      truncated: false,
      error: null,
      origin: ['tool:memory_search'],
    });
    expect(said(await call)).toBe('{"results":[]}');
  });

  it('GOV-9: it takes an agent’s session and nothing else; it has no stream of its own', async () => {
    const { token } = await connected();
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
    expect((await ask('/mcp', { body: initialize })).status).toBe(401);
    expect((await ask('/mcp', { body: initialize, key: acme.keys.admin })).status).toBe(403);
    expect((await ask('/mcp', { key: token })).status).toBe(405);
    const malformed = await ask('/mcp', {
      key: token,
      body: { nonsense: true },
      headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    });
    expect(malformed.status).toBe(400);
  });
});
