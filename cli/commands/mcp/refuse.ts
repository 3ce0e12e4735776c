import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { readTool } from './found.ts';

export default defineVerb({
  path: ['mcp', 'refuse'],
  summary: 'Do not vouch for a tool as it describes itself today; a pin that it has is withdrawn',
  arguments: [
    ['<server>', 'its name, as `ags mcp list` shows it'],
    ['<tool>', 'as `ags mcp tools` shows it'],
  ],
  options: {
    sha256: text('--sha256 <hash>', 'of the text that you have read, or its first 12 digits'),
    reason: text('--reason <text>', 'why, for the record'),
  },
  examples: ['ags mcp refuse tracker create_issue --sha256 3f9a… --reason "its text asks for secrets"'],
  async handler(context, [name, toolName], { sha256, reason }) {
    if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
    const tool = await readTool(context, name!, toolName!, sha256);
    const server = await context
      .client()
      .refuseMcpTool(name!, { tool: tool.tool, sha256: tool.sha256, reason });
    context.emit(server, () => [
      `${context.out.style.good('✔')} ${name}__${tool.tool} is refused: no agent is offered it.`,
    ]);
  },
});
