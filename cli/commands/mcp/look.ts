import { defineVerb } from '../../verb.ts';
import { serverLines } from '../../views/fronted.ts';

export default defineVerb({
  path: ['mcp', 'look'],
  summary: 'Ask a fronted server now which tools it has',
  description:
    'It is a short run of its own, with the credential from Vault. By itself each server is asked every 6 hours.',
  arguments: [['<server>', 'its name, as `ags mcp list` shows it']],
  examples: ['ags mcp look tracker'],
  async handler(context, [name]) {
    const server = await context.client().lookAtMcpServer(name!);
    context.emit(server, () => serverLines(server, context.out.style));
  },
});
