/**
 * `npm run bench`: how fast, against what is physically possible in the same run on the same machine. `--json FILE` writes the numbers;
 * `--only size,policy,reads,ledger,pipelines` runs parts; `--only export` exports ledgers of a hundred thousand and of a million rows, or of a tenth of `--rows N` and of N; `--only kills` measures kill switches at each level; `--only renewals` renews 10,000 live tokens, or `--tokens N`, which takes some minutes. Exit code 1 when a target is missed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { costPerMillionSteps } from './measure/cost.ts';
import { EXPORT_TENANTS, measureExports } from './measure/export.ts';
import { KILL_TENANTS, measureKills } from './measure/kills.ts';
import { measureLedger } from './measure/ledger.ts';
import { type Counted, countPipelines, measurePipelines, TENANTS } from './measure/pipelines.ts';
import { measurePolicies } from './measure/policy.ts';
import { measureReads, READS_TENANT } from './measure/reads.ts';
import { measureRenewals, renewalTenants } from './measure/renewals.ts';
import { measureSize } from './measure/size.ts';
import { type Measurement, table } from './report.ts';
import { migrate, startBare, startHono, startProduct } from './runtime.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: 'size,policy,reads,ledger,pipelines' },
    tokens: { type: 'string', default: '10000' },
    rows: { type: 'string', default: '1000000' },
  },
});
const wanted = new Set(options.only.split(','));
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const folder = mkdtempSync(join(tmpdir(), 'ags-bench-'));
const results: Measurement[] = [];
try {
  if (wanted.has('size')) {
    say('size and start-up …');
    results.push(...(await measureSize()));
  }
  if (wanted.has('renewals')) {
    say('renewals …');
    const tokens = Number(options.tokens);
    const product = await startProduct(
      join(folder, 'renewals'),
      renewalTenants(tokens),
      'bench/workers/renewals.ts',
    );
    await migrate(product.db);
    try {
      results.push(...(await measureRenewals(product, tokens, say)));
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    await Promise.race([product.stop(), sleep(10_000)]);
  }
  if (wanted.has('export')) {
    say('export …');
    const startEmpty = async (name: string) => {
      const product = await startProduct(join(folder, name), EXPORT_TENANTS);
      await migrate(product.db);
      return product;
    };
    try {
      results.push(...(await measureExports(startEmpty, Number(options.rows), say)));
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  }
  if (wanted.has('kills')) {
    say('kill switches …');
    const product = await startProduct(join(folder, 'kills'), KILL_TENANTS);
    await migrate(product.db);
    try {
      results.push(...(await measureKills(product)));
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    await Promise.race([product.stop(), sleep(10_000)]);
  }
  if (wanted.has('policy')) {
    say('policies …');
    results.push(...(await measurePolicies(folder)));
  }
  if (wanted.has('reads')) {
    say('reads …');
    const hono = await startHono(folder);
    const product = await startProduct(join(folder, 'reads'), [READS_TENANT], 'workers/main.ts');
    await migrate(product.db);
    try {
      results.push(...(await measureReads(hono, product)));
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    await Promise.race([Promise.all([hono.stop(), product.stop()]), sleep(10_000)]);
  }
  let counts: Counted | null = null;
  if (wanted.has('pipelines')) {
    say('counting …');
    const product = await startProduct(join(folder, 'counted'), TENANTS, 'bench/workers/counted.ts');
    await migrate(product.db);
    try {
      counts = await countPipelines(product);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    await Promise.race([product.stop(), sleep(10_000)]);
  }
  if (wanted.has('ledger') || wanted.has('pipelines')) {
    say('building and starting …');
    const bare = await startBare(folder);
    const product = await startProduct(folder, TENANTS);
    await migrate(product.db);
    try {
      if (wanted.has('ledger')) {
        say('ledger …');
        results.push(...(await measureLedger(bare, product)));
      }
      if (counts) {
        say('pipelines …');
        const load = await measurePipelines(bare, product, counts);
        results.push(...load.measurements, ...costPerMillionSteps(load.perStep));
      }
    } catch (error) {
      // Said before stopping, which can take as long as what hangs.
      console.error(error);
      process.exit(1);
    }
    await Promise.race([Promise.all([bare.stop(), product.stop()]), sleep(10_000)]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

console.log(table(results));
if (options.json) {
  const machine = { cores: availableParallelism(), platform: process.platform, node: process.version };
  writeFileSync(
    options.json,
    `${JSON.stringify({ at: new Date().toISOString(), machine, results }, null, 2)}\n`,
  );
}
const missed = results.filter((r) => r.ok === false);
console.log(missed.length === 0 ? 'every target met' : `missed: ${missed.map((m) => m.name).join('; ')}`);
process.exit(missed.length === 0 ? 0 : 1);
