import type { EXPORT_FORMATS, LedgerEntry, LedgerExportQuery } from '#contract/ledger.ts';
import { queryLedger, type Sight } from './search.ts';

type Format = (typeof EXPORT_FORMATS)[number];

/**
 * Rows read at a time, and how many times: a Worker may send D1 1,000 queries a request. Memory stays at one page; what is more than
 * `page × pages` rows takes another request, which the last line tells of.
 */
const BOUNDS = { page: 2_000, pages: 900 };

const COLUMNS = [
  ...['at', 'pipeline_id', 'seq', 'type', 'actor', 'agent_id', 'severity', 'body'],
  ...['v', 'salt', 'prev_hash', 'hash', 'content'],
] as const satisfies readonly (keyof LedgerEntry)[];

/** RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe before it. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

interface Writing {
  head: string;
  line(entry: LedgerEntry): string;
  /** The last line of a file that is not the whole: where to go on. No event looks like it. */
  more(cursor: string): string;
}

const LINES: Record<Format, Writing> = {
  csv: {
    head: `${COLUMNS.join(',')}\r\n`,
    line: (entry) => `${COLUMNS.map((name) => cell(entry[name])).join(',')}\r\n`,
    more: (cursor) => `#next_cursor,${cursor}\r\n`,
  },
  jsonl: {
    head: '',
    line: (entry) => `${JSON.stringify(entry)}\n`,
    more: (next_cursor) => `${JSON.stringify({ next_cursor })}\n`,
  },
};

export const EXPORT_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

/**
 * LEDG-4: everything that the filters find, oldest first (a full-text search: in order of arrival), page by page as the reader takes it.
 * The first page is read before this answers, so that a database that is down is told as such; one that fails later breaks the stream
 * off with an error, because half a file must not pass for a whole one. What one request cannot carry ends with a line that has the
 * cursor to go on with; a file that goes on has no heading.
 */
export async function exportLedger(
  db: D1Database,
  sight: Sight,
  { format, cursor: begin, ...filters }: LedgerExportQuery,
  bounds = BOUNDS,
): Promise<ReadableStream<Uint8Array>> {
  const { head, line, more } = LINES[format];
  const encoder = new TextEncoder();
  const read = (cursor?: string) =>
    queryLedger(db, sight, { ...filters, limit: bounds.page, cursor }, 'oldest');
  let page: Awaited<ReturnType<typeof read>> | null = await read(begin);
  let left = bounds.pages - 1;
  let begun = begin !== undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (page === null) return controller.close();
        const text = page.items.map(line).join('');
        const next = page.next_cursor;
        controller.enqueue(encoder.encode(begun ? text : head + text));
        begun = true;
        if (next !== null && left === 0) controller.enqueue(encoder.encode(more(next)));
        page = next === null || left === 0 ? null : await read(next);
        left -= 1;
      },
    },
    { highWaterMark: 1 },
  );
}
