import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';

export interface Finished {
  code: number;
  output: string;
}

/** Runs a program of `node_modules/.bin` and collects what it says. */
export function run(bin: string, args: string[], cwd = ROOT): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, 'node_modules/.bin', bin), args, { cwd, env: quietEnv() });
    let output = '';
    child.stdout.on('data', (d) => (output += d));
    child.stderr.on('data', (d) => (output += d));
    child.on('error', (e) => resolve({ code: 127, output: String(e) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** No colours in captured text, no questions, no usage reports, no update notices. */
export const quietEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
});
