import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker } from '#scripts/deploy/bundle.ts';
import { committedConfig, queueNames } from '#scripts/deploy/config.ts';
import { MIGRATIONS_DIR, ROOT } from '#scripts/generate/migrations.ts';
import { type ControlLogin, provisionVault } from '#scripts/vault/provision.ts';
import type { Services } from './workers/calls.ts';

// `wrangler dev` and Miniflare record every request into SQLite otherwise, which costs 20 to 40 % of the throughput.
process.env.X_LOCAL_OBSERVABILITY = 'false';

export const COMPATIBILITY = { compatibilityDate: '2026-11-01', compatibilityFlags: ['nodejs_compat'] };
type Options = Parameters<typeof convertV4MiniflareOptions>[0];

export interface Running {
  url: string;
  db: D1;
  stop(): Promise<void>;
}
type D1 = Awaited<ReturnType<Miniflare['getD1Database']>>;

/** Bundles an entry as a deployment would and answers with its modules, the main one first. */
function modulesOf(entry: string, folder: string) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'wrangler.toml');
  const { compatibilityDate, compatibilityFlags } = COMPATIBILITY;
  const toml = [
    'name = "bench"',
    `main = ${JSON.stringify(join(ROOT, entry))}`,
    `compatibility_date = "${compatibilityDate}"`,
    `compatibility_flags = ${JSON.stringify(compatibilityFlags)}`,
    '[[rules]]',
    'type = "Text"',
    'globs = ["**/*.cedar", "**/*.cedarschema"]',
    'fallthrough = true',
  ].join('\n');
  writeFileSync(config, toml);
  const { outdir, files } = bundleWorker(config, join(folder, 'out'));
  const main = `${entry.split('/').pop()?.replace('.ts', '')}.js`;
  return files
    .sort((a, b) => Number(b.name === main) - Number(a.name === main))
    .map(({ name }) => moduleOf(outdir, name));
}

/** One module of a bundle; its path is relative, as imports between the modules are. */
export function moduleOf(folder: string, path: string) {
  const contents = readFileSync(join(folder, path));
  if (path.endsWith('.js')) return { type: 'ESModule' as const, path, contents: contents.toString() };
  if (path.endsWith('.wasm')) return { type: 'CompiledWasm' as const, path, contents };
  return { type: 'Text' as const, path, contents: contents.toString() };
}

/** Milliseconds that a request takes, as it says itself or else as seen from here. @throws with the body when it fails. */
export async function timed(url: string, body?: unknown): Promise<number> {
  const from = performance.now();
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 300)}`);
  const took = performance.now() - from;
  return text ? (JSON.parse(text) as { ms: number }).ms : took;
}

async function start(options: Options): Promise<Running> {
  const runtime = new Miniflare(convertV4MiniflareOptions(options));
  const url = (await runtime.ready).origin;
  const db = await runtime.getD1Database('LEDGER');
  return { url, db, stop: () => runtime.dispose() };
}

/** The Workers' own logs would drown the table; errors still show in what they answer. */
const listening = { host: '127.0.0.1', port: 0, handleStructuredLogs: () => {} };

export async function startBare(folder: string): Promise<Running> {
  return start({
    name: 'bare',
    ...listening,
    resourcePersistencePath: join(folder, 'bare-state'),
    modules: modulesOf('bench/workers/bare.ts', join(folder, 'bare')),
    ...COMPATIBILITY,
    durableObjects: { BARE: { className: 'BareObject', useSQLite: true } },
    d1Databases: { LEDGER: 'bare' },
  });
}

/** The gate alone, in a Worker of its own. */
export async function startPolicies(folder: string): Promise<Omit<Running, 'db'>> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: 'policies',
      ...listening,
      modules: modulesOf('bench/workers/policy.ts', join(folder, 'policies')),
      ...COMPATIBILITY,
    }),
  );
  return { url: (await runtime.ready).origin, stop: () => runtime.dispose() };
}

/** PERF-2: what the product's reads are compared with. */
export async function startHono(folder: string): Promise<Omit<Running, 'db'>> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: 'hono',
      ...listening,
      modules: modulesOf('bench/workers/hono.ts', join(folder, 'hono')),
      ...COMPATIBILITY,
      durableObjects: { TEXT: { className: 'TextObject', useSQLite: true } },
    }),
  );
  return { url: (await runtime.ready).origin, stop: () => runtime.dispose() };
}

const object = (className: string) => ({ className, useSQLite: true });
const embeddedSecrets = {
  EMBEDDED_VAULT_ROOT_TOKEN: 'hvs.bench-root',
  EMBEDDED_REDIS_TOKEN: 'bench-redis',
  EMBEDDED_MODEL_KEY: 'sk-bench',
};
export const PLATFORM_KEY = 'bench-platform-key-of-32-characters!';

export const servicesWorker = (folder: string) => ({
  name: 'services',
  modules: modulesOf('bench/workers/services.ts', join(folder, 'services')),
  ...COMPATIBILITY,
  durableObjects: { VAULT: object('VaultObject'), REDIS: object('RedisObject') },
  bindings: embeddedSecrets,
});

/** Vault, store and model in a process of their own, as they are in production: their work is not the product's. */
async function startServices(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...listening,
      resourcePersistencePath: join(folder, 'services-state'),
      workers: [servicesWorker(folder)],
    }),
  );
  return { url: (await runtime.ready).origin, stop: () => runtime.dispose() };
}

async function provision(services: string, tenants: readonly string[]): Promise<ControlLogin> {
  const addr = `${services}/vault`;
  const token = embeddedSecrets.EMBEDDED_VAULT_ROOT_TOKEN;
  let keep: ControlLogin | null = null;
  for (const tenant of tenants)
    keep = await provisionVault({ addr, token, tenant, modelKeys: { compatible: 'sk-bench' }, keep });
  if (!keep) throw new Error('no tenant to provision');
  return keep;
}

/** The built product in plain workerd, beside the services it reaches over loopback. `entry`: the product with what a part of the bench adds. */
export async function startProduct(
  folder: string,
  tenants: readonly string[],
  entry = 'bench/workers/product.ts',
): Promise<Running & { services: Services }> {
  const state = join(folder, 'product-state');
  const services = await startServices(folder);
  const login = await provision(services.url, tenants);
  const consumer = (name: string) => ({
    maxBatchSize: name === 'ags-ledger' ? 100 : 10,
    maxBatchTimeout: name === 'ags-ledger' ? 1 : 0,
    maxRetries: 5,
    ...(/-\d$/.test(name) ? { deadLetterQueue: 'ags-steps-dead' } : {}),
  });
  const steps = Array.from({ length: 8 }, (_, i) => [`STEPS_${i}`, { queueName: `ags-steps-${i}` }]);
  const product = await start({
    ...listening,
    resourcePersistencePath: state,
    workers: [
      {
        name: 'ags',
        modules: modulesOf(entry, join(folder, 'product')),
        ...COMPATIBILITY,
        durableObjects: {
          PIPELINE: object('PipelineObject'),
          CONTROL: object('ControlObject'),
          FEED: object('FeedObject'),
          DIRECTORY: object('DirectoryObject'),
          LOG: object('LogObject'),
        },
        d1Databases: { LEDGER: 'ledger' },
        r2Buckets: { ARCHIVES: 'archives' },
        queueProducers: {
          LEDGER_QUEUE: { queueName: 'ags-ledger' },
          RENEWALS: { queueName: 'ags-renewals' },
          ...Object.fromEntries(steps),
        },
        queueConsumers: Object.fromEntries(queueNames(committedConfig()).map((n) => [n, consumer(n)])),
        bindings: {
          AGS_ENVIRONMENT: 'test',
          AGS_KEY_PEPPER: 'bench-pepper-of-at-least-32-characters',
          AGS_PLATFORM_KEY: PLATFORM_KEY,
          AGS_SEALING_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
          AGS_LEDGER_KEYS: `l1:${Buffer.alloc(32, 9).toString('base64')}`,
          VAULT_ADDR: `${services.url}/vault`,
          VAULT_ROLE_ID: login.role_id,
          VAULT_SECRET_ID: login.secret_id,
          UPSTASH_REDIS_REST_URL: `${services.url}/redis`,
          UPSTASH_REDIS_REST_TOKEN: embeddedSecrets.EMBEDDED_REDIS_TOKEN,
          MODEL_PROVIDER: 'compatible',
          MODEL_BASE_URL: `${services.url}/openai/v1`,
          MODEL_NAME: 'bench',
        },
      },
    ],
  });
  const [tenant = ''] = tenants;
  return {
    ...product,
    services: { url: services.url, tenant, login, redis_token: embeddedSecrets.EMBEDDED_REDIS_TOKEN },
    stop: async () => {
      await product.stop();
      await services.stop();
    },
  };
}

/** Applies the ledger's migrations. */
export async function migrate(db: D1): Promise<void> {
  for (const file of readdirSync(MIGRATIONS_DIR).sort()) {
    if (!file.endsWith('.sql')) continue;
    const statements = readFileSync(join(MIGRATIONS_DIR, file), 'utf8').split('--> statement-breakpoint');
    await db.batch(statements.map((sql) => db.prepare(sql)));
  }
}
