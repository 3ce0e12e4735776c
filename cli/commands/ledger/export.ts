import { usageError } from '../../exit.ts';
import { choice, flag, text } from '../../options.ts';
import { download } from '../../terminal/download.ts';
import { defineVerb } from '../../verb.ts';
import { filters, filtersOf } from './filters.ts';
import { wholeExport } from './parts.ts';

export default defineVerb({
  path: ['ledger', 'export'],
  summary: 'The ledger as a file, oldest first',
  options: {
    ...filters,
    format: choice('--format <format>', 'csv or jsonl (default: by the file’s name)', [
      'csv',
      'jsonl',
    ] as const),
    out: text('--out <file>', 'where to write it'),
    force: flag('--force', 'overwrite the file'),
  },
  examples: ['ags ledger export --out november.csv --since 2026-11-01 --until 2026-12-01'],
  async handler(context, _args, { format, out, force, ...given }) {
    if (out === undefined) throw usageError('Where to? Give --out FILE.');
    const by = format ?? (out.endsWith('.csv') ? 'csv' : 'jsonl');
    const client = context.client();
    const query = { ...filtersOf(given), format: by };
    // Asked before the file is touched: a refusal must not cost an older one.
    const first = await client.exportLedger(query);
    const whole = wholeExport(first, (cursor) => client.exportLedger({ ...query, cursor }));
    const written = await download(whole, { path: out, cwd: context.cwd, force });
    const { style } = context.out;
    context.emit(written, () => [
      `${style.good('✔')} ${written.file} ${style.faint(`${written.bytes} bytes`)}`,
    ]);
  },
});
