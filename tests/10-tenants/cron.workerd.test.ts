import { createMessageBatch, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, it, vi } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { answer, env, makeTenant, spawnBody } from '#tests/support/worker.ts';
import { runScheduled } from '#workers/cron.ts';
import { consumeQueue } from '#workers/queues.ts';

const EVERY_MINUTE = { cron: '* * * * *' };
const admit = (tenant: string, pipeline_id: string) =>
  controlStub(env.CONTROL, tenant).admit({
    pipeline_id,
    project_id: null,
    request_sha256: 'x',
    slice: { tokens: 0, cost_microusd: 0 },
  });
const live = (tenant: string) => controlStub(env.CONTROL, tenant).livePipelines();
const age = (tenant: string, ms: number) =>
  runInDurableObject(env.CONTROL.getByName(`t/${tenant}/control`), (_, state) =>
    state.storage.sql.exec('UPDATE admissions SET admitted_at = admitted_at - ?', ms),
  );

it('REC-6: the cron pokes every live pipeline of every tenant, and one that fails does not stop the rest', async () => {
  const poked: string[] = [];
  const tenants = [await makeTenant('cron-a'), await makeTenant('cron-b')];
  const ids: string[] = [];
  for (const tenant of tenants) {
    const { body } = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body: spawnBody() });
    ids.push(`t/${tenant.tenant}/p/${body.pipeline_id}`);
  }
  const watched = {
    ...env,
    PIPELINE: {
      getByName: (name: string) => ({
        poke: async () => {
          poked.push(name);
          if (name === ids[0]) throw new Error('this one is broken');
          return { live: true };
        },
      }),
    },
  };
  await runScheduled(EVERY_MINUTE, watched as unknown as typeof env);
  expect(poked.sort()).toEqual(ids.sort());
});

it('CRED-3: every half hour the live pipelines’ ids go to the renewal queue, and an unspawned or ended one does no harm there', async () => {
  const tenant = await makeTenant('cron-renew');
  const { body } = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body: spawnBody() });
  await admit('cron-renew', 'pl_neverborn');
  const sent: { tenant: string; pipeline_ids: string[] }[] = [];
  const watched = {
    ...env,
    RENEWALS: {
      sendBatch: async (messages: { body: (typeof sent)[number] }[]) => {
        sent.push(...messages.map((m) => m.body));
      },
    },
  };
  await runScheduled({ cron: '*/30 * * * *' }, watched as unknown as typeof env);
  const ours = sent.filter((m) => m.tenant === 'cron-renew');
  expect(ours.map((m) => m.pipeline_ids)).toEqual([[body.pipeline_id, 'pl_neverborn']]);
  const batch = createMessageBatch(
    'ags-renewals',
    ours.map((m, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body: m })),
  );
  const acked = vi.fn();
  for (const message of batch.messages) vi.spyOn(message, 'ack').mockImplementation(acked);
  await consumeQueue(batch, env);
  // Neither holds a token: nothing is due, and Vault is not asked.
  expect(acked).toHaveBeenCalledTimes(1);
});

it('REC-6 PIPE-2: a slot whose pipeline never came to be is taken back after ten minutes, not before', async () => {
  await makeTenant('cron-c');
  await admit('cron-c', 'pl_neverborn');
  await runScheduled(EVERY_MINUTE, env);
  expect(await live('cron-c')).toEqual(['pl_neverborn']);
  await age('cron-c', 601_000);
  await runScheduled(EVERY_MINUTE, env);
  expect(await live('cron-c')).toEqual([]);
});

it('PIPE-7 REC-6: a pipeline that is halted keeps its slot, however old it is', async () => {
  const tenant = await makeTenant('cron-e');
  const { body } = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body: spawnBody() });
  const object = env.PIPELINE.getByName(`t/cron-e/p/${body.pipeline_id}`);
  await runInDurableObject(object, (_, { storage }) => {
    const unknown = { seq: 999, v: 99, type: 'from_a_later_version', at: body.created_at };
    storage.sql.exec('INSERT INTO log VALUES (999, 999, ?)', JSON.stringify([unknown]));
  });
  await evictDurableObject(object);
  await age('cron-e', 601_000);
  await runScheduled(EVERY_MINUTE, env);
  expect(await live('cron-e')).toEqual([body.pipeline_id]);
});

it('REC-6: the slot of a pipeline that ended is free after the cron at the latest', async () => {
  const tenant = await makeTenant('cron-d');
  const { body } = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body: spawnBody() });
  const { pipeline_id } = body;
  await answer('/api/pipeline/cancel', { key: tenant.keys.operator, body: { pipeline_id, reason: 'done' } });
  await runScheduled(EVERY_MINUTE, env);
  await vi.waitFor(async () => expect(await live('cron-d')).toEqual([]));
});

it('PIPE-8: messages of a queue that nobody consumes here are kept, not lost', async () => {
  const batch = createMessageBatch('ags-unheard-of', [{ id: '1', timestamp: 0, attempts: 1, body: {} }]);
  const kept = vi.spyOn(batch, 'retryAll');
  await consumeQueue(batch, env);
  expect(kept).toHaveBeenCalledWith({ delaySeconds: 300 });
});
