import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LedgerStatus } from '#contract/ledger.ts';
import {
  claims,
  type DatabaseFault,
  fails,
  faultyDatabase,
  flaky,
  forgetsToAnswer,
  slowly,
} from '#tests/support/faults/database.ts';
import { KIND, Queues } from '#tests/support/faults/queues.ts';
import { cameTo, copied, over, sealed, type WholeWorker, wholeWorker } from '#tests/support/whole-worker.ts';
import { answer, env, migrateLedger } from '#tests/support/worker.ts';
import { runScheduled } from '#workers/cron.ts';

let whole: WholeWorker;
let tenants = 0;
let said: string[] = [];
beforeAll(migrateLedger);
beforeEach(async () => {
  tenants += 1;
  whole = await wholeWorker(`d1-${tenants}`);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  said = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => void said.push(String(line)));
}, 60_000);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Row {
  d1: string;
  fault: DatabaseFault;
  /** Whether the copy can be whole while the fault is there. */
  keepsUp: boolean;
  /** What stands in the log. */
  logs: string | null;
  /** It was believed: only the reconciler finds what is missing. */
  believed?: true;
}
const UNWRITTEN = 'rows could not be written to the ledger';
const ROWS: Row[] = [
  { d1: 'takes its time', fault: slowly(60), keepsUp: true, logs: null },
  {
    d1: 'fails',
    fault: fails,
    keepsUp: false,
    logs: 'the ledger could not be written; its messages come again',
  },
  { d1: 'fails every other time', fault: flaky(), keepsUp: true, logs: null },
  { d1: 'writes, and its answers get lost', fault: forgetsToAnswer, keepsUp: true, logs: UNWRITTEN },
  { d1: 'says that it wrote nothing, and did not', fault: claims(() => 0), keepsUp: false, logs: UNWRITTEN },
  {
    d1: 'says that it wrote everything, and did not',
    fault: claims(() => 1_000),
    keepsUp: false,
    logs: null,
    believed: true,
  },
];

const status = async () =>
  (await answer<LedgerStatus>('/api/ledger/status', { key: whole.tenant.keys.auditor })).body;

describe('D1 while whole pipelines run', () => {
  it.each(ROWS)(
    'LEDG-1, REL-1, REL-3: it $d1: the pipelines go on to their end, and the ledger has all of it afterwards',
    async ({ fault, keepsUp, logs, believed }) => {
      const database = faultyDatabase(env.LEDGER, fault);
      const queues = new Queues({ ...whole.env, LEDGER: database }, KIND, 1);
      const pipelines = [await whole.spawn('one'), await whole.spawn('two')];
      const noticed = () => database.met > 0 && (logs === null || said.some((line) => line.includes(logs)));
      await queues.run(pipelines, async () => noticed() && (await sealed(pipelines)()));
      for (const pipeline of pipelines)
        expect((await cameTo(pipeline)).ended).toEqual(['COMPLETED', 0, 'consensus_reached']);
      if (!keepsUp) for (const pipeline of pipelines) expect(await copied(pipeline)).toEqual([]);

      queues.env = whole.env;
      if (believed) await runScheduled({ cron: '*/30 * * * *' }, whole.env);
      await queues.run(pipelines, over(pipelines));
      for (const pipeline of pipelines)
        expect(await copied(pipeline)).toEqual((await pipeline.events()).map((e) => e.hash));
      // Nothing twice, nothing different, nothing left for the reconciler.
      await runScheduled({ cron: '*/30 * * * *' }, whole.env);
      const repaired = async () => (await status()).reconciliation?.rows_repaired;
      const before = await repaired();
      await runScheduled({ cron: '*/30 * * * *' }, whole.env);
      expect(await status()).toMatchObject({ intact: true, alarms: [] });
      expect(await repaired()).toBe(before);
    },
    60_000,
  );
});
