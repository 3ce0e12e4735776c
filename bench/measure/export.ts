import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#client/index.ts';
import { atMost, type Measurement } from '../report.ts';
import { PLATFORM_KEY, type Running } from '../runtime.ts';

export const EXPORT_TENANTS = ['exports'];
const ROWS_A_BATCH = 1_000;
/** As `insertRows` writes them: one JSON parameter a statement. Bodies are as long as an average event's. */
const FILL = `INSERT INTO events (tenant, pipeline_id, seq, at, type, v, actor, body, salt, prev_hash, hash)
  SELECT 'exports', 'pl_bench' || (value ->> '$[0]'), value ->> '$[1]', value ->> '$[2]', 'step_progressed', 1, 'system:supervisor',
    '{"step_id":"st_' || (value ->> '$[1]') || '","epoch":1,"note":"' || hex(zeroblob(120)) || '"}', '00112233445566778899aabbccddeeff',
    ?1, ?1 FROM json_each(?2)`;
const HASH = 'a'.repeat(64);
const BEGIN = Date.UTC(2026, 0, 1);

/** Resident memory of a process, now and at most (MB). */
function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const kb = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1];
  return Number(kb ?? 0) / 1024;
}

/** The runtimes that this process has started; the product's is the one that grows while it is filled. Empty where there is no /proc. */
function runtimes(): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd') &&
          new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
        );
      } catch {
        return false;
      }
    });
}

async function fill(product: Running, rows: number, say: (text: string) => void): Promise<number> {
  const from = performance.now();
  for (let done = 0; done < rows; done += ROWS_A_BATCH) {
    const list = Array.from({ length: Math.min(ROWS_A_BATCH, rows - done) }, (_, i) => {
      const n = done + i;
      return [Math.floor(n / 5_000), (n % 5_000) + 1, new Date(BEGIN + n * 7).toISOString()];
    });
    await product.db.prepare(FILL).bind(HASH, JSON.stringify(list)).run();
    if (done % 100_000 === 0) say(`    ${done} rows`);
  }
  return (performance.now() - from) / 1_000;
}

interface Exported {
  seconds: number;
  lines: number;
  bytes: number;
  requests: number;
}

/** As a client does: goes on where an answer says that it ended early. Nothing is kept but counts. */
async function take(product: Running, key: string, format: 'csv' | 'jsonl'): Promise<Exported> {
  const done: Exported = { seconds: 0, lines: 0, bytes: 0, requests: 0 };
  const from = performance.now();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({
      format,
      type: 'step_progressed',
      ...(cursor === '' ? {} : { cursor }),
    });
    const response = await fetch(`${product.url}/api/ledger/export?${query}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    if (!response.ok || !response.body) throw new Error(`the export answered ${response.status}`);
    done.requests += 1;
    let last = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      done.bytes += chunk.length;
      for (const byte of chunk) if (byte === 10) done.lines += 1;
      last = (last + decoder.decode(chunk, { stream: true })).slice(-2_000);
    }
    cursor =
      /(?:^|\n)(?:#next_cursor,|\{"next_cursor":")([A-Za-z0-9_=-]+)"?\}?\r?\n$/.exec(last)?.[1] ?? null;
    if (cursor !== null) done.lines -= 1;
  }
  done.seconds = (performance.now() - from) / 1_000;
  return done;
}

/** LEDG-4: a smaller ledger by this factor is exported for comparison. */
const TIMES = 10;
/** What a process takes for its own reasons, MB: V8 collects when it likes, the local database fills its caches. 10,000 rows (5 MB) took 70. */
const NOISE_MB = 100;
/** How much more a ledger of ten times the rows may take. A file, or a list of its rows, that stood in memory would take ten times as much. */
const MOST_TIMES = 2;

/**
 * LEDG-4: streaming means that memory does not follow the number of rows. So two ledgers, one of ten times the other's rows, are exported by a
 * fresh process each, and what exporting took beyond filling is compared.
 */
export async function measureExports(
  start: (name: string) => Promise<Running>,
  rows: number,
  say: (text: string) => void,
): Promise<Measurement[]> {
  const results: Measurement[] = [];
  const taken: (number | null)[] = [];
  for (const n of [Math.round(rows / TIMES), rows]) {
    say(`  a ledger of ${n} rows`);
    const product = await start(`export-${n}`);
    const measured = await measureExport(product, n, say);
    await Promise.race([product.stop(), sleep(10_000)]);
    results.push(...measured.results);
    taken.push(measured.taken);
  }
  const [small, large] = taken;
  return [...results, ...memoryGrowth(small ?? null, large ?? null)];
}

/** null: there is no /proc to look at. MB. */
export function memoryGrowth(small: number | null, large: number | null): Measurement[] {
  if (small === null || large === null) return [];
  return [
    atMost('LEDG-4', 'memory that exporting took beyond filling, of the smaller ledger', small, 'MB'),
    atMost(
      ...(['LEDG-4', `the same of ${TIMES} times the rows`, large, 'MB'] as const),
      MOST_TIMES * Math.max(small, NOISE_MB),
    ),
  ];
}

/** A ledger of `rows` events as a file, streamed: how long, and what the process of the Worker (its database is in it, locally) takes. */
async function measureExport(
  product: Running,
  rows: number,
  say: (text: string) => void,
): Promise<{ results: Measurement[]; taken: number | null }> {
  const platform = createClient({ baseUrl: product.url, key: PLATFORM_KEY });
  const made = await platform.createTenant({ tenant: 'exports', name: 'exports' });
  const key = made.bootstrap.secret;
  const filled = await fill(product, rows, say);
  const pids = runtimes();
  const memory = (what: 'VmRSS' | 'VmHWM') => Math.max(0, ...pids.map((pid) => memoryOf(pid, what)));
  const results = [atMost('LEDG-4', 'rows written into the ledger', rows / filled, '/s')];
  const before = memory('VmRSS');
  let most = before;
  for (const format of ['csv', 'jsonl'] as const) {
    say(`    ${format} …`);
    const watch = setInterval(() => {
      most = Math.max(most, memory('VmRSS'));
    }, 100);
    const out = await take(product, key, format);
    clearInterval(watch);
    const lines = format === 'csv' ? out.lines - 1 : out.lines;
    if (lines !== rows) throw new Error(`the export has ${lines} of ${rows} rows`);
    results.push(
      atMost('LEDG-4', `${format} of ${rows} rows`, out.seconds, 's'),
      atMost('LEDG-4', `${format}, rows per second`, rows / out.seconds, '/s'),
      atMost('LEDG-4', `${format}, size`, out.bytes / 1024 / 1024, 'MB'),
      atMost('LEDG-4', `${format}, requests`, out.requests, 'requests'),
    );
  }
  return { results, taken: pids.length === 0 ? null : most - before };
}
