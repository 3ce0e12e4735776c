import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['mcp', 'remove'],
  summary: 'Front a server no longer, with all that was pinned of it',
  arguments: [['<server>', 'its name, as `ags mcp list` shows it']],
  examples: ['ags mcp remove tracker'],
  async handler(context, [name]) {
    await context.client().removeMcpServer(name!);
    context.emit({ name, removed: true }, () => [
      `${context.out.style.good('✔')} ${name} is not fronted any more.`,
    ]);
  },
});
