import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';
import { Refused } from './wrangler.ts';

export const DIST = join(ROOT, 'pages/dist');

/** Builds the dashboard into `outDir`, which it empties first. @throws Refused when the build fails. */
export function buildDashboard(outDir = DIST): void {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vite, 'build', 'pages', '--outDir', outDir, '--emptyOutDir'],
    {
      ...{ cwd: ROOT, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    },
  );
  if (status !== 0) throw new Refused(`the dashboard cannot be built:\n${stdout}${stderr}`);
}
