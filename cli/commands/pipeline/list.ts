import type { Pipeline } from '#client/index.ts';
import { PIPELINE_STATES } from '#domain/pipeline/states.ts';
import { choice, flag, integer, text } from '../../options.ts';
import { ago, money } from '../../terminal/format.ts';
import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { stateWord } from '../../views/ribbon.ts';

export default defineVerb({
  path: ['pipeline', 'list'],
  summary: 'Live pipelines, newest first',
  options: {
    all: flag('--all', 'those that ended, too'),
    state: choice('--state <state>', 'only these', PIPELINE_STATES),
    project: text('--project <id>', 'only of this project'),
    limit: integer('--limit <n>', 'at most so many (default 50)', { min: 1, max: 1_000 }),
    cursor: text('--cursor <cursor>', 'the page after, as the previous one named it'),
  },
  examples: [
    'ags pipeline list',
    'ags pipeline list --all --state FAILED --limit 20',
    'ags pipeline list --json',
  ],
  async handler(context, _args, options) {
    const client = context.client();
    const query = {
      state: options.state,
      project_id: options.project,
      limit: options.limit ?? 50,
      cursor: options.cursor,
    };
    const page = await (options.all ? client.pipelines(query) : client.activePipelines(query));
    const { style } = context.out;
    const now = Date.now();
    const columns = [
      { title: '#', cell: (p: Pipeline) => String(p.number), align: 'right' as const },
      { title: 'PIPELINE', cell: (p: Pipeline) => p.pipeline_id },
      { title: 'STATE', cell: (p: Pipeline) => stateWord(p, style) },
      { title: 'WAITS FOR', cell: (p: Pipeline) => style.caution(p.waiting_for ?? '') },
      { title: 'EXIT', cell: (p: Pipeline) => String(p.exit_code ?? ''), align: 'right' as const },
      { title: 'TIER', cell: (p: Pipeline) => String(p.tier), align: 'right' as const },
      { title: 'ROUND', cell: (p: Pipeline) => String(p.round || ''), align: 'right' as const },
      { title: 'COST', cell: (p: Pipeline) => money(p.usage.cost_microusd), align: 'right' as const },
      { title: 'SPAWNED', cell: (p: Pipeline) => ago(p.created_at, now) },
      { title: 'PLAN', cell: (p: Pipeline) => printable(p.plan_name), flexible: true },
    ];
    context.emit(page, () =>
      page.items.length === 0
        ? [
            style.faint(
              options.all ? 'No pipelines.' : 'No live pipelines. --all lists those that ended, too.',
            ),
          ]
        : [
            ...table(columns, page.items, context.out.width(), style.faint),
            ...(page.next_cursor ? [style.faint(`More: --cursor ${page.next_cursor}`)] : []),
          ],
    );
  },
});
