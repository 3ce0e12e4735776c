import type { Archive } from '#client/index.ts';
import { integer, text } from '../../options.ts';
import { table } from '../../terminal/table.ts';
import { defineVerb } from '../../verb.ts';

const COLUMNS = [
  { title: '#', cell: (a: Archive) => String(a.number), align: 'right' as const },
  { title: 'PIPELINE', cell: (a: Archive) => a.pipeline_id },
  { title: 'ARCHIVED', cell: (a: Archive) => a.archived_at },
  { title: 'EVENTS', cell: (a: Archive) => String(a.events), align: 'right' as const },
  { title: 'BYTES', cell: (a: Archive) => String(a.bytes), align: 'right' as const },
  { title: 'SHA-256', cell: (a: Archive) => a.sha256.slice(0, 16) },
  { title: '', cell: (a: Archive) => (a.removed_at === null ? 'being moved' : '') },
];

export default defineVerb({
  path: ['archive', 'list'],
  summary: 'Pipelines that are older than the tenant keeps them',
  description:
    'Their logs lie in the archive, as evidence packages (LEDG-5); `ags quota show` says after how many days.',
  options: {
    limit: integer('--limit <n>', 'at most so many (default 50)', { min: 1, max: 1_000 }),
    cursor: text('--cursor <cursor>', 'the page after, as the previous one named it'),
  },
  examples: ['ags archive list', 'ags archive list --json'],
  async handler(context, _args, { limit = 50, cursor }) {
    const page = await context.client().archives({ limit, cursor });
    const { style } = context.out;
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('Nothing is archived.')]
        : [
            ...table(COLUMNS, page.items, context.out.width(), style.faint),
            ...(page.next_cursor ? [style.faint(`More: --cursor ${page.next_cursor}`)] : []),
          ],
    );
  },
});
