import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';

const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' };

/** Runs wrangler without questions and answers with what it said. Never throws. */
export function ask(args: string[], cwd = ROOT): { ok: boolean; stdout: string; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], {
    ...{ cwd, env: { ...env, NO_COLOR: '1' }, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  });
  return { ok: status === 0, stdout, output: `${stdout}${stderr}`.trim() };
}

/** Runs wrangler in sight of the user. @throws Refused when it fails. */
export function must(args: string[], cwd = ROOT): void {
  const { status } = spawnSync(process.execPath, [WRANGLER, ...args], { cwd, env, stdio: 'inherit' });
  if (status !== 0) throw new Refused(`wrangler ${args.slice(0, 2).join(' ')} failed; see above`);
}

/** A reason to stop that the user can act on; printed without a stack. */
export class Refused extends Error {}

export async function main(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
