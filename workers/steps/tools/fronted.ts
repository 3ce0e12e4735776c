import * as z from 'zod';
import type { OutsideTool } from '#domain/pipeline/event/actions.ts';
import { failed, withServer } from './fronted-server.ts';
import { defineTool, type ToolContext, type ToolOutcome, textOf } from './tool.ts';

/** GOV-9: one call of a fronted tool, only while its description is the one that a person has pinned. */
export async function callFronted(
  { name, tool, pinned_sha256 }: NonNullable<OutsideTool['server']>,
  args: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolOutcome> {
  const server = await context.servers.find(context.tenant, name);
  if (server === null) return failed(name, 'not_found', `There is no MCP server called ${name} any more.`);
  return withServer(server, context, async ({ tools, call }) => {
    await context.servers.observe(context.tenant, name, tools);
    if (tools.find((t) => t.tool === tool)?.sha256 !== pinned_sha256)
      return failed(
        name,
        'description_changed',
        `${tool} of ${name} describes itself differently than when it was pinned.`,
      );
    const result = await call(tool, args);
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
    return withServer(server, context, async ({ tools }) => {
      await context.servers.observe(context.tenant, name, tools);
      const value = { tools: tools.map(({ tool, sha256 }) => ({ tool, sha256 })) };
      return { ok: true, value, origin: [`mcp:${name}`, 'untrusted'] };
    });
  },
});
