import type {
  AddMcpServerRequest,
  McpServer,
  ObservedTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import { observe, pin, refuse, toolsOf } from './mcp-tools.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso, isoOrNull, recordChange } from './store.ts';

/** Each call of a tool looks too; that it did is written down at most this often (ms), because a row written is billed. */
const SEEN_EVERY_MS = 60_000;

type ServerRow = {
  name: string;
  url: string;
  secret_path: string | null;
  created_by: string;
  created_at: number;
  looked_at: number | null;
  asked_at: number | null;
  look_error: string | null;
};

const shown = (store: ControlStore, row: ServerRow): McpServer => ({
  ...row,
  created_at: iso(row.created_at),
  looked_at: isoOrNull(row.looked_at),
  asked_at: isoOrNull(row.asked_at),
  tools: toolsOf(store, row.name),
});

const COLUMNS = 'name, url, secret_path, created_by, created_at, looked_at, asked_at, look_error';
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
  run(
    store.sql,
    'INSERT INTO mcp_servers (name, url, secret_path, created_by, created_at) VALUES (?, ?, ?, ?, ?)',
    a.name,
    a.url,
    a.secret_path ?? null,
    actor,
    store.now(),
  );
  recordChange(store, actor, 'mcp_server_added', a);
  return readMcpServer(store, a.name);
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

export function observeMcpTools(store: ControlStore, name: string, tools: ObservedTool[]): void {
  if (!find(store, name)) return;
  observe(store, name, tools);
  const now = store.now();
  run(
    store.sql,
    `UPDATE mcp_servers SET looked_at = ?, asked_at = ?, look_error = NULL
     WHERE name = ? AND (looked_at IS NULL OR looked_at <= ? OR look_error IS NOT NULL)`,
    now,
    now,
    name,
    now - SEEN_EVERY_MS,
  );
}

export function noteMcpLook(store: ControlStore, name: string, error: string): void {
  run(
    store.sql,
    'UPDATE mcp_servers SET asked_at = ?, look_error = ? WHERE name = ?',
    store.now(),
    error,
    name,
  );
}

/** What a person says of a tool, and the server as it is then. */
const worded =
  <A>(say: (store: ControlStore, actor: string, server: string, a: A) => Result<void, ControlError>) =>
  (store: ControlStore, actor: string, name: string, a: A): Result<McpServer, ControlError> => {
    if (!find(store, name)) return missing(name);
    const said = say(store, actor, name, a);
    return said.ok ? readMcpServer(store, name) : said;
  };

export const pinMcpTool = worded<PinMcpToolRequest>(pin);
export const refuseMcpTool = worded<RefuseMcpToolRequest>(refuse);
