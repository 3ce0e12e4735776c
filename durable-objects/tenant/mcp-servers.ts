import type {
  AddMcpServerRequest,
  McpServer,
  McpTool,
  ObservedTool,
  PinMcpToolRequest,
} from '#contract/mcp-servers.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

type ServerRow = {
  name: string;
  url: string;
  secret_path: string | null;
  created_by: string;
  created_at: number;
};
type ToolRow = {
  tool: string;
  description: string;
  input_schema: string;
  sha256: string;
  observed_at: number;
  pin: string | null;
};

/** GOV-9: a person's word on a tool, as it is stored. */
type Pin = NonNullable<McpTool['pinned']>;

const toolsOf = (store: ControlStore, server: string): McpTool[] =>
  rows<ToolRow>(
    store.sql,
    'SELECT tool, description, input_schema, sha256, observed_at, pin FROM mcp_tools WHERE server = ? ORDER BY tool',
    server,
  ).map((t) => ({
    ...t,
    input_schema: JSON.parse(t.input_schema) as Record<string, unknown>,
    observed_at: iso(t.observed_at),
    pinned: t.pin === null ? null : (JSON.parse(t.pin) as Pin),
  }));

const shown = (store: ControlStore, { created_at, ...server }: ServerRow): McpServer => ({
  ...server,
  created_at: iso(created_at),
  tools: toolsOf(store, server.name),
});

const COLUMNS = 'name, url, secret_path, created_by, created_at';
const find = (store: ControlStore, name: string): ServerRow | undefined =>
  row<ServerRow>(store.sql, `SELECT ${COLUMNS} FROM mcp_servers WHERE name = ?`, name);

const missing = (name: string) => err<ControlError>({ code: 'not_found', what: `MCP server ${name}` });

export const listMcpServers = (store: ControlStore): McpServer[] =>
  rows<ServerRow>(store.sql, `SELECT ${COLUMNS} FROM mcp_servers ORDER BY name`).map((s) => shown(store, s));

export function readMcpServer(store: ControlStore, name: string): Result<McpServer, ControlError> {
  const found = find(store, name);
  return found ? ok(shown(store, found)) : missing(name);
}

export function addMcpServer(
  store: ControlStore,
  actor: string,
  a: AddMcpServerRequest,
): Result<McpServer, ControlError> {
  if (find(store, a.name))
    return err({ code: 'already_exists', detail: `An MCP server named ${a.name} exists already.` });
  const server: ServerRow = {
    name: a.name,
    url: a.url,
    secret_path: a.secret_path ?? null,
    created_by: actor,
    created_at: store.now(),
  };
  run(
    store.sql,
    `INSERT INTO mcp_servers (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`,
    server.name,
    server.url,
    server.secret_path,
    server.created_by,
    server.created_at,
  );
  recordChange(store, actor, 'mcp_server_added', a);
  return ok(shown(store, server));
}

export function removeMcpServer(
  store: ControlStore,
  actor: string,
  name: string,
): Result<void, ControlError> {
  if (!find(store, name)) return missing(name);
  run(store.sql, 'DELETE FROM mcp_tools WHERE server = ?', name);
  run(store.sql, 'DELETE FROM mcp_servers WHERE name = ?', name);
  recordChange(store, actor, 'mcp_server_removed', { name });
  return ok(undefined);
}

/** What the server says now. Pins stay as they are: one whose hash no longer fits opens nothing. */
export function observeMcpTools(store: ControlStore, name: string, tools: ObservedTool[]): void {
  if (!find(store, name)) return;
  for (const { tool, description, input_schema, sha256 } of tools)
    run(
      store.sql,
      `INSERT INTO mcp_tools (server, tool, description, input_schema, sha256, observed_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (server, tool) DO UPDATE SET description = excluded.description, input_schema = excluded.input_schema,
       sha256 = excluded.sha256, observed_at = excluded.observed_at WHERE sha256 <> excluded.sha256`,
      name,
      tool,
      description,
      JSON.stringify(input_schema),
      sha256,
      store.now(),
    );
}

/** The hash says what the person has read; when it has changed meanwhile, the pin is refused. */
export function pinMcpTool(
  store: ControlStore,
  actor: string,
  name: string,
  a: PinMcpToolRequest,
): Result<McpServer, ControlError> {
  const found = find(store, name);
  if (!found) return missing(name);
  const tool = toolsOf(store, name).find((t) => t.tool === a.tool);
  if (!tool) return err({ code: 'not_found', what: `tool ${a.tool} of ${name}` });
  if (tool.sha256 !== a.sha256)
    return err({ code: 'action_changed', detail: `${a.tool} describes itself differently by now.` });
  const pin: Pin = {
    sha256: a.sha256,
    min_tier: a.min_tier as Tier,
    acts: a.acts,
    effect: a.effect,
    irreversible: a.irreversible ?? false,
    target: a.target ?? '',
    by: actor,
    at: iso(store.now()),
  };
  run(
    store.sql,
    'UPDATE mcp_tools SET pin = ? WHERE server = ? AND tool = ?',
    JSON.stringify(pin),
    name,
    a.tool,
  );
  recordChange(store, actor, 'mcp_tool_pinned', { server: name, tool: a.tool, ...pin });
  return ok(shown(store, found));
}
