import type { EXPORT_FORMATS, LedgerEntry, LedgerExportQuery } from '#contract/ledger.ts';
import { queryLedger, type Sight } from './search.ts';

type Format = (typeof EXPORT_FORMATS)[number];

/** Rows read at a time: a Worker may send D1 1,000 queries a request, so an export ends at two million rows; memory stays at one page. */
const PAGE = 2_000;

const COLUMNS = [
  ...['at', 'pipeline_id', 'seq', 'type', 'actor', 'agent_id', 'severity', 'body'],
  ...['v', 'salt', 'prev_hash', 'hash'],
] as const satisfies readonly (keyof LedgerEntry)[];

/** RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe before it. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const LINES: Record<Format, { head: string; line(entry: LedgerEntry): string }> = {
  csv: {
    head: `${COLUMNS.join(',')}\r\n`,
    line: (entry) => `${COLUMNS.map((name) => cell(entry[name])).join(',')}\r\n`,
  },
  jsonl: { head: '', line: (entry) => `${JSON.stringify(entry)}\n` },
};

export const EXPORT_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

/**
 * LEDG-4: everything that the filters find, oldest first (a full-text search: in order of arrival), page by page as the reader takes it.
 * The first page is read before this answers, so that a database that is down is told as such; one that fails later breaks the stream
 * off with an error, because half a file must not pass for a whole one.
 */
export async function exportLedger(
  db: D1Database,
  sight: Sight,
  { format, ...filters }: LedgerExportQuery,
): Promise<ReadableStream<Uint8Array>> {
  const { head, line } = LINES[format];
  const encoder = new TextEncoder();
  const read = (cursor?: string) => queryLedger(db, sight, { ...filters, limit: PAGE, cursor }, 'oldest');
  let page: Awaited<ReturnType<typeof read>> | null = await read();
  let begun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (page === null) return controller.close();
        const text = page.items.map(line).join('');
        const next = page.next_cursor;
        controller.enqueue(encoder.encode(begun ? text : head + text));
        begun = true;
        page = next === null ? null : await read(next);
      },
    },
    { highWaterMark: 1 },
  );
}
