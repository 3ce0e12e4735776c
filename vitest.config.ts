import { availableParallelism } from 'node:os';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { outbound } from './tests/support/embedded-outbound.ts';
import { TEST_VARIABLES } from './tests/support/worker-env.ts';
import { workerModules } from './tests/support/worker-modules.ts';

/**
 * Files at once, of all three kinds together: vitest leaves a core to itself, which on two cores means one file after the other. Whole
 * systems spend most of their time waiting, so they run beside the others; more than four of them at once want more memory than they save time.
 */
const maxWorkers = Math.min(4, Math.max(2, availableParallelism()));

/** Bundled once for all files in workerd, which otherwise read them module by module, each anew. One that is missing here is only slower. */
const PACKAGES_OF_THE_WORKER = [
  '@ai-sdk/openai-compatible',
  '@modelcontextprotocol/sdk/client/index.js',
  '@modelcontextprotocol/sdk/client/streamableHttp.js',
  '@modelcontextprotocol/sdk/server/index.js',
  '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js',
  '@modelcontextprotocol/sdk/types.js',
  '@noble/hashes/hmac.js',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  '@openrouter/ai-sdk-provider',
  '@upstash/redis/cloudflare',
  'canonicalize',
  'drizzle-orm/sqlite-core',
  'hono',
  'itty-router',
  'yaml',
  'zod',
  'zod/v4/core',
];

/** Three kinds of tests: plain Node, inside workerd, and whole processes. The file name says which. */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [workerModules],
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.workerd.test.ts', 'tests/**/*.system.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          maxWorkers,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              outboundService: outbound,
              bindings: {
                ...TEST_VARIABLES,
                D1_MIGRATIONS: await readD1Migrations('./d1-migrations'),
                // SEC-2: few and always the same in `npm test`; `npm run fuzz` asks for more and others.
                FUZZ_RUNS: process.env.FUZZ_RUNS ?? '25',
                FUZZ_SEED: process.env.FUZZ_SEED ?? '1',
                CRASH_STRIDE: process.env.CRASH_STRIDE ?? '4',
                CRASH_START: process.env.CRASH_START ?? '1',
              },
            },
          })),
        ],
        test: {
          name: 'workerd',
          globalSetup: ['./tests/support/embedded-outbound.ts'],
          deps: { optimizer: { ssr: { enabled: true, include: PACKAGES_OF_THE_WORKER } } },
          include: ['tests/**/*.workerd.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'system',
          include: ['tests/**/*.system.test.ts'],
          globalSetup: ['./tests/support/built-dashboard.ts'],
          maxWorkers,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
