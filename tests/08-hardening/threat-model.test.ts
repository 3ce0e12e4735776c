import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '#scripts/generate/migrations.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const MODEL = read('docs/threat-model.md');

interface Row {
  risk: string;
  grade: string;
  done: string;
  tests: { path: string; title: string }[];
}
const ROWS: Row[] = MODEL.split('\n')
  .filter((line) => line.startsWith('| ASI'))
  .map((line) => {
    const [, risk = '', grade = '', done = '', shown = ''] = line.split('|').map((cell) => cell.trim());
    const tests = [...shown.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({
      path,
      title,
    }));
    return { risk, grade, done, tests };
  });

describe('the threat model', () => {
  it('SEC-1: each of the ten agentic risks has its row, a grade, and what is left where the grade is not the best', () => {
    expect(ROWS.map((row) => row.risk.slice(0, 5))).toEqual(
      Array.from({ length: 10 }, (_, i) => `ASI${String(i + 1).padStart(2, '0')}`),
    );
    for (const { risk, grade, done } of ROWS) {
      expect([risk, ['A', 'B', 'C'].includes(grade)]).toEqual([risk, true]);
      // At least two sentences: what is done, and what remains.
      if (grade !== 'A') expect([risk, done.split('. ').length > 1]).toEqual([risk, true]);
    }
  });

  it.each(ROWS)('SEC-1: $risk names tests that exist', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { path, title } of tests)
      expect([path, title, read(path).includes(title)]).toEqual([path, title, true]);
  });

  it('SEC-1 ASI05: nothing that runs in the Worker or the page evaluates text as code', () => {
    const files = globSync('{domain,contract,durable-objects,workers,pages/src,client}/**/*.{ts,tsx}', {
      cwd: ROOT,
    });
    expect(files.length).toBeGreaterThan(200);
    const found = files.filter((path) =>
      /\beval\(|new Function\(|dangerouslySetInnerHTML|\.innerHTML\b|child_process|node:vm/.test(read(path)),
    );
    expect(found).toEqual([]);
  });

  it('SEC-1 ASI04: every dependency is pinned with its hash, and only named ones run scripts at installation', () => {
    const manifest = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
      allowScripts: Record<string, boolean>;
    };
    for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect([name, /^\d+\.\d+\.\d+/.test(range)]).toEqual([name, true]);
    expect(Object.keys(manifest.allowScripts).sort()).toEqual(['esbuild', 'node', 'workerd']);
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; inBundle?: boolean }>;
    };
    const packages = Object.entries(lock.packages).filter(
      ([path, p]) => path !== '' && !p.link && !p.inBundle,
    );
    const bare = packages.filter(([, p]) => p.integrity === undefined).map(([path]) => path);
    // docs/limitations.md, "Platforms": native binaries for other machines, pinned by version alone.
    expect(
      bare.filter(
        (path) =>
          !/@(biomejs|tailwindcss|cloudflare|esbuild|rolldown|oxide)|node-(bin|darwin|linux|win)|lightningcss/.test(
            path,
          ),
      ),
    ).toEqual([]);
    expect(packages.length - bare.length).toBeGreaterThan(100);
  });
});

describe('secrets in the repository', () => {
  /** Whose form alone says that it is a credential. */
  const FORMS: [string, RegExp][] = [
    ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n[A-Za-z0-9+/]{40}/],
    ['AWS key', /\bAKIA(?!IOSFODNN7EXAMPLE)[0-9A-Z]{16}\b/],
    ['GitHub token', /\bgh[pousr]_[A-Za-z0-9]{36,}\b/],
    ['Slack token', /\bxox[abprs]-\d{6,}-[A-Za-z0-9-]{10,}/],
    ['Vault token', /\bhv[sb]\.[A-Za-z0-9_-]{40,}/],
    ['model key', /\bsk-(or-v1-)?[A-Za-z0-9]{40,}\b/],
    ['key of a tenant', /\bags_[a-z][a-z0-9-]*_k[a-z0-9]{16}_[a-z0-9]{32}\b/],
  ];
  /** Made up for tests; each says so where it stands. */
  const MADE_UP = /^(tests\/|plans\/)/;

  it('SEC-3: no file that is not a test’s holds anything with the form of a credential', () => {
    const files = globSync('**/*', {
      cwd: ROOT,
      exclude: ({ name }) =>
        ['node_modules', '.git', 'dist', '.wrangler', '.ags', '.cache', 'coverage'].includes(name),
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
      .filter((path) => !MADE_UP.test(path) && !/\.(png|woff2?|ico)$/.test(path));
    expect(files.length).toBeGreaterThan(400);
    const found = files.flatMap((path) =>
      FORMS.filter(([, form]) => form.test(read(path))).map(([what]) => `${path}: ${what}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['AWS key', `AKIA${'Q'.repeat(16)}`],
    ['Vault token', `hvs.${'a'.repeat(90)}`],
    ['key of a tenant', `ags_acme_k${'0'.repeat(16)}_${'a'.repeat(32)}`],
  ])('SEC-3: the search would notice a %s', (what, text) => {
    expect(FORMS.find(([name]) => name === what)?.[1].test(text)).toBe(true);
  });
});
