import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#client/index.ts';
import { answersPerSecond } from '../load.ts';
import { type Measurement, median, rate } from '../report.ts';
import { PLATFORM_KEY, type Running } from '../runtime.ts';

export const READS_TENANT = 'bench-reads';

/** Alternating rounds of each, so that what else the machine does weighs on all of them. */
const ROUNDS = 5;
const LOAD = { width: 16, seconds: 2 };
const PIPELINES = 20;
const PLAN = `name: bench
version: 1.0.0
tier: 0
objective: Is this read fast?
`;

/** PERF-2: reads with a key per second, against a bare Hono Worker that answers the same JSON; both in plain workerd over loopback. */
export async function measureReads(bare: Omit<Running, 'db'>, product: Running): Promise<Measurement[]> {
  const platform = createClient({ baseUrl: product.url, key: PLATFORM_KEY });
  await platform.createTenant({ tenant: READS_TENANT, name: READS_TENANT });
  const { secret } = await platform.bootstrapKey(READS_TENANT);
  const client = createClient({ baseUrl: product.url, key: secret });
  const authorization = `Bearer ${secret}`;
  const spawn = { plan: { source: PLAN }, auto_continue: false };
  const spawned = await Promise.all(Array.from({ length: PIPELINES }, () => client.spawn(spawn)));
  const id = spawned[0]?.pipeline_id ?? '';
  for (const { pipeline_id } of spawned)
    while ((await client.pipeline(pipeline_id)).waiting_for !== 'continue') await sleep(50);

  const against = async (name: string, path: string): Promise<Measurement[]> => {
    const url = `${product.url}${path}`;
    const answer = await fetch(url, { headers: { authorization } });
    await fetch(`${bare.url}/text`, { method: 'PUT', body: await answer.text() });
    const rates = { own: [] as number[], hono: [] as number[], object: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const own = await answersPerSecond(url, { authorization }, LOAD);
      const hono = await answersPerSecond(`${bare.url}/text`, { authorization }, LOAD);
      const object = await answersPerSecond(`${bare.url}/text-of-object`, { authorization }, LOAD);
      // The first round warms up.
      if (round === 0) continue;
      rates.own.push(own);
      rates.hono.push(hono);
      rates.object.push(object);
    }
    const value = median(rates.own);
    return [
      rate('PERF-2', `reads of ${name}, with a key`, value, '/s', {
        name: 'bare Hono',
        value: median(rates.hono),
      }),
      rate('PERF-2', `reads of ${name}, with a key`, value, '/s', {
        name: 'bare Hono and one object',
        value: median(rates.object),
      }),
    ];
  };
  return [
    ...(await against('one pipeline', `/api/pipeline?pipeline_id=${id}`)),
    ...(await against(`${PIPELINES} pipelines`, '/api/active-pipelines')),
  ];
}
