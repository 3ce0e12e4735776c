import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateFolder } from './state-folder.ts';
import { REPOSITORY, wranglerCommand, wranglerEnvironment } from './workers.ts';

export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  readonly output: string[];

  constructor(output: string) {
    super('The ledger’s database could not be migrated');
    this.output = output
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-20);
  }
}

/** Applies the D1 migrations to the local database. wrangler takes seconds even when there is nothing to do, so a stamp tells. */
export async function migrateLedger(folder: StateFolder): Promise<boolean> {
  const migrations = join(REPOSITORY, 'd1-migrations');
  const hash = createHash('sha256');
  for (const name of readdirSync(migrations)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    hash.update(name).update(readFileSync(join(migrations, name)));
  }
  const digest = hash.digest('hex');
  const stamp = join(folder.stamps, 'd1');
  const applied =
    existsSync(join(folder.productState, 'v3', 'd1')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === digest;
  if (applied) return false;
  const { command, args } = wranglerCommand([
    'd1',
    'migrations',
    'apply',
    'ags-ledger',
    '--local',
    '--persist-to',
    folder.productState,
  ]);
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    env: wranglerEnvironment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new MigrationFailed(output);
  writeFileSync(stamp, digest);
  return true;
}
