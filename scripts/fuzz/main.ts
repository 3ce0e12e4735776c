/**
 * `npm run fuzz`: many more of the requests that `npm test` sends a few of (SEC-2). `-- --runs N` requests to each endpoint (500 by
 * default), `-- --seed N` repeats an earlier run.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ROOT } from '#scripts/generate/migrations.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = Number(values.runs ?? 500);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  console.error('fuzz: --runs and --seed are whole numbers');
  process.exit(64);
}
console.log(`fuzz: ${runs} requests to each endpoint, seed ${seed}`);
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    // A line for each of thousands of requests helps nobody, unless it belongs to a failure.
    '--silent=passed-only',
    '--project',
    'workerd',
    'tests/08-hardening/fuzz.workerd.test.ts',
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, FUZZ_RUNS: String(runs), FUZZ_SEED: String(seed) } },
);
process.exit(status ?? 1);
