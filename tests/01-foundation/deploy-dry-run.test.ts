import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleWorker, MAX_WORKER_BYTES } from '#scripts/deploy/bundle.ts';
import { writeProductionConfig } from '#scripts/deploy/config.ts';
import { ROOT } from '#scripts/generate/migrations.ts';

const SLOW = 120_000;
const run = (script: string) =>
  spawnSync(process.execPath, [script, '--dry-run'], { cwd: ROOT, encoding: 'utf8' });

describe('dry runs of a deployment', () => {
  it('RUN-6: the Worker builds, says its size and what it would create', { timeout: SLOW }, () => {
    const { status, stdout, stderr } = run('scripts/deploy/worker.ts');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Worker: \d+ KiB compressed of at most 3072 KiB$/m);
    expect(stdout).toMatch(/D1 ags-ledger; R2 ags-archives; queues ags-steps-0,/);
    expect(status).toBe(0);
  });

  it('RUN-6: the dashboard and its function build', { timeout: SLOW }, () => {
    const { status, stdout, stderr } = run('scripts/deploy/pages.ts');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Functions: \d+ KiB compressed$/m);
    expect(status).toBe(0);
  });
});

describe('the production bundle', () => {
  let folder: string;
  let bundle: Bundle;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ags-bundle-'));
    const config = writeProductionConfig(folder, '11111111-1111-1111-1111-111111111111', folder);
    bundle = bundleWorker(config, join(folder, 'worker'));
  }, SLOW);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('PERF-6: fits the free plan', () => {
    expect(bundle.compressed).toBeGreaterThan(10_000);
    expect(bundle.compressed).toBeLessThanOrEqual(MAX_WORKER_BYTES);
  });

  it('RUN-4: has no line of the embedded services, of tests or of scripts', () => {
    const own = bundle.inputs.filter((f) => !f.includes('node_modules'));
    expect(own.some((f) => f.endsWith('workers/config.ts'))).toBe(true);
    expect(own.filter((f) => /workers\/embedded\/|^(?:.*\/)?(?:tests|scripts|cli|bench)\//.test(f))).toEqual(
      [],
    );
    const code = bundle.files.map((f) => readFileSync(join(bundle.outdir, f.name), 'utf8')).join('\n');
    expect(code).not.toContain('EMBEDDED_');
  });

  it('PERF-6: carries neither the schema library of migrations, nor the local runtime', () => {
    expect(bundle.inputs.filter((f) => /node_modules\/(drizzle-|miniflare|wrangler)/.test(f))).toEqual([]);
  });
});
