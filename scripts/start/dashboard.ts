import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTime } from './leftovers.ts';
import { REPOSITORY } from './workers.ts';

/** What the dashboard's bundle is made of; a change in any of it asks for a new build. */
const SOURCES = ['pages', 'client', 'contract', 'domain'];
const ASIDE = '.ags-dashboard-';
const LEFT_OUT = /^(node_modules|dist.*|functions|\.wrangler|wrangler\.toml)$/;

export class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
  readonly output: string[];

  constructor(output: string) {
    super('The dashboard could not be built');
    this.output = output
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-30);
  }
}

function* files(path: string): Generator<string> {
  const entries = readdirSync(join(REPOSITORY, path), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (LEFT_OUT.test(entry.name)) continue;
    if (entry.isDirectory()) yield* files(join(path, entry.name));
    else yield join(path, entry.name);
  }
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...SOURCES.flatMap((source) => [...files(source)])]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(REPOSITORY, file)));
  }
  return hash.digest('hex');
}

/** Builds that a killed start left half done. */
function clearAside(): void {
  const folder = join(REPOSITORY, 'node_modules');
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(ASIDE))) {
    const builder = Number(name.slice(ASIDE.length));
    if (startTime(builder) === null) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

const DIST = join(REPOSITORY, 'pages', 'dist');

/** wrangler refuses to start without the folder that it is to serve; an old build or none does for who wants no dashboard. */
export function withoutDashboard(): Promise<false> {
  mkdirSync(DIST, { recursive: true });
  return Promise.resolve(false);
}

/** Builds the dashboard when its sources are not those of the last build. Tells whether it did. */
export async function buildDashboard(): Promise<boolean> {
  const stamp = join(REPOSITORY, 'node_modules', '.ags-dashboard');
  const wanted = sourceHash();
  if (existsSync(join(DIST, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return false;
  const vite = join(REPOSITORY, 'node_modules', 'vite', 'bin', 'vite.js');
  // Built aside and swapped in, so that a running Worker never serves half a build.
  clearAside();
  const built = join(REPOSITORY, 'node_modules', `${ASIDE}${process.pid}`);
  const child = spawn(
    process.execPath,
    [vite, 'build', 'pages', '--outDir', built, '--emptyOutDir', '--logLevel', 'warn'],
    {
      cwd: REPOSITORY,
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) {
    rmSync(built, { recursive: true, force: true });
    throw new BuildFailed(output);
  }
  rmSync(DIST, { recursive: true, force: true });
  renameSync(built, DIST);
  writeFileSync(stamp, wanted);
  return true;
}
