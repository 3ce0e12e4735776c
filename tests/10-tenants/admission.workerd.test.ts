import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { controlStub } from '#objects/shared/stubs.ts';
import { answer, env, makeTenant, planSource, spawnBody, type TestTenant } from '#tests/support/worker.ts';

let acme: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
});

const spawn = (key: string, body: object, idempotencyKey?: string) =>
  answer<Pipeline & Problem>('/api/spawn', {
    key,
    body,
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  });

describe('spawn', () => {
  it('PIPE-2 LEDG-2: an admitted pipeline gets the tenant’s next number and its default project', async () => {
    const first = await spawn(acme.keys.operator, spawnBody());
    const second = await spawn(acme.keys.operator, spawnBody());
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      state: 'SPAWN',
      project_id: acme.project_id,
      tier: 1,
      exit_code: null,
    });
    expect(second.body.number).toBe(first.body.number + 1);
    expect((await spawn(other.keys.operator, spawnBody())).body.number).toBe(1);
  });

  it('PIPE-9: the same key and body is the same pipeline, marked as replayed; another body is a conflict', async () => {
    const first = await spawn(acme.keys.operator, spawnBody(), 'one');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const again = await spawn(acme.keys.operator, spawnBody(), 'one');
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body.pipeline_id).toBe(first.body.pipeline_id);
    const conflict = await spawn(acme.keys.operator, spawnBody({ name: 'changed' }), 'one');
    expect(conflict.status).toBe(409);
    expect(conflict.body.code).toBe('idempotency_conflict');
    const elsewhere = await spawn(other.keys.operator, spawnBody(), 'one');
    expect(elsewhere.body.pipeline_id).not.toBe(first.body.pipeline_id);
  });

  it('PROM-3 TEN-2: viewers and auditors spawn nothing, an operator tier 1, an admin tier 2', async () => {
    expect((await spawn(acme.keys.viewer, spawnBody({ tier: 0 }))).status).toBe(403);
    expect((await spawn(acme.keys.auditor, spawnBody({ tier: 0 }))).status).toBe(403);
    const refused = await spawn(acme.keys.operator, { ...spawnBody({ tier: 2 }), tier: 2 });
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'tier_not_permitted', field: 'tier' });
    expect(refused.body.remedy).toContain('"tier": 1');
    expect((await spawn(acme.keys.operator, spawnBody({ tier: 2 }))).body.tier).toBe(1);
    expect((await spawn(acme.keys.operator, { ...spawnBody({ tier: 2 }), tier: 0 })).body.tier).toBe(0);
    expect((await spawn(acme.keys.admin, { ...spawnBody({ tier: 1 }), tier: 2 })).body.tier).toBe(1);
    // What the built-in agents start with; a third of the least (tests/04-promotion-revocation).
    expect((await spawn(acme.keys.admin, spawnBody({ tier: 2 }))).body.tier).toBe(1);
  });

  it('PRE-1: a plan with errors is refused with every place, and takes neither number nor slot', async () => {
    const control = controlStub(env.CONTROL, 'acme');
    const before = (await control.livePipelines()).length;
    const source = `${planSource()}contxt: []\n`;
    const { status, body } = await spawn(acme.keys.operator, { plan: { source } });
    expect(status).toBe(422);
    expect(body.code).toBe('preflight_failed');
    expect(body.findings).toEqual([
      expect.objectContaining({
        code: 'unknown_field',
        line: 5,
        column: 1,
        expected: 'did you mean “context”?',
      }),
    ]);
    expect((await control.livePipelines()).length).toBe(before);
  });

  it('TEN-1: a project of another tenant is a 404', async () => {
    const { status } = await spawn(acme.keys.operator, { ...spawnBody(), project_id: other.project_id });
    expect(status).toBe(404);
  });

  it('TEN-1: another tenant’s pipeline is a 404 on every path that takes an id', async () => {
    const { body } = await spawn(other.keys.operator, spawnBody());
    const id = body.pipeline_id;
    const { operator } = acme.keys;
    for (const path of ['', '/orchestration', '/events', '/token', '/consensus/status'])
      expect([
        path,
        (await answer(`/api/pipeline${path}?pipeline_id=${id}`, { key: operator })).status,
      ]).toEqual([path, 404]);
    const reason = 'because';
    for (const path of ['continue', 'cancel', 'revoke'])
      expect([
        path,
        (await answer(`/api/pipeline/${path}`, { key: operator, body: { pipeline_id: id, reason } })).status,
      ]).toEqual([path, 404]);
    expect((await answer(`/api/pipeline?pipeline_id=${id}`, { key: other.keys.viewer })).status).toBe(200);
  });

  it('TEN-2: a key for one project sees and makes nothing outside it', async () => {
    const made = await answer<{ project_id: string }>('/api/projects', {
      key: acme.keys.admin,
      body: { name: 'narrow' },
    });
    const { project_id } = made.body;
    const { secret } = await acme.newKey({ role: 'operator', project_ids: [project_id] });
    const own = await spawn(secret, spawnBody());
    expect(own.body.project_id).toBe(project_id);
    const foreign = await spawn(acme.keys.operator, spawnBody());
    expect(
      (await answer(`/api/pipeline?pipeline_id=${foreign.body.pipeline_id}`, { key: secret })).status,
    ).toBe(404);
    expect((await spawn(secret, { ...spawnBody(), project_id: acme.project_id })).status).toBe(404);
    await spawn(acme.keys.operator, spawnBody(), 'shared');
    expect((await spawn(secret, spawnBody(), 'shared')).status).toBe(409);
    const listed = await answer<{ items: Pipeline[] }>('/api/active-pipelines', { key: secret });
    expect(listed.body.items.map((p) => p.pipeline_id)).toEqual([own.body.pipeline_id]);
    const projects = await answer<{ items: { project_id: string }[] }>('/api/projects', { key: secret });
    expect(projects.body.items.map((p) => p.project_id)).toEqual([project_id]);
  });
});

describe('quotas', () => {
  const NOTHING = { tokens: 0, cost_microusd: 0 };
  const admit = (tenant: string, pipeline_id: string, slice = NOTHING) =>
    controlStub(env.CONTROL, tenant).admit({ pipeline_id, project_id: null, request_sha256: 'x', slice });

  it('TEN-1: the hundred-and-first live pipeline is refused with 429, and a released slot lets it in', async () => {
    const busy = await makeTenant('busy');
    for (let i = 0; i < 100; i++) expect((await admit('busy', `pl_live${i}`)).ok).toBe(true);
    const refused = await spawn(busy.keys.operator, spawnBody());
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('quota_exceeded');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await controlStub(env.CONTROL, 'busy').release('pl_live7', NOTHING);
    expect((await spawn(busy.keys.operator, spawnBody())).status).toBe(201);
  });

  it('TEN-1 OPS-3: the hundred-and-twenty-first spawn of a minute is refused; the next minute has room', async () => {
    await makeTenant('hasty');
    const control = controlStub(env.CONTROL, 'hasty');
    for (let i = 0; i < 120; i++) {
      expect((await admit('hasty', `pl_fast${i}`)).ok).toBe(true);
      await control.release(`pl_fast${i}`, NOTHING);
    }
    const refused = await admit('hasty', 'pl_fast120');
    expect(refused).toMatchObject({ ok: false, error: { code: 'quota_exceeded' } });
    await runInDurableObject(env.CONTROL.getByName('t/hasty/control'), (_, state) =>
      state.storage.sql.exec('UPDATE admissions SET admitted_at = admitted_at - 61000'),
    );
    expect((await admit('hasty', 'pl_fast120')).ok).toBe(true);
  });

  it('PIPE-9: a spawn that never started gives its slot back and takes it anew under its old number', async () => {
    await makeTenant('unlucky');
    const control = controlStub(env.CONTROL, 'unlucky');
    const first = await admit('unlucky', 'pl_half');
    await control.abandon('pl_half', 600);
    expect(await control.livePipelines()).toEqual(['pl_half']);
    await control.abandon('pl_half', 0);
    expect(await control.livePipelines()).toEqual([]);
    expect(await admit('unlucky', 'pl_half')).toEqual(first);
    expect(await control.livePipelines()).toEqual(['pl_half']);
  });
});
