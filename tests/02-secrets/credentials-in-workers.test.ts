import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRedisServer, startRedisServer } from '#tests/support/contract-redis-server.ts';
import { bundleWorker, type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { credentialsFor } from '#tests/support/embedded-credentials.ts';
import type { StoreConfig } from '#workers/credentials/index.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
let worker: Miniflare;

beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, 'acme');
  const contents = await bundleWorker('tests/support/embedded-probe-worker.ts');
  worker = new Miniflare(
    convertV4MiniflareOptions({
      name: 'probe',
      host: '127.0.0.1',
      port: 0,
      modules: [{ type: 'ESModule', path: 'main.js', contents }],
      compatibilityDate: '2026-11-01',
      compatibilityFlags: ['nodejs_compat'],
    }),
  );
});
afterAll(async () => {
  await worker.dispose();
  await services.stop();
});

async function run(store: StoreConfig, calls: [string, unknown][]): Promise<unknown[]> {
  const { origin } = await worker.ready;
  const response = await fetch(origin, {
    method: 'POST',
    body: JSON.stringify({ config: { ...setup.config, store }, calls }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as unknown[];
}

const pipeline = { tenant: 'acme', pipeline: 'pl_w', generation: 1 };
const agent = { ...pipeline, agent: 'ag_w' };
const flow: [string, unknown][] = [
  ['login', pipeline],
  ['issueAgent', { ...agent, tier: 1, ttl_s: 600 }],
  ['readSecret', { ...agent, path: 'models/embedded' }],
  ['health', undefined],
  ['forget', { pipeline: 'pl_w', agents: ['ag_w'] }],
  ['readSecret', { ...agent, path: 'models/embedded' }],
];
const expected = () => [
  { ok: true, value: { lease_s: 300 } },
  { ok: true, value: { policies: ['agent-acme-t1'] } },
  { ok: true, value: { api_key: services.modelKey } },
  { vault: { ok: true }, store: { ok: true } },
  { ok: true },
  { ok: false, error: { kind: 'store_lost' } },
];

describe('credentials inside workerd', () => {
  it('CRED-2: login, child token and secret through the Upstash store', async () => {
    expect(await run(setup.config.store, flow)).toMatchObject(expected());
  });

  it.runIf(hasRedisServer())('RUN-3: the same through a real Redis over TCP', async () => {
    const redis = await startRedisServer('workerd');
    try {
      expect(await run({ kind: 'redis', url: redis.url }, flow)).toMatchObject(expected());
    } finally {
      await redis.stop();
    }
  });

  it('CRED-2: a store that refuses the connection is store_unavailable, not a crash', async () => {
    const [login] = await run({ kind: 'redis', url: 'redis://127.0.0.1:9' }, flow.slice(0, 1));
    expect(login).toMatchObject({ ok: false, error: { kind: 'store_unavailable', retryable: true } });
  });
});
