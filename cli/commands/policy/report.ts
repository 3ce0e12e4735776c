import { text } from '../../options.ts';
import { plural } from '../../terminal/format.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['policy', 'report'],
  summary: 'What projects that observe let happen, and what enforcing would have said',
  options: {
    project: text('--project <id>', 'only of this one'),
    since: text('--since <time>', 'only from then on (RFC 3339)'),
  },
  examples: ['ags policy report', 'ags policy report --project pj_… --json'],
  async handler(context, _args, { project, since }) {
    const report = await context.client().policyReport({
      ...(project !== undefined && { project_id: project }),
      ...(since !== undefined && { since }),
    });
    const { style } = context.out;
    context.emit(report, () => [
      ...report.items.flatMap((one) => [
        `${style.caution(one.would_be.padEnd(16))} ${printable(one.tool)} on ${printable(one.target || 'no target')} ${style.faint(one.at)}`,
        style.faint(`  ${one.action_id}: ${printable(one.determining.join(', '))}. ${printable(one.reason)}`),
      ]),
      `${plural(report.items.length, 'action')} of ${report.examined} would have been stopped.`,
      ...(report.truncated ? [style.caution('There are more; narrow it with --since or --project.')] : []),
    ]);
  },
});
