import { runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { DrivenPipeline } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, migrateLedger, planSource } from '#tests/support/worker.ts';
import type { Env } from '#workers/config.ts';
import { runScheduled } from '#workers/cron.ts';
import worker from '#workers/main.ts';
import { consumeQueue } from '#workers/queues.ts';

const refuse = (): never => {
  throw new Error('D1_ERROR: the database is down');
};
const DOWN = { ...env, LEDGER: { prepare: refuse, batch: refuse } } as unknown as Env;
const HOUR = 3_600_000;

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => vi.useRealTimers());

it('LEDG-1 REL-3: D1 refuses for an hour: nothing but queries stops, and nothing is lost', async () => {
  await migrateLedger();
  const acme = await makeTenant('acme');
  const { operator: key, admin } = acme.keys;
  let up = false;
  const outcomes = { ack: 0, retry: 0 };
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(worker, 'queue').mockImplementation(async (batch) => {
    if (batch.queue !== 'ags-ledger') return batch.ackAll();
    for (const message of batch.messages) {
      const [ack, retry] = [message.ack.bind(message), message.retry.bind(message)];
      message.ack = () => {
        outcomes.ack += 1;
        ack();
      };
      // Redelivery runs on the real clock; here the objects' own hints, on the simulated one, bring it back.
      message.retry = () => {
        outcomes.retry += 1;
        ack();
      };
      void retry;
    }
    await consumeQueue(batch, up ? env : DOWN);
  });
  const down = { env: DOWN };

  const spawned = await answer<Pipeline>('/api/spawn', {
    ...down,
    key,
    body: { plan: { source: planSource({ name: 'through' }) } },
  });
  expect(spawned.status).toBe(201);
  const { pipeline_id } = spawned.body;
  const pipeline = new DrivenPipeline('acme', pipeline_id);

  // Sign-in, steps, live state, administration and the list go on, hour-long; queries say what is wrong.
  for (let minute = 0; minute < 60; minute += 10) {
    expect((await answer('/api/auth/session', { ...down, body: { key } })).status).toBe(201);
    expect(
      (await answer(`/api/pipeline/orchestration?pipeline_id=${pipeline_id}`, { ...down, key })).status,
    ).toBe(200);
    expect((await answer('/api/active-pipelines', { ...down, key })).status).toBe(200);
    expect((await answer('/api/approvals', { ...down, key })).status).toBe(200);
    const project = await answer('/api/projects', {
      ...down,
      key: admin,
      body: { name: `during ${minute}` },
    });
    expect(project.status).toBe(201);
    for (const path of [
      '/api/pipelines',
      '/api/ledger',
      '/api/ledger/status',
      '/api/ledger/export?format=csv',
      '/api/observability/errors',
    ]) {
      const { status, body } = await answer<Problem>(path, { ...down, key: admin });
      expect([path, status, body.code]).toEqual([path, 503, 'ledger_unavailable']);
    }
    if (minute === 0) await (await pipeline.toConsensus()).revokeAll();
    await runScheduled({ cron: '* * * * *' }, DOWN);
    await runScheduled({ cron: '*/30 * * * *' }, DOWN);
    vi.setSystemTime(Date.now() + HOUR / 6);
    await runDurableObjectAlarm(pipeline.object);
  }
  const log = await pipeline.events();
  expect(log.at(-1)?.type).toBe('sealed');
  const second = await answer<Pipeline>('/api/spawn', {
    ...down,
    key,
    body: { plan: { source: planSource({ name: 'late' }) } },
  });
  const cancelled = await answer('/api/pipeline/revoke', {
    ...down,
    key,
    body: { pipeline_id: second.body.pipeline_id, reason: 'stop' },
  });
  expect(cancelled.status).toBe(202);
  await vi.waitFor(() => expect(outcomes.retry).toBeGreaterThan(0), { timeout: 5_000 });
  expect(outcomes.ack).toBe(0);
  const count = () => env.LEDGER.prepare('SELECT count(*) AS n FROM events').first<{ n: number }>();
  expect((await count())?.n).toBe(0);

  up = true;
  vi.setSystemTime(Date.now() + HOUR);
  await runDurableObjectAlarm(pipeline.object);
  const copied = async () =>
    (
      await answer<{ items: { hash: string }[] }>(`/api/ledger?pipeline_id=${pipeline_id}&limit=1000`, {
        key,
      })
    ).body.items;
  await vi.waitFor(async () => expect((await copied()).length).toBe(log.length), { timeout: 10_000 });
  expect((await copied()).map((e) => e.hash).reverse()).toEqual(log.map((e) => e.hash));
  // The tenant's own log hints once a change: what the outage swallowed, the reconciler brings.
  await runScheduled({ cron: '*/30 * * * *' }, env);
  const own = await answer<{ items: { body: { name?: string } }[] }>(
    '/api/ledger?type=project_created&limit=100',
    { key: admin },
  );
  expect(own.body.items.filter((e) => e.body.name?.startsWith('during')).length).toBe(6);
});
