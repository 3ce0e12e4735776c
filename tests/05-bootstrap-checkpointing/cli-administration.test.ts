import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CreateKeyRequest } from '#contract/access.ts';
import { LedgerExportQuery, LedgerQuery } from '#contract/ledger.ts';
import { SetQuotasRequest } from '#contract/quotas.ts';
import { type FakeApi, problem, startFakeApi } from '#tests/support/fake-api.ts';
import { newShell, type Shell } from './cli-run.ts';

let api: FakeApi;
let shell: Shell;
beforeEach(async () => {
  api = await startFakeApi();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
});
afterEach(async () => {
  shell.remove();
  await api.stop();
});
const ok = (body: unknown) => () => ({ status: 200, body });
const last = () => api.requests.at(-1);

describe('ags ledger', () => {
  const ENTRY = {
    ...{ pipeline_id: 'pl_one', seq: 3, at: '2026-11-01T10:00:00.000Z', type: 'violation_recorded', v: 1 },
    ...{ actor: 'system:supervisor', agent_id: null, severity: 'high', body: { rule: 'egress' } },
    ...{ salt: 's', prev_hash: 'p', hash: 'h' },
  };

  it('CLI-1 LEDG-4: a query goes out as the API takes it, and shows time, place, type and body', async () => {
    api.answer('GET /api/ledger', ok({ items: [ENTRY], next_cursor: 'more' }));
    const run = await shell.ags(
      'ledger',
      'query',
      '--severity',
      'high',
      '--since',
      '2026-11-01',
      '--search',
      'a b',
    );
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/2026-11-01T10:00:00.000Z\s+pl_one\s+3\s+violation_recorded/);
    expect(run.stdout).toContain('--cursor more');
    const { limit, ...query } = last()?.query ?? {};
    expect(limit).toBe('50');
    expect(LedgerQuery.parse(query)).toEqual({
      severity: 'high',
      since: '2026-11-01T00:00:00.000Z',
      q: 'a b',
    });
  });

  it('CLI-1 LEDG-4: an export becomes a file of its own, and never writes over another unasked', async () => {
    api.answer('GET /api/ledger/export', () => ({
      status: 200,
      body: 'at,seq\r\n',
      headers: { 'content-type': 'text/csv' },
    }));
    const run = await shell.ags('ledger', 'export', '--out', 'out.csv', '--type', 'sealed');
    expect(run.exitCode).toBe(0);
    expect(readFileSync(join(shell.home, 'out.csv'), 'utf8')).toBe('at,seq\r\n');
    expect(LedgerExportQuery.parse(last()?.query)).toEqual({ format: 'csv', type: 'sealed' });
    expect((await shell.ags('ledger', 'export', '--out', 'out.csv')).exitCode).toBe(64);
    api.answer('GET /api/ledger/export', () =>
      problem('ledger_unavailable', 'The ledger database cannot be reached.'),
    );
    expect((await shell.ags('ledger', 'export', '--out', 'none.jsonl')).exitCode).not.toBe(0);
    expect(existsSync(join(shell.home, 'none.jsonl'))).toBe(false);
  });

  it('CLI-1 LEDG-1: the status exits with 1 while an integrity alarm stands, and names the place', async () => {
    const status = { intact: true, alarms: [] as object[], reconciliation: null, archived_pipelines: 0 };
    api.answer('GET /api/ledger/status', ok(status));
    expect((await shell.ags('ledger', 'status')).exitCode).toBe(0);
    const alarm = { pipeline_id: 'pl_one', seq: 7, at: ENTRY.at, ledger_hash: 'a', object_hash: 'b' };
    api.answer('GET /api/ledger/status', ok({ ...status, intact: false, alarms: [alarm] }));
    api.answer('POST /api/ledger/reconcile', ok({ checked: 2, repaired: 5, alarms: [] }));
    const run = await shell.ags('ledger', 'status', '--reconcile');
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('pl_one event 7');
    expect(run.stdout).toContain('wrote 5 rows');
  });
});

describe('ags key, project, quota and tenant', () => {
  it('CLI-1 TEN-2: a key is made for its owner with an end, and its secret is printed once', async () => {
    api.answer('POST /api/keys', () => ({
      status: 201,
      body: { key_id: 'k1', prefix: 'ags_a_k1', secret: 'ags_a_k1_s' },
    }));
    const run = await shell.ags(
      'key',
      'create',
      'ci',
      '--role',
      'operator',
      '--owner',
      'sv_1',
      '--project',
      'pj_1',
      '--days',
      '30',
    );
    expect(run.stdout.split('\n')[0]).toBe('ags_a_k1_s');
    const sent = CreateKeyRequest.parse(last()?.body);
    expect(sent).toMatchObject({ name: 'ci', role: 'operator', owner: 'sv_1', project_ids: ['pj_1'] });
    expect(Date.parse(sent.expires_at ?? '')).toBeGreaterThan(Date.now());
    expect((await shell.ags('key', 'create', 'ci')).exitCode).toBe(64);
  });

  it('CLI-1 TEN-2: keys are listed with their state, rotated with an overlap, and revoked', async () => {
    const key = { key_id: 'k1', prefix: 'p', name: 'ci', owner: 'sv_1', role: 'operator', project_ids: null };
    const times = {
      created_at: '2026-11-01T00:00:00.000Z',
      expires_at: null,
      last_used_at: null,
      revoked_at: null,
    };
    api.answer('GET /api/keys', ok({ items: [{ ...key, ...times }], next_cursor: null }));
    expect((await shell.ags('key', 'list')).stdout).toMatch(/k1\s+ci\s+operator\s+sv_1\s+all\s+live\s+never/);
    api.answer('POST /api/keys/k1/rotate', () => ({
      status: 201,
      body: { key_id: 'k2', prefix: 'p', secret: 'ags_new' },
    }));
    const rotated = await shell.ags('key', 'rotate', 'k1', '--overlap', '60');
    expect(rotated.stdout).toContain('k1 works for 60 s more');
    expect(last()?.body).toEqual({ overlap_s: 60 });
    api.answer('DELETE /api/keys/k1', () => ({ status: 204, body: undefined }));
    expect((await shell.ags('key', 'revoke', 'k1')).exitCode).toBe(0);
  });

  it('LEDG-4 CLI-1: an export that ends early goes on by itself, and the file is the whole', async () => {
    for (const [format, head, row, more] of [
      ['csv', 'at,seq\r\n', (n: number) => `2026,${n}\r\n`, '#next_cursor,WzFd\r\n'],
      ['jsonl', '', (n: number) => `{"seq":${n}}\n`, '{"next_cursor":"WzFd"}\n'],
    ] as const) {
      api.answer('GET /api/ledger/export', ({ query }) => ({
        status: 200,
        body: query.cursor === 'WzFd' ? row(2) : head + 'x'.repeat(5_000) + row(1) + more,
        headers: { 'content-type': 'text/plain' },
      }));
      expect((await shell.ags('ledger', 'export', '--out', `all.${format}`)).exitCode).toBe(0);
      const file = readFileSync(join(shell.home, `all.${format}`), 'utf8');
      expect(file).toBe(head + 'x'.repeat(5_000) + row(1) + row(2));
    }
  });

  it('CLI-1 TEN-1: quotas are shown beside their use, and set by tenant’s admin or platform', async () => {
    const report = {
      quotas: {
        live_pipelines: 5,
        live_diagnostics: 2,
        spawns_per_minute: 6,
        monthly_tokens: 7,
        monthly_cost_microusd: 8,
        storage_bytes: 9,
        step_success_permille: 950,
        retention_days: 180,
      },
      usage: {
        month: '2026-11',
        live_pipelines: 1,
        live_diagnostics: 0,
        spawns_last_minute: 0,
        tokens: 3,
        cost_microusd: 0,
        storage_bytes: null,
        storage: { plans: 1, pipelines: 2_000, archives: 30, memory: null, artifacts: null, bugs: null },
        pipelines: 4,
        error_budget: { target_permille: 950, windows: [], spent: null as object | null },
      },
    };
    api.answer('GET /api/quotas', ok(report));
    const table = (await shell.ags('quota', 'show')).stdout;
    expect(table).toMatch(/storage_bytes\s+9\s+unknown/);
    expect(table).toMatch(
      /plans 1, pipelines 2000, archives 30, memory unknown, artifacts unknown, bugs\s+unknown/,
    );
    api.answer('PUT /api/tenants/acme/quotas', ok(report));
    expect((await shell.ags('quota', 'set', 'live_pipelines', 'default', '--tenant', 'acme')).exitCode).toBe(
      0,
    );
    expect(SetQuotasRequest.parse(last()?.body)).toEqual({ live_pipelines: null });
    expect((await shell.ags('quota', 'set', 'wishes', '3')).exitCode).toBe(64);

    expect((await shell.ags('quota', 'show')).stdout).not.toContain('Error budget');
    report.usage.error_budget.spent = {
      since: '2026-11-22T12:00:00.000Z',
      detail: '60 errors',
      retry_after_s: 9,
    };
    api.answer('GET /api/quotas', ok(report));
    const shown = await shell.ags('quota', 'show');
    expect(shown.stdout).toContain('Error budget spent since 2026-11-22T12:00:00.000Z: 60 errors');
    api.answer('POST /api/error-budget/lift', ok(report));
    expect((await shell.ags('quota', 'lift-errors')).exitCode).toBe(64);
    expect((await shell.ags('quota', 'lift-errors', '--reason', 'mended')).exitCode).toBe(0);
    expect(last()?.body).toEqual({ reason: 'mended' });
  });

  it('CLI-1 TEN-1: a tenant is made with the platform’s key, a project with an admin’s', async () => {
    const bootstrap = {
      key_id: 'k',
      prefix: 'p',
      secret: 'ags_first',
      expires_at: '2026-11-01T00:00:00.000Z',
    };
    api.answer('POST /api/tenants', () => ({
      status: 201,
      body: { tenant: 'acme', default_project_id: 'pj_1', bootstrap },
    }));
    expect((await shell.ags('tenant', 'create', 'acme')).stdout).toContain('ags_first');
    api.answer('POST /api/projects', () => ({
      status: 201,
      body: { project_id: 'pj_2', name: 'pay', created_at: bootstrap.expires_at },
    }));
    expect((await shell.ags('project', 'create', 'pay')).stdout).toContain('pj_2');
  });
});
