import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, env, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

let acme: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
});

const objectOf = (id: string) => env.PIPELINE.getByName(`t/acme/p/${id}`);

/** A pipeline whose log goes on with an event of a version to come. */
async function halted(headers: Record<string, string> = {}): Promise<string> {
  const { body } = await answer<Pipeline>('/api/spawn', {
    key: acme.keys.operator,
    body: spawnBody(),
    headers,
  });
  await runInDurableObject(objectOf(body.pipeline_id), (_, { storage }) => {
    const unknown = { seq: 999, v: 99, type: 'step_claimed', at: body.created_at };
    storage.sql.exec('INSERT INTO log VALUES (999, 999, ?)', JSON.stringify([unknown]));
  });
  await evictDurableObject(objectOf(body.pipeline_id));
  return body.pipeline_id;
}

const PROBLEM = {
  status: 503,
  body: {
    code: 'pipeline_halted',
    detail: expect.stringContaining('event 999 is step_claimed version 99'),
    remedy: expect.stringContaining('Deploy the version that wrote'),
  },
};

it('PIPE-7: a halted pipeline is a problem of its own, whatever is asked of it', async () => {
  const id = await halted();
  const read = (path: string) => answer<Problem>(`${path}?pipeline_id=${id}`, { key: acme.keys.viewer });
  for (const path of [
    '/api/pipeline',
    '/api/pipeline/orchestration',
    '/api/pipeline/events',
    '/api/pipeline/token',
    '/api/pipeline/consensus/status',
    '/api/pipeline/lineage',
  ])
    expect([path, await read(path)]).toMatchObject([path, PROBLEM]);
  const act = (path: string, body: object) =>
    answer<Problem>(path, { key: acme.keys.operator, body: { pipeline_id: id, ...body } });
  for (const verb of ['cancel', 'pause', 'resume', 'abort', 'revoke'])
    expect([verb, await act(`/api/pipeline/${verb}`, { reason: 'because' })]).toMatchObject([verb, PROBLEM]);
  expect(await act('/api/pipeline/fork', { at: 1 })).toMatchObject(PROBLEM);
  expect(await act('/api/observability/handoff', {})).toMatchObject(PROBLEM);
  const stream = { accept: 'text/event-stream' };
  expect(
    await answer<Problem>(`/api/pipeline/stream?pipeline_id=${id}`, {
      key: acme.keys.viewer,
      headers: stream,
    }),
  ).toMatchObject(PROBLEM);
});

it('PIPE-7, TEN-1: another tenant hears of a halted pipeline what it hears of any: that there is none', async () => {
  const other = await makeTenant('other-co');
  const id = await halted();
  expect(await answer(`/api/pipeline?pipeline_id=${id}`, { key: other.keys.admin })).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
});

it('PIPE-7, PIPE-9: a repeated spawn of a halted pipeline keeps its slot and its number', async () => {
  const headers = { 'Idempotency-Key': 'halted-spawn' };
  const id = await halted(headers);
  expect(await answer('/api/spawn', { key: acme.keys.operator, body: spawnBody(), headers })).toMatchObject(
    PROBLEM,
  );
  await runInDurableObject(objectOf(id), (_, { storage }) =>
    storage.sql.exec('DELETE FROM log WHERE first_seq = 999'),
  );
  await evictDurableObject(objectOf(id));
  const again = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody(), headers });
  expect([again.status, again.body.pipeline_id]).toEqual([201, id]);
});
