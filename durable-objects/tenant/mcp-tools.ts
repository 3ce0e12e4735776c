import type {
  McpHints,
  McpServer,
  McpTool,
  ObservedTool,
  PinMcpToolRequest,
  RefuseMcpToolRequest,
} from '#contract/mcp-servers.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { rows, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

type ToolRow = {
  tool: string;
  description: string;
  input_schema: string;
  sha256: string;
  observed_at: number;
  pin: string | null;
  gone_at: number | null;
  refusal: string | null;
  hints: string | null;
};

/** GOV-9: a person's word on a tool, as it is stored. A pin from before descriptions were kept has none. */
type Pin = NonNullable<McpTool['pinned']>;
type StoredPin = Omit<Pin, 'description' | 'input_schema'> & Partial<Pin>;
type Refusal = NonNullable<McpTool['refused']>;

/** Who acts when a server is asked what it has, whoever made it be asked. */
const LOOK = 'system:mcp-look';

const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

function stateOf({ sha256, gone_at }: ToolRow, pin: StoredPin | null, refusal: Refusal | null) {
  if (gone_at !== null) return 'gone';
  if (pin?.sha256 === sha256) return 'pinned';
  if (refusal?.sha256 === sha256) return 'refused';
  return pin === null ? 'new' : 'changed';
}

function shown(row: ToolRow): McpTool {
  const [pin, refused] = [parsed<StoredPin>(row.pin), parsed<Refusal>(row.refusal)];
  const { tool, description, sha256 } = row;
  return {
    tool,
    description,
    sha256,
    input_schema: JSON.parse(row.input_schema) as Record<string, unknown>,
    observed_at: iso(row.observed_at),
    state: stateOf(row, pin, refused),
    pinned: pin && { description: null, input_schema: null, ...pin },
    refused,
    ...(row.hints === null ? {} : { hints: JSON.parse(row.hints) as McpHints }),
  };
}

export const toolsOf = (store: ControlStore, server: string): McpTool[] =>
  rows<ToolRow>(
    store.sql,
    'SELECT tool, description, input_schema, sha256, observed_at, pin, gone_at, refusal, hints FROM mcp_tools WHERE server = ? ORDER BY tool',
    server,
  ).map(shown);

/**
 * What the server says now. Pins stay as they are: one whose hash no longer fits opens nothing. That a pinned tool has changed or gone is
 * in the tenant's log, once.
 */
export function observe(store: ControlStore, server: string, tools: readonly ObservedTool[]): void {
  const before = new Map(toolsOf(store, server).map((t) => [t.tool, t]));
  for (const { tool, description, input_schema, sha256, hints } of tools) {
    run(
      store.sql,
      `INSERT INTO mcp_tools (server, tool, description, input_schema, sha256, observed_at, hints) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (server, tool) DO UPDATE SET description = excluded.description, input_schema = excluded.input_schema,
       sha256 = excluded.sha256, hints = excluded.hints, observed_at = excluded.observed_at, gone_at = NULL
       WHERE sha256 <> excluded.sha256 OR gone_at IS NOT NULL`,
      server,
      tool,
      description,
      JSON.stringify(input_schema),
      sha256,
      store.now(),
      hints ? JSON.stringify(hints) : null,
    );
    const known = before.get(tool);
    if (known?.pinned && known.sha256 !== sha256 && known.pinned.sha256 !== sha256)
      recordChange(store, LOOK, 'mcp_tool_changed', {
        ...{ server, tool, sha256 },
        pinned_sha256: known.pinned.sha256,
      });
  }
  const listed = new Set(tools.map(({ tool }) => tool));
  for (const known of before.values()) {
    if (listed.has(known.tool) || known.state === 'gone') continue;
    run(
      store.sql,
      'UPDATE mcp_tools SET gone_at = ? WHERE server = ? AND tool = ?',
      store.now(),
      server,
      known.tool,
    );
    if (known.pinned) recordChange(store, LOOK, 'mcp_tool_gone', { server, tool: known.tool });
  }
}

/** The hash says what the person has read; when it has changed meanwhile, their word is not taken. */
function asRead(
  tools: McpServer['tools'],
  server: string,
  a: { tool: string; sha256: string },
): Result<McpTool, ControlError> {
  const tool = tools.find((t) => t.tool === a.tool);
  if (!tool) return err({ code: 'not_found', what: `tool ${a.tool} of ${server}` });
  return tool.sha256 === a.sha256
    ? ok(tool)
    : err({ code: 'action_changed', detail: `${a.tool} describes itself differently by now.` });
}

export function pin(
  store: ControlStore,
  actor: string,
  server: string,
  a: PinMcpToolRequest,
): Result<void, ControlError> {
  const read = asRead(toolsOf(store, server), server, a);
  if (!read.ok) return read;
  const word = {
    sha256: a.sha256,
    min_tier: a.min_tier as Tier,
    acts: a.acts,
    effect: a.effect,
    // GOV-1: a server's word that its tool destroys counts until a person says otherwise; that it does not never counts.
    irreversible: a.irreversible ?? (a.acts && read.value.hints?.destructive === true),
    target: a.target ?? '',
    by: actor,
    at: iso(store.now()),
  };
  const { description, input_schema } = read.value;
  run(
    store.sql,
    'UPDATE mcp_tools SET pin = ?, refusal = NULL WHERE server = ? AND tool = ?',
    JSON.stringify({ ...word, description, input_schema } satisfies Pin),
    server,
    a.tool,
  );
  recordChange(store, actor, 'mcp_tool_pinned', { server, tool: a.tool, ...word });
  return ok(undefined);
}

export function refuse(
  store: ControlStore,
  actor: string,
  server: string,
  a: RefuseMcpToolRequest,
): Result<void, ControlError> {
  const read = asRead(toolsOf(store, server), server, a);
  if (!read.ok) return read;
  const { tool, sha256, reason } = a;
  const refusal: Refusal = { sha256, reason, by: actor, at: iso(store.now()) };
  run(
    store.sql,
    'UPDATE mcp_tools SET pin = NULL, refusal = ? WHERE server = ? AND tool = ?',
    JSON.stringify(refusal),
    server,
    tool,
  );
  recordChange(store, actor, 'mcp_tool_refused', { server, tool, sha256, reason });
  return ok(undefined);
}
