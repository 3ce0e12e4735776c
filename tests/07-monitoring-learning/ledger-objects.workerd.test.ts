import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it } from 'vitest';
import type { LedgerEntry, LedgerStatus, ReconcileResult } from '#contract/ledger.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { type ChainedEvent, verifyChain } from '#domain/ledger/chain.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import {
  answer,
  ask,
  env,
  makeTenant,
  migrateLedger,
  planSource,
  type TestTenant,
} from '#tests/support/worker.ts';
import { runScheduled } from '#workers/cron.ts';

listenToQueues();

let acme: TestTenant;
let pipeline: Pipeline;
beforeAll(async () => {
  await migrateLedger();
  acme = await makeTenant('acme');
  const body = { plan: { source: planSource({ name: 'whole-run' }) } };
  pipeline = (await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body })).body;
  await (await new DrivenPipeline('acme', pipeline.pipeline_id).toConsensus()).revokeAll();
});

const reconcile = () =>
  answer<ReconcileResult>('/api/ledger/reconcile', { key: acme.keys.auditor, body: {} });
const changes = () => controlStub(env.CONTROL, 'acme').changes(0, 1_000);
const rows = async (sql: string) => (await env.LEDGER.prepare(sql).all<Record<string, unknown>>()).results;
const TABLES = ['events', 'agent_metrics', 'pipelines'];
const dump = () =>
  Promise.all(TABLES.map((table) => rows(`SELECT * FROM ${table} WHERE tenant = 'acme' ORDER BY 1, 2, 3`)));

/** As somebody with every right on the database could. */
async function tamper(...statements: string[]): Promise<void> {
  const triggers = (await rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")) as {
    name: string;
    sql: string;
  }[];
  await env.LEDGER.batch(
    [...triggers.map((t) => `DROP TRIGGER ${t.name}`), ...statements, ...triggers.map((t) => t.sql)].map(
      (sql) => env.LEDGER.prepare(sql),
    ),
  );
}

it('LEDG-1 TEN-5: what administration did is a chain of its own, with who did it, and has no secret in it', async () => {
  const log = await changes();
  expect(verifyChain(log)).toEqual({ ok: true, count: log.length });
  expect(log.map((c) => c.type)).toEqual(
    expect.arrayContaining(['tenant_created', 'project_created', 'subject_created', 'key_created']),
  );
  expect(log.every((c) => /^(platform|person:|service:|system:)/.test(c.actor))).toBe(true);
  for (const secret of [acme.bootstrap, ...Object.values(acme.keys)])
    expect(JSON.stringify(log)).not.toContain(secret.split('_').at(-1));
});

it('LEDG-1: changes from before there was a chain are linked in when it is read', async () => {
  const store = (act: (sql: SqlStorage) => unknown) =>
    runInDurableObject(env.CONTROL.getByName('t/older/control'), (_, { storage }) => {
      act(storage.sql);
    });
  await makeTenant('older');
  await store((sql) => sql.exec("UPDATE changes SET salt = '', prev_hash = '', hash = ''"));
  const log = await controlStub(env.CONTROL, 'older').changes(0, 1_000);
  expect(log.length).toBeGreaterThan(3);
  expect(verifyChain(log).ok).toBe(true);
  expect(await controlStub(env.CONTROL, 'older').changes(0, 1_000)).toEqual(log);
});

it('LEDG-1: an empty ledger, rebuilt from the real objects, has their logs, and again the same row by row', async () => {
  const first = await reconcile();
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ checked: 2, alarms: [] });
  const key = acme.keys.auditor;
  const copy = await answer<{ items: LedgerEntry[] }>(
    `/api/ledger?pipeline_id=${pipeline.pipeline_id}&limit=1000`,
    { key },
  );
  expect(verifyChain(copy.body.items.reverse() as ChainedEvent[])).toMatchObject({ ok: true });
  expect(copy.body.items.length).toBe(
    (await new DrivenPipeline('acme', pipeline.pipeline_id).events()).length,
  );
  const own = await answer<{ items: LedgerEntry[] }>('/api/ledger?pipeline_id=ct_acme&limit=1000', { key });
  expect(own.body.items.map((e) => e.hash)).toEqual((await changes()).map((c) => c.hash).reverse());

  const before = await dump();
  expect(before.every((table) => table.length > 0)).toBe(true);
  await tamper(...TABLES.map((table) => `DELETE FROM ${table}`));
  await runScheduled({ cron: '*/30 * * * *' }, env);
  expect(await dump()).toEqual(before);
});

it('LEDG-1 OPS-1: a planted fork is seen in the ledger’s status and in the health report', async () => {
  const key = acme.keys.admin;
  const status = async () => (await answer<LedgerStatus>('/api/ledger/status', { key })).body;
  expect(await status()).toMatchObject({ intact: true, alarms: [] });
  const forged = 'e'.repeat(64);
  await tamper(
    `UPDATE events SET hash = '${forged}' WHERE pipeline_id = '${pipeline.pipeline_id}' AND seq = 3`,
  );
  await reconcile();
  expect(await status()).toMatchObject({
    intact: false,
    alarms: [{ pipeline_id: pipeline.pipeline_id, seq: 3, ledger_hash: forged }],
  });
  const health = await answer<{ dependencies: { name: string; status: string }[] }>('/api/health', { key });
  expect(health.body.dependencies.find((d) => d.name === 'ledger')).toMatchObject({ status: 'degraded' });
});

it('LEDG-4: the export streams a file of its own type, for the caller’s tenant alone', async () => {
  const other = await makeTenant('globex');
  const csv = await ask('/api/ledger/export?format=csv', { key: acme.keys.viewer });
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="ledger-acme.csv"');
  const text = await csv.text();
  expect(text).toContain('pipeline_spawned');
  // Keys and people are not a viewer's business.
  expect(text).not.toContain('key_created');
  const foreign = await ask('/api/ledger/export?format=jsonl', { key: other.keys.admin });
  expect(await foreign.text()).not.toContain(pipeline.pipeline_id);
});
