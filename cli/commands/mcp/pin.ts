import { usageError } from '../../exit.ts';
import { choice, flag, integer, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { readTool } from './found.ts';

export default defineVerb({
  path: ['mcp', 'pin'],
  summary: 'Vouch for a tool as it describes itself today, and say what it is taken for; persons only',
  description: 'From then on agents of the tier are offered it, until it describes itself differently.',
  arguments: [
    ['<server>', 'its name, as `ags mcp list` shows it'],
    ['<tool>', 'as `ags mcp tools` shows it'],
  ],
  options: {
    sha256: text('--sha256 <hash>', 'of the text that you have read, or its first 12 digits'),
    tier: integer('--tier <n>', 'the lowest tier that is offered it', { min: 0, max: 2 }),
    acts: flag('--acts', 'it changes something'),
    effect: choice('--effect <kind>', 'may a call be repeated? (once unless given)', [
      'pure',
      'idempotent',
      'once',
    ]),
    irreversible: flag(
      '--irreversible',
      'what it does cannot be undone: each call needs an approval (so it is when its server says that it destroys)',
    ),
    reversible: flag('--reversible', 'what it does can be undone, whatever its server says'),
    target: text('--target <name>', 'what its calls touch, e.g. sandbox-tracker; one that acts needs one'),
  },
  examples: ['ags mcp pin tracker create_issue --sha256 3f9a… --tier 1 --acts --target sandbox-tracker'],
  async handler(context, [name, toolName], { sha256, tier, acts, effect, irreversible, reversible, target }) {
    if (tier === undefined) throw usageError('For which tier? Give --tier 0, 1 or 2.');
    if (irreversible && reversible) throw usageError('Give --irreversible or --reversible, not both.');
    const tool = await readTool(context, name!, toolName!, sha256);
    const server = await context.client().pinMcpTool(name!, {
      tool: tool.tool,
      sha256: tool.sha256,
      min_tier: tier as 0 | 1 | 2,
      acts,
      effect: effect ?? 'once',
      ...((irreversible || reversible) && { irreversible }),
      ...(target !== undefined && { target }),
    });
    const { style } = context.out;
    context.emit(server, () => [
      `${style.good('✔')} ${name}__${tool.tool} is offered to agents of tier ${tier} and up, as long as it describes itself as ${tool.sha256}.`,
    ]);
  },
});
