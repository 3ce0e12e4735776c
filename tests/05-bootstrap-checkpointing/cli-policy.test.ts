import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeApi, problem, startFakeApi } from '#tests/support/fake-api.ts';
import { validatePolicies } from '#workers/policy/index.ts';
import { newShell, type Shell } from './cli-run.ts';

let api: FakeApi;
let shell: Shell;
beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  shell?.remove();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
  api.requests.length = 0;
});
afterAll(() => shell.remove());

const GOOD = '@id("freeze") forbid (principal, action == Action::"http_get", resource);\n';
const BAD = '@id("a")\nforbid (principal, action, resource) when { context.nope };\n';
/** As the API answers it, by the same code. */
const checked = (source: string) => {
  const { findings, policies } = validatePolicies(source, ['http_get']);
  return {
    ok: findings.every((f) => f.severity !== 'error'),
    findings,
    policies: policies.map(({ id, effect, severity, labels }) => ({
      id,
      effect,
      decision: 'deny',
      severity,
      labels,
    })),
    sha256: '0'.repeat(64),
  };
};
const version = {
  version: 4,
  sha256: 'a'.repeat(64),
  note: 'why',
  published_by: 'person:ps_1',
  published_at: '2026-11-22T12:00:00.000Z',
  policies: 1,
  current: true,
};
const lastBody = (route: string) => api.requests.findLast((r) => `${r.method} ${r.path}` === route)?.body;

describe('ags policy', () => {
  it('CLI-1 GOV-4: check shows the line, a caret below the column, and exits 65; a good file exits 0', async () => {
    api.answer('POST /api/policies/check', ({ body }) => ({
      status: 200,
      body: checked((body as { cedar: string }).cedar),
    }));
    const bad = await shell.ags('policy', 'check', shell.write('bad.cedar', BAD));
    expect(bad.exitCode).toBe(65);
    expect(bad.stdout).toMatch(/bad\.cedar:2:45 {2}error {2}attribute `nope`/);
    expect(
      bad.stdout
        .split('\n')
        .find((l) => l.includes('^'))
        ?.indexOf('^'),
    ).toBe(8 + 44);
    const good = await shell.ags('policy', 'check', shell.write('good.cedar', GOOD));
    expect(good).toMatchObject({ exitCode: 0 });
    expect(good.stdout).toContain('tenant:freeze');
  });

  it('CLI-1 GOV-4: publish sends text, note and the version it stands on', async () => {
    api.answer('POST /api/policies', () => ({ status: 201, body: version }));
    const file = shell.write('p.cedar', GOOD);
    expect((await shell.ags('policy', 'publish', file)).exitCode).toBe(64);
    const done = await shell.ags('policy', 'publish', file, '--note', 'a freeze', '--expect', '3');
    expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Version 4 is in force') });
    expect(lastBody('POST /api/policies')).toEqual({ cedar: GOOD, note: 'a freeze', expected_version: 3 });
  });

  it('CLI-1 GOV-4: a refused publication shows its findings', async () => {
    api.answer('POST /api/policies', () =>
      problem('policy_invalid', 'no', { findings: checked(BAD).findings }),
    );
    const done = await shell.ags('policy', 'publish', shell.write('bad.cedar', BAD), '--note', 'x');
    expect(done.exitCode).not.toBe(0);
    expect(done.stderr).toContain('bad.cedar:2:45');
  });

  it('CLI-1 GOV-4: backtest says what would change, either way', async () => {
    api.answer('POST /api/policies/backtest', () => ({
      status: 200,
      body: {
        examined: 12,
        skipped: 0,
        truncated: false,
        stricter: 1,
        looser: 0,
        changes: [
          {
            action_id: 'ac_1',
            pipeline_id: 'pl_1',
            at: version.published_at,
            tool: 'http_get',
            target: 'docs.example.com',
            direction: 'stricter',
            was: { decision: 'allow', determining: ['x'], policy_version: 'builtin-2' },
            would_be: { decision: 'deny', determining: ['tenant:freeze'], reason: 'A freeze.', remedy: null },
          },
        ],
      },
    }));
    const { stdout } = await shell.ags('policy', 'backtest', shell.write('p.cedar', GOOD));
    expect(stdout).toContain('http_get on docs.example.com: allow → deny');
    expect(stdout).toContain('12 actions judged again: 1 stricter, 0 looser.');
    expect(lastBody('POST /api/policies/backtest')).toEqual({ cedar: GOOD });
  });

  it('CLI-1 GOV-10: report lists what would have been stopped; mode is set with its reason', async () => {
    api.answer('GET /api/policies/report', () => ({
      status: 200,
      body: {
        examined: 3,
        truncated: false,
        items: [
          {
            action_id: 'ac_1',
            pipeline_id: 'pl_1',
            project_id: 'pj_1',
            at: version.published_at,
            tool: 'http_get',
            target: 'docs.example.com',
            would_be: 'deny',
            determining: ['tenant:freeze'],
            reason: 'A freeze.',
            remedy: null,
            policy_version: 'builtin-2',
          },
        ],
      },
    }));
    expect((await shell.ags('policy', 'report')).stdout).toContain('1 action of 3 would have been stopped.');
    api.answer('POST /api/projects/pj_1/mode', () => ({
      status: 200,
      body: { project_id: 'pj_1', mode: 'observe' },
    }));
    expect((await shell.ags('policy', 'mode', 'watch', 'pj_1', '--reason', 'x')).exitCode).toBe(64);
    const set = await shell.ags('policy', 'mode', 'observe', 'pj_1', '--reason', 'a week');
    expect(set.stdout).toContain('pj_1: observe');
    expect(lastBody('POST /api/projects/pj_1/mode')).toEqual({ mode: 'observe', reason: 'a week' });
  });

  it('CLI-1 GOV-4: show prints what judges, built in and own; versions lists them', async () => {
    api.answer('GET /api/policies/current', () => ({
      status: 200,
      body: {
        policy_version: 'builtin-2+0123456789abcdef/4',
        sha256: 'b'.repeat(64),
        built_in: { version: 'builtin-2', limits: '// limits', permits: '// permits', schema: '' },
        own: { ...version, cedar: GOOD },
        projects: [{ project_id: 'pj_1', mode: 'observe' }],
      },
    }));
    const { stdout } = await shell.ags('policy', 'show');
    for (const part of ['builtin-2+0123456789abcdef/4', '// limits', GOOD.trim(), 'pj_1 only observes'])
      expect(stdout).toContain(part);
    api.answer('GET /api/policies', () => ({ status: 200, body: { items: [version], next_cursor: null } }));
    expect((await shell.ags('policy', 'versions')).stdout).toMatch(/4 +yes/);
  });
});
