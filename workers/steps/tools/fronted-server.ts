import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { McpHints, McpServer, ObservedTool } from '#contract/mcp-servers.ts';
import { REDACTION_MARK } from '#domain/governance/redaction.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { ToolContext, ToolOutcome } from './tool.ts';

/** A server is given this long for one call, connection included (ms). */
const TIMEOUT_MS = 30_000;
/** Tools of a server that are looked at. */
const MAX_TOOLS = 200;

export const failed = (server: string, code: string, message: string, transient = false): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient,
  origin: [`mcp:${server}`, 'untrusted'],
});

/** GOV-6: the list of hosts binds each request, and a redirect is not followed: it would carry the credential along. */
const guarded =
  ({ servers, fetch: send }: ToolContext) =>
  async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const judged = servers.mayReach(String(url));
    if (!judged.ok) throw new Error(judged.error.reason);
    return send(judged.value.href, { ...init, redirect: 'manual' });
  };

/** The credential is read with the agent's own token, for this call only; null: the server needs none. */
async function credentialOf(server: McpServer, context: ToolContext): Promise<string | null | ToolOutcome> {
  if (server.secret_path === null) return null;
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
  return (
    read.value.token ||
    failed(server.name, 'credential_missing', `${server.secret_path} has no field “token”.`)
  );
}

/** SEC-3: a server knows the credential and may say it back; nobody hears it from us, whatever it stands in. */
function withoutCredential(credential: string | null): <T>(value: T) => T {
  if (credential === null) return (value) => value;
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return item.replaceAll(credential, REDACTION_MARK);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item === 'object' && item !== null)
      return Object.fromEntries(Object.entries(item).map(([name, inner]) => [walk(name), walk(inner)]));
    return item;
  };
  return <T>(value: T) => walk(value) as T;
}

interface Listed {
  name: string;
  description?: string;
  inputSchema: unknown;
  annotations?: { readOnlyHint?: boolean; destructiveHint?: boolean };
}

/** null where it says neither; what it says is part of what a person vouches for. */
const hintsOf = ({ annotations }: Listed): McpHints | null => {
  const { readOnlyHint: read_only = null, destructiveHint: destructive = null } = annotations ?? {};
  return read_only === null && destructive === null ? null : { read_only, destructive };
};

const observed = (t: Listed): ObservedTool => {
  const { name: tool, description = '' } = t;
  const input_schema = t.inputSchema as Record<string, unknown>;
  const hints = hintsOf(t);
  const said = { tool, description, input_schema, ...(hints && { hints }) };
  return { ...said, sha256: hashJson(said) };
};

/** A connection to a fronted server, as a tool uses it. Whatever it answers comes without the credential. */
export interface Connected {
  tools: ObservedTool[];
  /** REC-6: from here on an answer that does not come says nothing about whether it happened. */
  call(tool: string, args: Record<string, unknown>): Promise<Awaited<ReturnType<Client['callTool']>>>;
}

/** Connects, asks which tools there are, uses them, and closes. */
export async function withServer(
  server: McpServer,
  context: ToolContext,
  use: (connected: Connected) => Promise<ToolOutcome>,
): Promise<ToolOutcome> {
  const credential = await credentialOf(server, context);
  if (typeof credential === 'object' && credential !== null) return credential;
  const clean = withoutCredential(credential);
  const headers: Record<string, string> =
    credential === null ? {} : { Authorization: `Bearer ${credential}` };
  let begun = false;
  const client = new Client({ name: 'agent-governance-system', version: '0.1.0' });
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      requestInit: { headers, signal },
      fetch: guarded(context),
    });
    await client.connect(transport);
    const listed = await client.listTools();
    return await use({
      tools: listed.tools.slice(0, MAX_TOOLS).map((tool) => observed(clean(tool))),
      call: async (name, args) => {
        begun = true;
        return clean(await client.callTool({ name, arguments: args }));
      },
    });
  } catch {
    const message = `${server.name} could not be reached, or did not answer as it should.`;
    // REC-6: a call that was sent and not answered may have happened.
    return { ...failed(server.name, 'mcp_failed', message, true), ...(begun ? { unknown: true } : {}) };
  } finally {
    await client.close().catch(() => {});
  }
}
