import { text } from '../../options.ts';
import { plural } from '../../terminal/format.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { readPolicyFile } from './read.ts';

export default defineVerb({
  path: ['policy', 'backtest'],
  summary: 'What a draft would have changed about recorded actions, either way',
  description: 'Without a file: what the policies in force would say of them today.',
  arguments: [['[file]', 'a draft in Cedar']],
  options: {
    since: text('--since <time>', 'only actions from then on (RFC 3339)'),
    pipeline: text('--pipeline <id>', 'only actions of this one'),
  },
  examples: [
    'ags policy backtest policies.cedar',
    'ags policy backtest policies.cedar --since 2026-11-01T00:00:00.000Z',
  ],
  async handler(context, [file], { since, pipeline }) {
    const result = await context.client().backtestPolicies({
      ...(file !== undefined && { cedar: readPolicyFile(context, file) }),
      ...(since !== undefined && { since }),
      ...(pipeline !== undefined && { pipeline_id: pipeline }),
    });
    const { style } = context.out;
    context.emit(result, () => [
      ...result.changes.flatMap((one) => [
        `${one.direction === 'stricter' ? style.caution('stricter') : style.good('looser  ')} ${printable(one.tool)} on ${printable(one.target || 'no target')}: ${one.was.decision} → ${one.would_be.decision}`,
        style.faint(
          `         ${one.action_id}, ${one.at}: ${printable(one.would_be.determining.join(', '))}. ${printable(one.would_be.reason)}`,
        ),
      ]),
      `${plural(result.examined, 'action')} judged again: ${result.stricter} stricter, ${result.looser} looser.`,
      ...(result.truncated ? [style.caution('There are more; narrow it with --since or --pipeline.')] : []),
      ...(result.skipped > 0
        ? [style.faint(`${plural(result.skipped, 'action')} recorded without the facts to judge them again.`)]
        : []),
    ]);
  },
});
