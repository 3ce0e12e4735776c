import { SEVERITIES } from '#domain/governance/severity.ts';
import { choice, integer, text } from '../options.ts';
import { printable } from '../terminal/text.ts';
import { defineVerb } from '../verb.ts';
import { whichPipeline } from './pipeline/which.ts';

export default defineVerb({
  path: ['violations'],
  summary: 'Rules that agents broke, the newest first',
  description:
    'Which rule, how gravely, by whom, the evidence, and what followed. They count against promotion.',
  options: {
    pipeline: text('--pipeline <pipeline>', 'only of this one'),
    severity: choice('--severity <severity>', 'only these', SEVERITIES),
    rule: text('--rule <rule>', 'only of this rule'),
    since: text('--since <time>', 'not before this time (RFC 3339)'),
    limit: integer('--limit <n>', 'at most that many', { min: 1, max: 1_000 }),
  },
  examples: ['ags violations', 'ags violations --severity critical --json'],
  async handler(context, _args, { pipeline, severity, rule, since, limit }) {
    const client = context.client();
    const page = await client.violations({
      ...(pipeline !== undefined && { pipeline_id: await whichPipeline(client, pipeline) }),
      ...(severity !== undefined && { severity }),
      ...(rule !== undefined && { rule }),
      ...(since !== undefined && { since }),
      ...(limit !== undefined && { limit }),
    });
    const { style } = context.out;
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('No rule was broken.')]
        : page.items.flatMap((v) => [
            `${style.bad(v.severity.toUpperCase())}  ${style.strong(printable(v.rule))}  ${v.at}`,
            `  ${v.pipeline_id}${v.role ? ` ${v.role}` : ''}: ${printable(v.evidence)}`,
            `  ${printable(v.consequence)}`,
          ]),
    );
  },
});
