/** `npm run db:generate -- --name what_changed`: the next D1 migration from `workers/ledger/schema.ts`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS_DIR, ROOT, withoutRowid } from './migrations.ts';

const before = new Set(readdirSync(MIGRATIONS_DIR));
execFileSync(join(ROOT, 'node_modules/.bin/drizzle-kit'), ['generate', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
for (const file of readdirSync(MIGRATIONS_DIR).filter((f) => f.endsWith('.sql') && !before.has(f))) {
  const path = join(MIGRATIONS_DIR, file);
  writeFileSync(path, withoutRowid(readFileSync(path, 'utf8')));
}
