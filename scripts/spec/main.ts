/** `npm run spec`: which requirements of docs/SPEC.md have a test that names them, and which have none. `--json` for programs. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#scripts/generate/migrations.ts';
import { coverage } from './coverage.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const files = globSync('tests/**/*.test.{ts,tsx}', { cwd: ROOT })
  .sort()
  .map((path) => ({ path, text: read(path) }));
const result = coverage(read('docs/SPEC.md'), files);

if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else {
  const proven = result.requirements.filter((r) => r.tests.length > 0);
  let section = '';
  for (const r of result.requirements) {
    if (r.section !== section) console.log(`\n${r.section}`);
    section = r.section;
    const count = r.tests.length === 0 ? '   –' : String(r.tests.length).padStart(4);
    const first = r.text.split(/(?<=[.:;]) /)[0] ?? r.text;
    console.log(`${count}  ${r.number.padEnd(8)} ${first.length > 100 ? `${first.slice(0, 99)}…` : first}`);
  }
  console.log('\nTests by phase (an `each` counts once)');
  for (const { phase, tests, wanted } of result.phases)
    console.log(`${String(tests).padStart(4)} of ${String(wanted).padStart(2)}  ${phase}`);
  for (const u of result.unknown) console.log(`\nno such requirement: ${u.number} in ${u.file}: ${u.title}`);
  console.log(
    `\n${proven.length} of ${result.requirements.length} requirements have a test; ${result.tests} tests in all.`,
  );
}
process.exit(result.unknown.length > 0 ? 1 : 0);
