import type { McpServer, McpTool } from '#contract/mcp-servers.ts';
import type { OutsideTool } from '#domain/pipeline/event/actions.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import type { Asking } from './asking.ts';

/** GOV-9: a tool of a tenant's own MCP server, as agents name it: `server__tool`. */
export interface FrontedTool {
  name: string;
  observed: McpTool;
  traits: OutsideTool;
  /** What a person said that its calls touch. */
  target: string;
}

/** Only what a person has pinned, as long as it still describes itself that way. */
function frontedTool(server: McpServer, observed: McpTool): FrontedTool | null {
  const { pinned, tool } = observed;
  if (pinned === null || observed.state !== 'pinned') return null;
  const { min_tier, acts, effect, irreversible, target, sha256 } = pinned;
  const pin = { name: server.name, tool, pinned_sha256: sha256 };
  const traits: OutsideTool = { min_tier, acts, effect, irreversible, external: true, server: pin };
  return { name: `${server.name}__${tool}`, observed, traits, target };
}

export async function frontedTools({ env, agent }: Asking): Promise<FrontedTool[]> {
  const servers = await controlStub(env.CONTROL, agent.tenant).listMcpServers();
  return servers.flatMap((server) => server.tools.flatMap((tool) => frontedTool(server, tool) ?? []));
}

/** The fronted tool of this name; null when there is none, or when it is not the pinned one any more. */
export async function frontedBy({ env, agent }: Asking, name: string): Promise<FrontedTool | null> {
  const [server = '', ...rest] = name.split('__');
  if (rest.length === 0) return null;
  const found = await controlStub(env.CONTROL, agent.tenant).readMcpServer(server);
  const tool = found.ok ? found.value.tools.find((t) => t.tool === rest.join('__')) : undefined;
  return found.ok && tool ? frontedTool(found.value, tool) : null;
}
