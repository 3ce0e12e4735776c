import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/index.ts';
import { newShell, type Shell } from '#tests/05-bootstrap-checkpointing/cli-run.ts';
import { sky } from '#tests/support/plans/sky.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const WITNESS = fileOf('examples/witness/witness.mjs');
const VERIFIER = fileOf('docs/evidence-vectors/verify.mjs');

let system: TestSystem;
let admin: Client;
let shell: Shell;
let id: string;
beforeAll(async () => {
  system = await startSystem();
  admin = system.client(system.keys.approver);
  shell = newShell({ AGS_URL: system.url, AGS_KEY: system.keys.approver });
  const spawned = await system.client().spawn(sky({ name: 'evidence' }));
  id = spawned.pipeline_id;
  await shell.ags('pipeline', 'wait', id);
});
afterAll(async () => {
  shell?.remove();
  await system?.stop();
});

function node(script: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: shell.home, env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, out: stdout + stderr }),
    );
  });
}

describe('evidence of a whole run', () => {
  it('LEDG-2 LEDG-3: a witness signs the log; the package verifies by the command line and by the published algorithm', async () => {
    const keys = (await shell.ags('ledger', 'keys')).stdout;
    const env = { WITNESS_STATE: join(shell.home, 'witness.json'), AGS_KEY: system.keys.approver };
    const { out } = await node(WITNESS, ['key', 'witness.example.org'], env);
    expect((await shell.ags('ledger', 'witness', 'w1', out.trim())).exitCode).toBe(0);
    shell.write('trust.txt', `${keys}witness w1 ${out.trim()}\nquorum w1\n`);

    // The first package puts the run's head into the log, whether the ledger has been there yet or not.
    await shell.ags('evidence', 'get', id, '--out', 'early.json');
    const early = await shell.ags('evidence', 'verify', 'early.json', '--trust', 'trust.txt', '--json');
    const failed = (JSON.parse(early.stdout) as { checks: { name: string; status: string }[] }).checks.filter(
      (c) => c.status === 'failed',
    );
    expect(failed.map((c) => c.name)).toEqual(['witnesses']);

    const log = keys.trim().replace(/^log /, '');
    expect(await node(WITNESS, ['sign', system.url, log], env)).toMatchObject({ code: 0 });
    expect((await shell.ags('evidence', 'get', id, '--out', 'package.json')).exitCode).toBe(0);
    const run = await shell.ags('evidence', 'verify', 'package.json', '--trust', 'trust.txt');
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringContaining('witnessed by w1')]);
    const theirs = await node(VERIFIER, ['package.json', 'trust.txt']);
    expect(theirs).toEqual({ code: 0, out: '{"verified":true,"failed":[],"redacted":[]}\n' });
  });

  it('LEDG-2: the ledger’s queue brings chains into the log by itself, and the whole log stands up to an audit', async () => {
    shell.write('keys.txt', (await shell.ags('ledger', 'keys')).stdout);
    const other = await system.client().spawn(sky({ name: 'by-itself' }));
    await shell.ags('pipeline', 'wait', other.pipeline_id);
    const { seq } = await admin.pipeline(other.pipeline_id);
    const sequenced = async () =>
      (await admin.logLeaves({ limit: 1_000 })).items.some(
        (leaf) => leaf.chain === other.pipeline_id && leaf.seq >= seq,
      );
    await expect.poll(sequenced, { timeout: 60_000, interval: 500 }).toBe(true);
    const chains = (await admin.logLeaves({ limit: 1_000 })).items.map((leaf) => leaf.chain);
    expect(chains).toContain('control');
    const audit = await shell.ags('ledger', 'audit', '--trust', 'keys.txt');
    expect([audit.exitCode, audit.stdout]).toEqual([0, expect.stringContaining('no number is missing')]);
  });
});
