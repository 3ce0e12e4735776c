import { chainEvents, EMPTY_CHAIN } from '#domain/ledger/chain.ts';
import type { NewEvent, PipelineEvent } from '#domain/pipeline/event.ts';
import { type Measurement, rate } from '../report.ts';
import { type Running, timed } from '../runtime.ts';

const PIPELINES = 20;
const EVENTS = 500;

/** PERF-3: the ledger's consumer into D1 (its chain check, its triggers, its index of pipelines) against the same rows in plain batched inserts. */
export async function measureLedger(bare: Running, product: Running): Promise<Measurement[]> {
  const logs = Array.from({ length: PIPELINES }, (_, i) => logOf(`pl_bench${i}`, i + 1));
  const rows = logs.flatMap((l) =>
    l.events.map((e) => ({
      ...{ tenant: l.tenant, pipeline_id: l.pipeline_id },
      ...{ ...e, body: JSON.stringify(e.body) },
    })),
  );
  const n = rows.length;
  const raw = await timed(`${bare.url}/d1`, { rows });
  const own = await timed(`${product.url}/__bench/ledger`, logs);
  return [
    rate('PERF-3', 'ledger rows into D1', (n / own) * 1_000, '/s', {
      name: 'raw batched inserts',
      value: (n / raw) * 1_000,
    }),
  ];
}

function logOf(pipeline_id: string, number: number) {
  const lines = Array.from(
    { length: EVENTS },
    (_, i): NewEvent => ({
      type: 'log_written',
      body: { log_id: `lg_${i}`, level: 'info', source: 'bench', message: 'x'.repeat(200), fields: {} },
    }),
  );
  const events: PipelineEvent[] = chainEvents(EMPTY_CHAIN, lines, {
    at: '2026-01-01T00:00:00.000Z',
    actor: 'service:bench',
    v: 1,
    salts: '0f'.repeat(16 * EVENTS),
  });
  const state = {
    ...{ pipeline_id, number, project_id: 'pr_1', state: 'RUNNING', seq: EVENTS },
    ...{ created_at: '2026-01-01T00:00:00.000Z', plan_name: 'bench', objective: 'bench', verdict: null },
  };
  return { tenant: 'bench-ledger', pipeline_id, events, state };
}
