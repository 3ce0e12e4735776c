import type { LedgerEntry } from '#client/index.ts';
import { integer, text } from '../../options.ts';
import { table } from '../../terminal/table.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { filters, filtersOf } from './filters.ts';

export default defineVerb({
  path: ['ledger', 'query'],
  summary: 'Events of all pipelines, newest first',
  options: {
    ...filters,
    limit: integer('--limit <n>', 'at most so many (default 50)', { min: 1, max: 1_000 }),
    cursor: text('--cursor <cursor>', 'the page after, as the previous one named it'),
  },
  examples: [
    'ags ledger query --type violation_recorded --since 2026-11-01',
    'ags ledger query --search "no snapshot" --json',
  ],
  async handler(context, _args, { limit = 50, cursor, ...given }) {
    const page = await context.client().ledger({ ...filtersOf(given), limit, cursor });
    const { style } = context.out;
    const columns = [
      { title: 'AT', cell: (e: LedgerEntry) => e.at },
      { title: 'LOG', cell: (e: LedgerEntry) => e.pipeline_id },
      { title: 'SEQ', cell: (e: LedgerEntry) => String(e.seq), align: 'right' as const },
      { title: 'TYPE', cell: (e: LedgerEntry) => printable(e.type) },
      { title: 'ACTOR', cell: (e: LedgerEntry) => printable(e.actor) },
      { title: 'BODY', cell: (e: LedgerEntry) => printable(JSON.stringify(e.body)), flexible: true },
    ];
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('Nothing in the ledger fits that.')]
        : [
            ...table(columns, page.items, context.out.width(), style.faint),
            ...(page.next_cursor ? [style.faint(`More: --cursor ${page.next_cursor}`)] : []),
          ],
    );
  },
});
