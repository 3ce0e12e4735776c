import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ask, Refused } from './wrangler.ts';

/** PERF-6: what the free plan takes, compressed. */
export const MAX_WORKER_BYTES = 3 * 1024 * 1024;

export interface Bundle {
  outdir: string;
  /** Modules as they would be uploaded, relative to `outdir`. */
  files: { name: string; bytes: number; compressed: number }[];
  /** Sum of all modules, compressed with gzip as Cloudflare counts. */
  compressed: number;
  /** Source files that are in the bundle, relative to the repository. */
  inputs: string[];
}

/** Bundles a Worker as `wrangler deploy` would, without an account. @throws Refused with wrangler's words. */
export function bundleWorker(config: string, outdir: string): Bundle {
  const metafile = join(outdir, 'meta.json');
  const made = ask(['deploy', '--dry-run', '-c', config, '--outdir', outdir, `--metafile=${metafile}`]);
  if (!made.ok) throw new Refused(`the Worker cannot be bundled:\n${made.output}`);
  // A warning to esbuild, but a Worker that fails when it gets there.
  if (made.output.includes('[import-is-undefined]'))
    throw new Refused(`the Worker imports what does not exist:\n${made.output}`);
  return { ...measure(outdir), inputs: Object.keys(JSON.parse(readFileSync(metafile, 'utf8')).inputs) };
}

export function measure(outdir: string): Omit<Bundle, 'inputs'> {
  const files = globSync('**/*', { cwd: outdir })
    .filter((f) => statSync(join(outdir, f)).isFile() && !/\.map$|meta\.json$|README\.md$/.test(f))
    .map((name) => {
      const content = readFileSync(join(outdir, name));
      return { name, bytes: content.length, compressed: gzipSync(content).length };
    });
  return { outdir, files, compressed: files.reduce((sum, f) => sum + f.compressed, 0) };
}

export const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
