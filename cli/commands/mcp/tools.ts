import { defineVerb } from '../../verb.ts';
import { serverLines } from '../../views/fronted.ts';
import { foundServer } from './found.ts';

export default defineVerb({
  path: ['mcp', 'tools'],
  summary: 'The tools of a fronted server: what they say of themselves, what is pinned, what has changed',
  description:
    'As last seen; `ags mcp look` asks the server now. A changed text shows [-what went-] and {+what came+}.',
  arguments: [['<server>', 'its name, as `ags mcp list` shows it']],
  examples: ['ags mcp tools tracker', 'ags mcp tools tracker --json'],
  async handler(context, [name]) {
    const server = await foundServer(context, name!);
    context.emit(server, () => serverLines(server, context.out.style));
  },
});
