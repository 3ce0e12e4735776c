import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkImports } from '#scripts/check/imports.ts';
import { ROOT } from '#scripts/generate/migrations.ts';

describe('who may import what, as the linter has it', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ags-lint-'));
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The linter's verdict on one import statement in a file at `path`. */
  function lint(path: string, from: string): string {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `import { a } from '${from}';\n\nexport const b = [a];\n`);
    const { stdout } = spawnSync(
      join(ROOT, 'node_modules/.bin/biome'),
      ['lint', '--vcs-enabled=false', '--reporter=github', path],
      { cwd: folder, encoding: 'utf8' },
    );
    rmSync(file);
    return stdout.includes('noRestrictedImports') ? 'refused' : 'allowed';
  }

  it.each([
    ['domain/pipeline/x.ts', '#contract/access.ts', 'refused'],
    ['domain/pipeline/x.ts', 'node:crypto', 'refused'],
    ['domain/pipeline/x.ts', '../ids.ts', 'allowed'],
    ['contract/x.ts', '#objects/pipeline/rpc.ts', 'refused'],
    ['contract/x.ts', '#domain/ids.ts', 'allowed'],
    ['durable-objects/pipeline/x.ts', '#workers/config.ts', 'refused'],
    ['durable-objects/pipeline/x.ts', '#contract/access.ts', 'allowed'],
    ['workers/steps/x.ts', '#workers/models/openrouter.ts', 'refused'],
    ['workers/steps/x.ts', '#workers/models/index.ts', 'allowed'],
    ['workers/steps/x.ts', '#workers/config.ts', 'allowed'],
    ['workers/steps/x.ts', '#client/index.ts', 'refused'],
    ['workers/main.ts', '#workers/ledger/consumer.ts', 'allowed'],
    ['cli/commands/x.ts', '#workers/config.ts', 'refused'],
    ['cli/commands/x.ts', '#client/index.ts', 'allowed'],
    ['pages/src/x.ts', '#objects/pipeline/rpc.ts', 'refused'],
    ['client/x.ts', '#cli/main.ts', 'refused'],
  ])('%s importing %s is %s', (path, from, verdict) => {
    expect(lint(path, from)).toBe(verdict);
  });
});

describe('who may import what, where paths and circles matter', () => {
  const messages = (...files: [path: string, text: string][]) =>
    checkImports(files.map(([path, text]) => ({ path, text }))).map(
      (p) => `${p.path}:${p.line} ${p.message}`,
    );

  it('a relative path may not leave its folder', () => {
    expect(messages(['cli/a.ts', "import { x } from '../contract/x.ts';"])).toEqual([
      'cli/a.ts:1 a relative path leaves cli/: use the # alias of contract/',
    ]);
    expect(messages(['workers/steps/a.ts', "\nimport { x } from '../models/x.ts';"])).toEqual([
      'workers/steps/a.ts:2 a relative path leaves workers/steps/: use #workers/models/index.ts',
    ]);
    expect(messages(['workers/embedded/vault/a.ts', "import { x } from '../env.ts';"])).toEqual([]);
  });

  it('worker folders may not import each other in a circle; types do not count', () => {
    const a = "import { b } from '#workers/b/index.ts';";
    const circle = messages(
      ['workers/a/index.ts', a],
      ['workers/b/index.ts', "export { c } from '#workers/c/index.ts';"],
      ['workers/c/index.ts', "import {\n  a,\n} from '#workers/a/index.ts';"],
    );
    expect(circle.map((m) => m.split(' ')[0])).toEqual([
      'workers/a/index.ts:1',
      'workers/b/index.ts:1',
      'workers/c/index.ts:3',
    ]);
    expect(
      messages(
        ['workers/a/index.ts', a],
        ['workers/b/index.ts', "import type { A } from '#workers/a/index.ts';"],
      ),
    ).toEqual([]);
  });

  it('workers see the objects’ interfaces, not their insides', () => {
    expect(
      messages(
        ['workers/api/a.ts', "import { Store } from '#objects/pipeline/store.ts';"],
        ['workers/api/b.ts', "import { pipelineObjectName } from '#objects/pipeline/rpc.ts';"],
        ['workers/api/c.ts', "import type { Store } from '#objects/pipeline/store.ts';"],
        ['workers/main.ts', "export { PipelineObject } from '#objects/pipeline/object.ts';"],
      ),
    ).toEqual(['workers/api/a.ts:1 workers use types, rpc.ts, index.ts and stubs.ts of the objects only']);
  });

  it('PIPE-7: the domain has no clock and no chance', () => {
    expect(
      messages([
        'domain/a.ts',
        'const t = Date.now();\nconst d = new Date(t);\n// Date.now() is fine here\nMath.random();',
      ]).map((m) => m.split(' ')[0]),
    ).toEqual(['domain/a.ts:1', 'domain/a.ts:4']);
  });

  it('only config.ts reads variables', () => {
    const reads = 'const s = env.VAULT_SECRET_ID;';
    expect(messages(['workers/credentials/a.ts', reads], ['workers/config.ts', reads])).toEqual([
      'workers/credentials/a.ts:1 only workers/config.ts reads variables',
    ]);
  });
});
