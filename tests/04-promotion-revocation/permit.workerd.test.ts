import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Kill } from '#domain/governance/permit.ts';
import { TenantControl, TenantDirectory } from '#objects/tenant/index.ts';
import { controlObjectName } from '#objects/tenant/rpc.ts';
import { DrivenPipeline, listenToQueues, withBindings } from '#tests/support/driven-pipeline.ts';
import { env } from '#tests/support/worker.ts';

/** One for each test: a lease that an earlier one holds would cut the next one's permits short. */
let tenant = '';
let tests = 0;
let heard: ReturnType<typeof listenToQueues>;
beforeEach(() => {
  tenant = `permits-${++tests}`;
  heard = listenToQueues();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const unreachable = {
  getByName: () => new Proxy({}, { get: () => () => Promise.reject(new Error('unreachable')) }),
};
const KILL: Kill = {
  kill_id: 'ks_project',
  scope: 'project',
  id: 'prj_1',
  reason: 'stop it',
  by: 'person:ps_2',
  at: '2026-11-23T00:00:00.000Z',
};

describe('permits', () => {
  it('ENF-6: a whole run within 5 s asks once, and one that does nothing does not ask', async () => {
    const permit = vi.spyOn(TenantControl.prototype, 'permit');
    const pipeline = await DrivenPipeline.spawn(tenant);
    expect(permit).not.toHaveBeenCalled();
    await (await pipeline.toConsensus()).revokeAll();
    expect((await pipeline.state()).sealed).toBe(true);
    expect(permit).toHaveBeenCalledTimes(1);
    pass(60_000);
    await runDurableObjectAlarm(pipeline.object);
    expect(permit).toHaveBeenCalledTimes(1);
  });

  it('ENF-6: the pipelines of a tenant share a lease on the deployment’s switch', async () => {
    const system = vi.spyOn(TenantDirectory.prototype, 'systemSwitch');
    const [a, b] = [await DrivenPipeline.spawn(tenant), await DrivenPipeline.spawn(tenant)];
    pass(10_000);
    await Promise.all([a.login(), b.login()]);
    expect(system).toHaveBeenCalledTimes(1);
  });

  it('ENF-6: control unreachable: what runs goes on to the permit’s end, then nothing is claimed, and the step comes back', async () => {
    const pipeline = await (await DrivenPipeline.spawn(tenant)).toRoundOne();
    const beta = await pipeline.turnOf('BETA');
    // A call of a tool draws on no budget, so that nothing but the permit decides.
    await pipeline.callTool((await pipeline.turnOf('ALPHA')).step_id, 'memory_search');
    const call = await pipeline.step('action');
    const down = (name: string) => (name === 'CONTROL' ? unreachable : null);
    await withBindings(pipeline, down, async () => {
      pass(4_999);
      expect(await pipeline.rpc.claim(tenant, call.step_id, 'w')).toMatchObject({ claimed: true });
      pass(1);
      expect(await pipeline.rpc.claim(tenant, beta.step_id, 'w')).toMatchObject({
        claimed: false,
        why: expect.stringContaining('no permit'),
      });
    });
    const before = heard.steps.filter((m) => m.step_id === beta.step_id).length;
    pass(5_001);
    await runDurableObjectAlarm(pipeline.object);
    await vi.waitFor(() =>
      expect(heard.steps.filter((m) => m.step_id === beta.step_id).length).toBeGreaterThan(before),
    );
    expect(await pipeline.rpc.claim(tenant, beta.step_id, 'w')).toMatchObject({ claimed: true });
  });

  it('ENF-6: a switch that stands reaches a pipeline by its next claim, and one that does nothing by the cron’s poke', async () => {
    const [busy, idle] = [await DrivenPipeline.spawn(tenant), await DrivenPipeline.spawn(tenant)];
    await busy.toRoundOne();
    await idle.toRoundOne();
    const control = env.CONTROL.getByName(controlObjectName(tenant)) as unknown as DurableObjectStub;
    await runInDurableObject(control, (_, { storage }) => {
      storage.sql.exec(
        'INSERT INTO kills (kill_id, scope, id, reason, thrown_by, thrown_at) VALUES (?, ?, ?, ?, ?, ?)',
        ...[KILL.kill_id, KILL.scope, KILL.id, KILL.reason, KILL.by, Date.parse(KILL.at)],
      );
    });
    pass(5_000);
    const turn = await busy.turnOf('ALPHA');
    expect(await busy.rpc.claim(tenant, turn.step_id, 'w')).toMatchObject({ claimed: false });
    await idle.rpc.poke(tenant);
    for (const pipeline of [busy, idle]) {
      const state = await pipeline.state();
      expect(state.outcome).toMatchObject({ exit_code: 1, reason: 'killed' });
      expect(state.kills).toMatchObject([KILL]);
    }
  });
});
