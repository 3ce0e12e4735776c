import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { accessIsCurrent } from '#scripts/generate/access.ts';
import { ROOT } from '#scripts/generate/migrations.ts';
import { checkImports } from './imports.ts';
import { run } from './run.ts';

export interface Step {
  name: string;
  /** Empty when all is well. */
  check(): Promise<string>;
}

const passed = ({ code, output }: { code: number; output: string }): string =>
  code === 0 ? '' : output.trim() || `exit code ${code}`;

const SOURCES = '{domain,contract,durable-objects,workers,client,cli,scripts,bench}/**/*.{ts,tsx}';

const importRules: Step = {
  name: 'import rules',
  async check() {
    const files = globSync([SOURCES, 'pages/{src,functions}/**/*.{ts,tsx}'], { cwd: ROOT }).map((path) => ({
      path: path.split(sep).join('/'),
      text: readFileSync(join(ROOT, path), 'utf8'),
    }));
    return checkImports(files)
      .map((p) => `${p.path}:${p.line} ${p.message}`)
      .join('\n');
  },
};

const lint: Step = {
  name: 'format and lint',
  check: async () =>
    passed(await run('biome', ['ci', '--colors=off', '--max-diagnostics=50', '--error-on-warnings'])),
};

/** What was checked before is remembered: a check after a small change takes a fifth of the time. */
const types = (project: string): Step => {
  const memory = join('.cache', 'types', `${project.replaceAll('/', '-')}.json`);
  return {
    name: `types: ${project}`,
    check: async () =>
      passed(await run('tsc', ['-p', project, '--incremental', '--tsBuildInfoFile', memory])),
  };
};

/** Generates into a copy: a schema that the migrations do not say yet makes drizzle-kit write another file. */
const migrations: Step = {
  name: 'migrations match the schema',
  async check() {
    const out = mkdtempSync(join(tmpdir(), 'ags-migrations-'));
    try {
      cpSync(join(ROOT, 'd1-migrations'), out, { recursive: true });
      const before = globSync('*.sql', { cwd: out }).length;
      const made = await run('drizzle-kit', [
        ...['generate', '--dialect', 'sqlite', '--schema', './workers/ledger/schema.ts', '--out', out],
      ]);
      const same = made.code === 0 && globSync('*.sql', { cwd: out }).length === before;
      return same
        ? ''
        : `${made.output.trim()}\nrun: npm run db:generate -- --name what_changed, and commit the new file`;
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
};

/** `Env` in workers/config.ts is written by hand, so that its variables and bindings stay apart; it must name what wrangler.toml binds. */
const bindings: Step = {
  name: 'bindings match wrangler.toml',
  async check() {
    const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
    const bound = [...read('wrangler.toml').matchAll(/^(?:name|binding) = "([A-Z][A-Z0-9_]*)"$/gm)].map(
      (m) => m[1] as string,
    );
    const env = /export interface Env[^{]*\{([^}]*)\}/.exec(read('workers/config.ts'))?.[1] ?? '';
    const declared = [...env.matchAll(/^ {2}([A-Z][A-Z0-9_]*)\??:/gm)].map((m) => m[1] as string);
    return [
      ...bound.filter((b) => !declared.includes(b)).map((b) => `workers/config.ts: Env lacks ${b}`),
      ...declared.filter((d) => !bound.includes(d)).map((d) => `wrangler.toml does not bind ${d}`),
    ].join('\n');
  },
};

/** TEN-4: the table of rights that people read is the one that the app applies. */
const accessTable: Step = {
  name: 'docs/access.md matches the table of rights',
  check: async () => (accessIsCurrent() ? '' : 'run: npm run docs:access, and commit docs/access.md'),
};

/** Every folder with a tsconfig.json of its own is a project; one that runs in two places has another beside it. */
const projects = (): string[] =>
  globSync('*/tsconfig{,.*}.json', { cwd: ROOT })
    .map((p) =>
      p
        .split(sep)
        .join('/')
        .replace(/\/tsconfig\.json$/, ''),
    )
    .sort();

export const steps = (): Step[] => [
  lint,
  importRules,
  bindings,
  accessTable,
  migrations,
  ...projects().map(types),
];
