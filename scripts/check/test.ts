/** `npm test`: the check, then every test; the last line says how many passed and failed. Arguments go to vitest. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';

const args = process.argv.slice(2);
const node = (...list: string[]): number =>
  spawnSync(process.execPath, list, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;

const checked = args.length > 0 ? 0 : node('scripts/check/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'ags-tests-'));
const report = join(folder, 'report.json');
const tested = node(
  ...['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'],
  ...[`--outputFile.json=${report}`, ...args],
);
console.log(`${summary()}${checked === 0 ? '' : ', and the check failed (see the top)'}`);
rmSync(folder, { recursive: true, force: true });
process.exit(checked || tested);

function summary(): string {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    return `${numPassedTests} passed, ${numFailedTests} failed${skipped}`;
  } catch {
    return '0 passed, 1 failed: vitest wrote no report';
  }
}
