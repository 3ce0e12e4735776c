import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '#client/index.ts';
import { atMost, type Measurement, percentile, rate } from '../report.ts';
import { PLATFORM_KEY, type Running, timed } from '../runtime.ts';
import { CALLS, type Services } from '../workers/calls.ts';

/** The quotas of a tenant are 100 live pipelines and 120 spawns a minute; the load is spread to stay below. */
export const TENANTS = ['bench-a', 'bench-b', 'bench-c', 'bench-d'];

const PLAN = `name: bench
version: 1.0.0
tier: 0
objective: Is this fast?
context:
  - { name: note.md, text: "Nothing here.", media_type: text/markdown, origin: trusted }
`;

export interface Counters {
  object_rows: number;
  alarms: number;
  object_requests: number;
  d1_rows: number;
  messages: number;
  transactions: number;
  calls: number;
}

export interface Load {
  measurements: Measurement[];
  /** Per step, as billed. */
  perStep: Counters & { worker_requests: number };
}

const WIDTH = 16;
/** So that both sides run compiled code; a Worker under load does. */
const WARM_UP = 100;
const ALONE = 20;
const IN_FLIGHT = 120;
const APPENDS = 2_000;
/** Until what a run leaves behind is sent and shipped (ms). */
const SETTLE_MS = 6_000;

/** What a pipeline does, whatever time it takes: per pipeline, one at a time, and per step, with {@link WIDTH} in flight. */
export interface Counted {
  commits: number;
  calls: number;
  perStep: Load['perStep'];
}

export async function countPipelines(product: Running): Promise<Counted> {
  const tenants = await Promise.all(TENANTS.map((tenant) => open(product.url, tenant)));
  await run(product, tenants, WARM_UP, 4);
  const start = await settled(product);
  await run(product, tenants, ALONE, 1);
  const before = await settled(product);
  const alone = difference(before, start);
  const many = await run(product, tenants, IN_FLIGHT, WIDTH);
  // What is still to be sent and shipped belongs to the cost of what has ended.
  const spent = difference(await settled(product), before);
  const calls = Math.round(alone.calls / ALONE);
  if (Math.abs(calls - CALLS) > 1)
    throw new Error(
      `a pipeline makes ${calls} calls; bench/workers/calls.ts is to compare with makes ${CALLS}`,
    );
  const logs = await Promise.all(many.ids.slice(-20).map(({ client, id }) => logOf(client, id)));
  return {
    // Of all its objects and the ledger: log, list, admission, rows in D1.
    commits: Math.round(alone.transactions / ALONE),
    calls,
    perStep: spread(spent, IN_FLIGHT * mean(logs.map((log) => log.steps))),
  };
}

/** PERF-1, and the append half of PERF-3. */
export async function measurePipelines(
  bare: Running,
  product: Running & { services: Services },
  { commits, calls, perStep }: Counted,
): Promise<Load> {
  const tenants = await Promise.all(TENANTS.map((tenant) => open(product.url, tenant)));
  const { client } = tenants[0] as Tenant;
  await run(product, tenants, WARM_UP, 4);
  await sleep(SETTLE_MS);
  const alone = await run(product, tenants, ALONE, 1);
  await sleep(SETTLE_MS);
  const many = await run(product, tenants, IN_FLIGHT, WIDTH);
  await sleep(SETTLE_MS);

  const detail = await Promise.all(many.ids.slice(-20).map(({ client: c, id }) => logOf(c, id)));
  const steps = mean(detail.map((d) => d.steps));
  const overhead = detail.flatMap((d) => d.overhead);
  const dispatch = detail.flatMap((d) => d.dispatch);
  const quiet = await Promise.all(alone.ids.map(({ client: c, id }) => logOf(c, id)));
  const aloneOverhead = quiet.flatMap((d) => d.overhead);

  const bytes = Math.round(mean(detail.map((d) => d.bytes)) / commits);
  /** Pipelines per second of the bare object; with `services` also the same calls by its Worker. */
  const bareRun = async (n: number, width: number, services?: Services): Promise<number> => {
    const query = `n=${n}&width=${width}&commits=${commits}&bytes=${bytes}`;
    return (n / (await timed(`${bare.url}/pipelines?${query}`, services))) * 1_000;
  };
  await bareRun(WARM_UP, 4, product.services);
  const bareAlone = await bareRun(ALONE, 1);
  const bareMany = await bareRun(IN_FLIGHT, WIDTH);
  const callingAlone = await bareRun(ALONE, 1, product.services);
  const callingMany = await bareRun(IN_FLIGHT, WIDTH, product.services);

  const ownAppend = await appendRate(client, product);
  const rawAppend = await timed(`${bare.url}/append?n=${APPENDS}&width=${WIDTH}&bytes=500`);
  const limit = (value: number) => ({ name: `bare object, ${commits} durable transactions each`, value });
  const calling = (value: number) => ({ name: `the same with its ${calls} calls by a bare Worker`, value });
  return {
    perStep,
    measurements: [
      rate('PERF-1', `pipelines, ${WIDTH} in flight`, many.perSecond, '/s', calling(callingMany)),
      rate('PERF-1', 'pipelines, one at a time', alone.perSecond, '/s', calling(callingAlone)),
      rate(
        'PERF-1',
        `own overhead, ${WIDTH} in flight`,
        own(many.perSecond, bareMany, callingMany),
        '/s',
        limit(bareMany),
        3,
      ),
      rate(
        'PERF-1',
        'own overhead, one at a time',
        own(alone.perSecond, bareAlone, callingAlone),
        '/s',
        // Latency more than work, hops included; its target is the step's.
        limit(bareAlone),
      ),
      atMost('PERF-1', 'step overhead p50, one at a time', percentile(aloneOverhead, 0.5), 'ms', 25),
      atMost('PERF-1', 'step overhead p99, one at a time', percentile(aloneOverhead, 0.99), 'ms'),
      atMost('PERF-1', `step overhead p50, ${WIDTH} in flight`, percentile(overhead, 0.5), 'ms'),
      atMost('PERF-1', `step overhead p99, ${WIDTH} in flight`, percentile(overhead, 0.99), 'ms'),
      atMost('PERF-1', `of it until claimed p50, ${WIDTH} in flight`, percentile(dispatch, 0.5), 'ms'),
      atMost('PERF-1', 'steps of the pipeline', steps, 'steps'),
      rate('PERF-3', `events appended to one pipeline, ${WIDTH} at once`, ownAppend, '/s', {
        name: 'raw inserts',
        value: (APPENDS / rawAppend) * 1_000,
      }),
      atMost(
        'PERF-3',
        'rows written per step, all objects and alarms',
        perStep.object_rows + perStep.alarms,
        'rows',
        8,
      ),
      atMost('PERF-3', 'of them alarms', perStep.alarms, 'rows'),
      atMost('PERF-3', 'ledger rows per step, in D1', perStep.d1_rows, 'rows'),
    ],
  };

  async function appendRate(c: Client, at: Running): Promise<number> {
    const waiting = await c.spawn({ plan: { source: PLAN }, auto_continue: false }, crypto.randomUUID());
    const id = waiting.pipeline_id;
    while ((await c.pipeline(id)).waiting_for !== 'continue') await sleep(20);
    const query = `tenant=${TENANTS[0]}&pipeline_id=${id}&n=${APPENDS}&width=${WIDTH}&bytes=100`;
    const took = await timed(`${at.url}/__bench/append?${query}`);
    return (APPENDS / took) * 1_000;
  }
}

interface Tenant {
  client: Client;
  tenant: string;
}

async function open(baseUrl: string, tenant: string): Promise<Tenant> {
  const platform = createClient({ baseUrl, key: PLATFORM_KEY });
  await platform.createTenant({ tenant, name: tenant });
  const { secret } = await platform.bootstrapKey(tenant);
  return { tenant, client: createClient({ baseUrl, key: secret }) };
}

/** Spawns `n` pipelines over all tenants, `width` of them at once, and waits until all have ended. */
async function run(at: Running, tenants: Tenant[], n: number, width: number) {
  const ids: { client: Client; id: string }[] = [];
  let left = n;
  const from = performance.now();
  const lane = async (tenant: Tenant): Promise<void> => {
    while (left-- > 0) {
      const { client } = tenant;
      const { pipeline_id: id } = await client.spawn({ plan: { source: PLAN } }, crypto.randomUUID());
      ids.push({ client, id });
      await untilEnded(at, tenant, id);
    }
  };
  await Promise.all(Array.from({ length: width }, (_, i) => lane(tenants[i % tenants.length] as Tenant)));
  const perSecond = (n / (performance.now() - from)) * 1_000;
  for (const { client, id } of ids) {
    const { exit_code, reason } = await client.pipeline(id);
    if (exit_code !== 0) throw new Error(`${id} ended with ${exit_code}: ${reason}`);
  }
  return { ids, perSecond };
}

const PATIENCE_MS = 20_000;

/** @throws when it takes too long, with what it was doing. */
async function untilEnded(at: Running, { client, tenant }: Tenant, id: string) {
  const query = `tenant=${tenant}&pipeline_id=${id}`;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await fetch(`${at.url}/__bench/ended?${query}`, { signal: patience });
    if (!answer.ok) throw new Error(await answer.text());
  } catch {
    const log = await client.events({ pipeline_id: id, limit: 1_000 });
    const last = log.items.slice(-6).map((e) => `${e.at} ${e.type} ${JSON.stringify(e.body).slice(0, 200)}`);
    throw new Error(`${id} has not ended; its last events:\n${last.join('\n')}`);
  }
}

/** From the log itself: how many transactions and steps, and how long each step took beyond its model call. */
async function logOf(client: Client, id: string) {
  const at = new Map<string, number>();
  const detail = { steps: 0, bytes: 0, overhead: [] as number[], dispatch: [] as number[] };
  for await (const e of client.allEvents(id)) {
    detail.bytes += JSON.stringify(e).length;
    const step = String(e.body.step_id);
    if (e.type === 'step_scheduled') at.set(step, Date.parse(e.at));
    if (e.type === 'step_claimed') detail.dispatch.push(Date.parse(e.at) - (at.get(step) ?? 0));
    if (e.type === 'step_completed') {
      const usage = e.body.usage as { latency_ms: number } | null;
      detail.overhead.push(Date.parse(e.at) - (at.get(step) ?? 0) - (usage?.latency_ms ?? 0));
      detail.steps += 1;
    }
  }
  return detail;
}

/**
 * Per second, were there no calls to Vault, store and model: a pipeline's time less what the same calls add to the bare object's. What the
 * product computes around and during its calls stays in.
 */
const own = (product: number, bare: number, calling: number): number =>
  1 / (1 / product - (1 / calling - 1 / bare));

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

async function counters(product: Running): Promise<Counters> {
  return (await (await fetch(`${product.url}/__bench/counters`)).json()) as Counters;
}

/** Waits until nothing more is written or sent, and answers with the counters. */
async function settled(product: Running): Promise<Counters> {
  for (let before = ''; ; ) {
    await sleep(3_000);
    const now = await counters(product);
    const { object_rows, d1_rows, messages } = now;
    const seen = [object_rows, d1_rows, messages].join();
    if (seen === before) return now;
    before = seen;
  }
}

const difference = (after: Counters, before: Counters): Counters =>
  Object.fromEntries(
    Object.entries(after).map(([k, v]) => [k, v - before[k as keyof Counters]]),
  ) as unknown as Counters;

function spread(spent: Counters, steps: number): Load['perStep'] {
  const per = Object.fromEntries(
    Object.entries(spent).map(([k, v]) => [k, v / steps]),
  ) as unknown as Counters;
  // A batch of messages is one Worker request; one message per request is the dearest case.
  return { ...per, worker_requests: per.messages };
}
