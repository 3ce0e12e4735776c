import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as z from 'zod';
import type { McpServer, ObservedTool } from '#contract/mcp-servers.ts';
import { judgeUrl } from '#domain/governance/egress.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { OutsideTool } from '#domain/pipeline/event.ts';
import { defineTool, type ToolContext, type ToolOutcome, textOf } from './tool.ts';

/** A server is given this long for one call, connection included (ms). */
const TIMEOUT_MS = 30_000;
/** Tools of a server that are looked at. */
const MAX_TOOLS = 200;

const failed = (server: string, code: string, message: string, transient = false): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient,
  origin: [`mcp:${server}`, 'untrusted'],
});

/** GOV-6: the list of hosts binds each request, and a redirect is not followed: it would carry the credential along. */
const guarded =
  ({ egress, fetch: send }: ToolContext) =>
  async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const judged = judgeUrl(String(url), egress);
    if (!judged.ok) throw new Error(judged.error.reason);
    return send(judged.value.href, { ...init, redirect: 'manual' });
  };

/** The credential is read with the agent's own token, for this call only. */
async function headersFor(
  server: McpServer,
  context: ToolContext,
): Promise<Record<string, string> | ToolOutcome> {
  if (server.secret_path === null) return {};
  const read = await context.readSecret(server.secret_path);
  if (!read.ok) {
    const { kind, retryable } = read.error;
    return failed(
      server.name,
      `credential_${kind}`,
      `The credential of ${server.name} could not be read.`,
      retryable,
    );
  }
  const { token } = read.value;
  return token
    ? { Authorization: `Bearer ${token}` }
    : failed(server.name, 'credential_missing', `${server.secret_path} has no field “token”.`);
}

const observed = (t: { name: string; description?: string; inputSchema: unknown }): ObservedTool => {
  const { name: tool, description = '' } = t;
  const input_schema = t.inputSchema as Record<string, unknown>;
  return { tool, description, input_schema, sha256: hashJson({ tool, description, input_schema }) };
};

async function withServer(
  server: McpServer,
  context: ToolContext,
  use: (client: Client, tools: ObservedTool[], begin: () => void) => Promise<ToolOutcome>,
): Promise<ToolOutcome> {
  const headers = await headersFor(server, context);
  if ('ok' in headers) return headers as ToolOutcome;
  let begun = false;
  const client = new Client({ name: 'agent-governance-system', version: '0.1.0' });
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      requestInit: { headers: headers as Record<string, string>, signal },
      fetch: guarded(context),
    });
    await client.connect(transport);
    const listed = await client.listTools();
    return await use(client, listed.tools.slice(0, MAX_TOOLS).map(observed), () => {
      begun = true;
    });
  } catch {
    const message = `${server.name} could not be reached, or did not answer as it should.`;
    // REC-6: a call that was sent and not answered may have happened.
    return { ...failed(server.name, 'mcp_failed', message, true), ...(begun ? { unknown: true } : {}) };
  } finally {
    await client.close().catch(() => {});
  }
}

/** GOV-9: one call of a fronted tool, only while its description is the one that a person has pinned. */
export async function callFronted(
  { name, tool, pinned_sha256 }: NonNullable<OutsideTool['server']>,
  args: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolOutcome> {
  const server = await context.servers.find(context.tenant, name);
  if (server === null) return failed(name, 'not_found', `There is no MCP server called ${name} any more.`);
  return withServer(server, context, async (client, tools, begin) => {
    await context.servers.observe(context.tenant, name, tools);
    if (tools.find((t) => t.tool === tool)?.sha256 !== pinned_sha256)
      return failed(
        name,
        'description_changed',
        `${tool} of ${name} describes itself differently than when it was pinned.`,
      );
    begin();
    const result = await client.callTool({ name: tool, arguments: args });
    const origin = [`mcp:${name}`, `tool:${tool}`, 'untrusted'];
    return result.isError
      ? {
          ok: false,
          code: 'tool_error',
          message: JSON.stringify(result.content).slice(0, 4_000),
          transient: false,
          origin,
        }
      : {
          ok: true,
          value: { content: result.content, structured: result.structuredContent ?? null },
          origin,
        };
  });
}

export const mcpDiscover = defineTool({
  name: 'mcp_discover',
  description:
    "Asks one of the tenant's own MCP servers which tools it has. They are offered once a person has pinned them (GOV-9).",
  args: z.strictObject({ server: z.string().min(1).max(40) }),
  roles: ['OUTSIDE'],
  min_tier: 0,
  effect: 'pure',
  external: true,
  acts: false,
  target: (args) => `mcp://${textOf(args.server)}`,
  async run({ server: name }, context) {
    const server = await context.servers.find(context.tenant, name);
    if (server === null) return failed(name, 'not_found', `There is no MCP server called ${name}.`);
    return withServer(server, context, async (_client, tools) => {
      await context.servers.observe(context.tenant, name, tools);
      const value = { tools: tools.map(({ tool, sha256 }) => ({ tool, sha256 })) };
      return { ok: true, value, origin: [`mcp:${name}`, 'untrusted'] };
    });
  },
});
