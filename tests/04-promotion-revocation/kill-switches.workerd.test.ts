import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KillResult, KillSwitch } from '#contract/enforcement.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { PipelineObject } from '#objects/pipeline/object.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { ALLOW } from '#tests/support/pipeline.ts';
import { answer, makeTenant, PLATFORM_KEY, spawnBody, type TestTenant } from '#tests/support/worker.ts';

beforeEach(() => {
  listenToQueues();
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

let made = 0;
const tenant = () => makeTenant(`kills-${++made}`);
const spawn = (t: TestTenant, more: object = {}) =>
  answer<Pipeline & Problem>('/api/spawn', { key: t.keys.operator, body: { ...spawnBody(), ...more } });

/** In its first round, both seats able to speak. */
async function running(t: TestTenant, more: object = {}): Promise<DrivenPipeline> {
  const { body } = await spawn(t, more);
  return new DrivenPipeline(t.tenant, body.pipeline_id).toRoundOne();
}
const stop = (key: string, scope: string, id: string) =>
  answer<KillResult & Problem>('/api/kill-switches', {
    key,
    body: { scope, id, reason: 'something is wrong' },
  });
const lift = (key: string, id: string) =>
  answer<KillSwitch & Problem>(`/api/kill-switches/${id}/lift`, { key, body: { reason: 'it is over' } });
const switches = async (key: string) =>
  (await answer<{ items: KillSwitch[] }>('/api/kill-switches', { key })).body.items;
const outcomeOf = async (pipeline: DrivenPipeline) => (await pipeline.state()).outcome?.reason ?? null;

describe('one pipeline, one agent', () => {
  it('ENF-6: a pipeline is stopped at once; the answer lists what was in flight; a person lifts, then it may be forked', async () => {
    const t = await tenant();
    const pipeline = await running(t);
    const turn = await pipeline.turnOf('ALPHA');
    await pipeline.callTool(turn.step_id, 'webhook_dispatch');
    const { step_id } = await pipeline.step('action');
    const { epoch, action } = await pipeline.claim(step_id);
    const decision = { ...ALLOW, effect: 'once' as const };
    const version = action?.facts.version ?? 0;
    expect(await pipeline.rpc.admit(t.tenant, { step_id, epoch, version, decision })).toMatchObject({
      kind: 'run',
    });

    const { status, body } = await stop(t.keys.operator, 'pipeline', pipeline.id);
    expect(status).toBe(201);
    expect(body).toMatchObject({ scope: 'pipeline', id: pipeline.id, unacknowledged: [] });
    expect(body.effective_at).toBe(body.thrown_at);
    expect(body.in_flight).toMatchObject([{ tool: 'webhook_dispatch', pipeline_id: pipeline.id }]);
    expect(await outcomeOf(pipeline)).toBe('killed');
    expect(await switches(t.keys.viewer)).toMatchObject([
      { kill_id: body.kill_id, by: `person:${t.person}`, lifted_at: null, project_id: t.project_id },
    ]);

    const fork = () =>
      answer<Problem>('/api/pipeline/fork', {
        key: t.keys.operator,
        body: { pipeline_id: pipeline.id, at: 1 },
      });
    expect((await fork()).body).toMatchObject({
      code: 'killed',
      status: 409,
      remedy: expect.stringContaining(`ags lift ${body.kill_id}`),
    });
    // Pressed twice it is the same switch.
    expect((await stop(t.keys.operator, 'pipeline', pipeline.id)).body.kill_id).toBe(body.kill_id);
    const service = await t.newKey({ role: 'admin', owner: await t.newSubject('service') });
    expect((await lift(service.secret, body.kill_id)).body).toMatchObject({
      code: 'person_needed',
      status: 403,
    });
    const lifted = await lift(t.keys.operator, body.kill_id);
    expect(lifted.body).toMatchObject({ lifted_by: `person:${t.person}`, lift_reason: 'it is over' });
    expect((await fork()).status).toBe(201);
    expect((await stop(t.keys.operator, 'pipeline', pipeline.id)).body).toMatchObject({
      code: 'pipeline_ended',
    });
  });

  it('ENF-6: one agent is stopped, its pipeline goes on; what is not there is a 404', async () => {
    const t = await tenant();
    const pipeline = await running(t);
    const { steps } = await pipeline.state();
    const turn = await pipeline.turnOf('BETA');
    const agent = 'agent_id' in turn.work ? turn.work.agent_id : '';
    expect((await stop(t.keys.operator, 'agent', agent)).status).toBe(201);
    expect((await pipeline.state()).agents[agent]?.status).toBe('revoked');
    expect((await pipeline.state()).steps[turn.step_id]).toBeUndefined();
    expect(steps[turn.step_id]).toBeDefined();
    expect(await outcomeOf(pipeline)).toBeNull();
    for (const [scope, id] of [
      ['agent', 'ag_nobody_1'],
      ['agent', 'nonsense'],
      ['pipeline', 'pl_nothing'],
      ['project', 'prj_nothing'],
      ['tenant', 'another'],
    ] as const)
      expect((await stop(t.keys.admin, scope, id)).status, scope).toBe(404);
  });
});

describe('above the pipeline', () => {
  it('ENF-6: a project’s pipelines stop, those beside it go on, and nothing new starts there until it is lifted', async () => {
    const t = await tenant();
    const other = await answer<{ project_id: string }>('/api/projects', {
      key: t.keys.admin,
      body: { name: 'other' },
    });
    const [a, b] = [await running(t), await running(t)];
    const beside = await running(t, { project_id: other.body.project_id });
    const { body } = await stop(t.keys.operator, 'project', t.project_id);
    expect(body).toMatchObject({ scope: 'project', unacknowledged: [] });
    expect([await outcomeOf(a), await outcomeOf(b), await outcomeOf(beside)]).toEqual([
      'killed',
      'killed',
      null,
    ]);
    expect((await a.state()).kills).toMatchObject([{ kill_id: body.kill_id, by: `person:${t.person}` }]);

    const refused = await spawn(t);
    expect(refused).toMatchObject({ status: 409, body: { code: 'killed' } });
    expect(refused.body.detail).toContain('something is wrong');
    expect((await spawn(t, { project_id: other.body.project_id })).status).toBe(201);
    const again = await stop(t.keys.operator, 'project', t.project_id);
    expect(again.body.kill_id).toBe(body.kill_id);
    await lift(t.keys.operator, body.kill_id);
    expect((await spawn(t)).status).toBe(201);
  });

  it('ENF-6: a pipeline that does not answer is named, and the switch counts from the end of its permit', async () => {
    const t = await tenant();
    const [dead, alive] = [await running(t), await running(t)];
    const kill = PipelineObject.prototype.kill;
    vi.spyOn(PipelineObject.prototype, 'kill').mockImplementation(async function (
      this: PipelineObject,
      ...args
    ) {
      const shown = await this.read(t.tenant);
      if (shown.ok && shown.value.pipeline_id === dead.id) throw new Error('no answer');
      return kill.apply(this, args);
    });
    const { body } = await stop(t.keys.operator, 'tenant', t.tenant);
    expect(body.unacknowledged).toEqual([dead.id]);
    expect(Date.parse(body.effective_at) - Date.parse(body.thrown_at)).toBe(5_000);
    expect([await outcomeOf(dead), await outcomeOf(alive)]).toEqual([null, 'killed']);
    expect((await switches(t.keys.viewer))[0]?.unacknowledged).toContain(dead.id);
    vi.restoreAllMocks();
    await dead.rpc.kill(t.tenant, (await alive.state()).kills[0]!);
    expect(await outcomeOf(dead)).toBe('killed');
  });

  it('ENF-6 TEN-1: the platform admin stops every tenant; each sees it, none lifts it, and afterwards they spawn again', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const [one, two] = [await running(a), await running(b)];
    expect((await stop(a.keys.admin, 'system', 'system')).status).toBe(403);
    const { status, body } = await stop(PLATFORM_KEY, 'system', 'system');
    expect(status).toBe(201);
    expect(body.unacknowledged).toEqual([]);
    expect([await outcomeOf(one), await outcomeOf(two)]).toEqual(['killed', 'killed']);
    expect((await spawn(b)).body.code).toBe('killed');
    expect((await switches(b.keys.viewer))[0]).toMatchObject({ scope: 'system', by: 'platform:admin' });
    expect((await lift(b.keys.admin, body.kill_id)).status).toBe(404);
    expect((await lift(PLATFORM_KEY, body.kill_id)).status).toBe(200);
    expect((await spawn(b)).status).toBe(201);
    expect((await stop(PLATFORM_KEY, 'tenant', a.tenant)).body).toMatchObject({
      status: 422,
      field: 'scope',
    });
  });

  it('ENF-6 TEN-2: a key for one project stops that one, and neither another nor the tenant', async () => {
    const t = await tenant();
    const other = await answer<{ project_id: string }>('/api/projects', {
      key: t.keys.admin,
      body: { name: 'other' },
    });
    const { secret } = await t.newKey({ role: 'operator', project_ids: [other.body.project_id] });
    const pipeline = await running(t);
    expect((await stop(secret, 'pipeline', pipeline.id)).status).toBe(404);
    expect((await stop(secret, 'project', t.project_id)).status).toBe(404);
    expect((await stop(secret, 'tenant', t.tenant)).status).toBe(403);
    const tenantWide = await stop(t.keys.operator, 'tenant', t.tenant);
    expect((await lift(secret, tenantWide.body.kill_id)).status).toBe(403);
    const own = await stop(secret, 'project', other.body.project_id);
    expect(own.status).toBe(201);
    expect((await switches(secret)).map((k) => k.scope).sort()).toEqual(['project', 'tenant']);
  });
});
