import type { McpServer } from '#client/index.ts';
import { ago } from '../../terminal/format.ts';
import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

const count = (server: McpServer, ...states: McpServer['tools'][number]['state'][]): string =>
  String(server.tools.filter(({ state }) => states.includes(state)).length);

export default defineVerb({
  path: ['mcp', 'list'],
  summary: 'The MCP servers that are fronted, and whether a person has to look at their tools',
  examples: ['ags mcp list', 'ags mcp list --json'],
  async handler(context) {
    const page = await context.client().mcpServers();
    const now = Date.now();
    const columns = [
      { title: 'SERVER', cell: (s: McpServer) => s.name },
      { title: 'URL', cell: (s: McpServer) => printable(s.url) },
      { title: 'PINNED', cell: (s: McpServer) => count(s, 'pinned') },
      { title: 'CHANGED', cell: (s: McpServer) => count(s, 'changed') },
      { title: 'NEW', cell: (s: McpServer) => count(s, 'new') },
      { title: 'SEEN', cell: (s: McpServer) => (s.looked_at === null ? 'never' : ago(s.looked_at, now)) },
      { title: 'LAST LOOK', cell: (s: McpServer) => (s.look_error === null ? 'well' : 'failed') },
    ];
    context.emit(page, () => table(columns, page.items, context.out.width(), context.out.style.faint));
  },
});
