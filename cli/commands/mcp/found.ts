import type { McpServer, McpTool } from '#client/index.ts';
import type { Context } from '../../context.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';

/** @throws CliError refused when no server has that name. */
export async function foundServer(context: Context, name: string): Promise<McpServer> {
  const { items } = await context.client().mcpServers();
  const found = items.find((server) => server.name === name);
  if (found) return found;
  throw new CliError(EXIT.refused, `No fronted MCP server is called ${name}.`, 'ags mcp list shows them.');
}

/** Digits of a hash that name one text; fewer could be another text's too. */
const DIGITS = 12;

/**
 * The tool whose text the person has read: they say its hash, or how it begins. The server refuses it should it have changed since.
 * @throws CliError when there is none, or the text is another one.
 */
export async function readTool(
  context: Context,
  name: string,
  toolName: string,
  sha256: string | undefined,
): Promise<McpTool> {
  const hint = `Read it with \`ags mcp tools ${name}\`, which shows the hash too.`;
  if (sha256 === undefined || sha256.length < DIGITS)
    throw usageError(`Which text? Give --sha256 with at least ${DIGITS} digits of its hash.`, hint);
  const { tools } = await foundServer(context, name);
  const tool = tools.find((t) => t.tool === toolName);
  if (!tool) throw new CliError(EXIT.refused, `${name} has no tool called ${toolName}.`, hint);
  if (tool.sha256.startsWith(sha256.toLowerCase())) return tool;
  throw new CliError(EXIT.refused, `${toolName} describes itself differently by now: ${tool.sha256}.`, hint);
}
