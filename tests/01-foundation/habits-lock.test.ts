import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Entry {
  optionalDependencies?: Record<string, string>;
}
const LOCK: Record<string, Entry> = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
).packages;

/** Where Node would find `name` for the package at `from`. */
function found(from: string, name: string): boolean {
  const at = from.lastIndexOf('/node_modules/');
  const key = `${from ? `${from}/` : ''}node_modules/${name}`;
  return key in LOCK || (from !== '' && found(at < 0 ? '' : from.slice(0, at), name));
}

it('RUN-1: the lock file lists the binaries of every platform, without which `npm ci` fails on all others', () => {
  const missing = Object.entries(LOCK).flatMap(([host, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !found(host, name)),
  );
  expect(missing).toEqual([]);
  for (const name of [
    '@cloudflare/workerd-darwin-arm64',
    '@cloudflare/workerd-linux-64',
    '@esbuild/linux-arm64',
  ])
    expect(Object.keys(LOCK)).toContain(`node_modules/${name}`);
});
