import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface EmbeddedFault {
  mode: 'none' | 'error' | 'slow' | 'garbage' | 'throttle' | 'standby';
  status?: number;
  delay_ms?: number;
  path_prefix?: string;
}

export interface EmbeddedServices {
  /** Base address; Vault at `/vault`, Upstash REST at `/redis`, chat completions at `/openai/v1`. */
  url: string;
  rootToken: string;
  redisToken: string;
  modelKey: string;
  /** Moves the clock of Vault and store ahead, so that leases and keys expire without waiting. */
  advanceClock(ms: number): Promise<void>;
  setFault(service: 'vault' | 'redis', fault: EmbeddedFault): Promise<void>;
  /** Ends the process and starts it again on the same storage; gives the new address. */
  restart(): Promise<string>;
  stop(): Promise<void>;
}

/** One ES module from a Worker's entry point (a path from the repository's root), as wrangler would bundle it. */
export async function bundleWorker(entry: string): Promise<string> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'warning',
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error(`esbuild gave no output for ${entry}`);
  return file.text;
}

/** The embedded Worker in workerd on a free loopback port, with fresh storage and random secrets, for tests that run in Node. */
export async function startEmbedded(): Promise<EmbeddedServices> {
  const secret = () => randomBytes(18).toString('base64url');
  const rootToken = `hvs.root${secret()}`;
  const redisToken = secret();
  const modelKey = `sk-embedded-${secret()}`;
  const storage = await mkdtemp(join(tmpdir(), 'ags-embedded-'));
  const script = await bundleWorker('workers/embedded/main.ts');

  const start = () =>
    new Miniflare(
      convertV4MiniflareOptions({
        name: 'ags-embedded',
        host: '127.0.0.1',
        port: 0,
        modules: [{ type: 'ESModule', path: 'main.js', contents: script }],
        compatibilityDate: '2026-11-01',
        compatibilityFlags: ['nodejs_compat'],
        durableObjects: {
          VAULT: { className: 'VaultObject', useSQLite: true },
          REDIS: { className: 'RedisObject', useSQLite: true },
        },
        resourcePersistencePath: storage,
        bindings: {
          EMBEDDED_VAULT_ROOT_TOKEN: rootToken,
          EMBEDDED_REDIS_TOKEN: redisToken,
          EMBEDDED_MODEL_KEY: modelKey,
          EMBEDDED_TEST_CONTROLS: '1',
        },
      }),
    );

  let worker = start();
  const addressOf = async () => (await worker.ready).origin;
  const services: EmbeddedServices = {
    url: await addressOf(),
    rootToken,
    redisToken,
    modelKey,
    advanceClock: (ms) => control({ control: 'clock', advance_ms: ms }),
    setFault: (service, fault) => control({ control: 'fault', service, fault }),
    restart: async () => {
      await worker.dispose();
      worker = start();
      services.url = await addressOf();
      return services.url;
    },
    stop: async () => {
      await worker.dispose();
      await rm(storage, { recursive: true, force: true });
    },
  };
  async function control(order: unknown): Promise<void> {
    const response = await fetch(`${services.url}/_test`, { method: 'POST', body: JSON.stringify(order) });
    if (!response.ok)
      throw new Error(`the test control answered ${response.status}: ${await response.text()}`);
  }
  return services;
}
