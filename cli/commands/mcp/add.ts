import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { serverLines } from '../../views/fronted.ts';

export default defineVerb({
  path: ['mcp', 'add'],
  summary: 'Front an MCP server of your own: its tools go through the gate',
  description:
    'It is asked for its tools at once. None of them is offered to an agent before a person has pinned it with `ags mcp pin`.',
  arguments: [
    ['<name>', 'agents see its tools as NAME__TOOL'],
    ['<url>', 'streamable HTTP, on a host that the deployment may reach'],
  ],
  options: {
    credential: text('--credential <path>', 'where Vault has its `token`, e.g. tier1/mcp/tracker'),
  },
  examples: ['ags mcp add tracker https://mcp.example.com/mcp --credential tier1/mcp/tracker'],
  async handler(context, [name, url], { credential }) {
    const client = context.client();
    await client.addMcpServer({
      name: name!,
      url: url!,
      ...(credential !== undefined && { secret_path: credential }),
    });
    const server = await client.lookAtMcpServer(name!);
    const { style } = context.out;
    context.emit(server, () => [`${style.good('✔')} ${name} is fronted.`, ...serverLines(server, style)]);
  },
});
