import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BreakerView } from '#contract/breakers.ts';
import { BREAKER } from '#domain/governance/breaker.ts';
import { controlStub, directoryStub } from '#objects/shared/stubs.ts';
import { TenantControl, TenantDirectory } from '#objects/tenant/index.ts';
import type { Observation } from '#objects/tenant/rpc.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { proposal, spawnCommand } from '#tests/support/pipeline.ts';
import { answer, env, makeTenant, migrateLedger } from '#tests/support/worker.ts';

const MODEL = 'model:compatible/scripted';
const DOWN = { code: 'model_unavailable', message: 'Model provider compatible is failing: HTTP 503.' };
const failure = (name = MODEL, error = DOWN): Observation => ({ name, error, ok: 0, retry_after_s: null });
const success = (name = MODEL): Observation => ({ name, error: null, ok: 1, retry_after_s: null });
const ERROR = { ...DOWN, cause: 'dependency' as const, retryable: true, retry_after_s: null, usage: null };

let tenant = '';
let tests = 0;
beforeEach(() => {
  tenant = `breakers-${++tests}`;
  listenToQueues();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  // What all tenants share must not reach the next test.
  await runInDurableObject(
    env.DIRECTORY.getByName('directory') as unknown as DurableObjectStub,
    (_, { storage }) => void storage.sql.exec('DELETE FROM breakers'),
  );
});
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** The step is claimed and its model fails it. */
async function failing(run: DrivenPipeline, step_id: string, seen = [failure()]): Promise<void> {
  const { epoch } = await run.claim(step_id);
  await run.rpc.fail(run.tenant, step_id, epoch, ERROR, seen);
}
const open = async (run: DrivenPipeline, names = [MODEL]) =>
  controlStub(env.CONTROL, run.tenant).observeDependencies(
    names.flatMap((name) => Array.from({ length: BREAKER.failures }, () => failure(name))),
  );
const claim = (run: DrivenPipeline, step_id: string) => run.rpc.claim(run.tenant, step_id, 'w1');
const breakers = (): Promise<BreakerView[]> => controlStub(env.CONTROL, tenant).breakers();

describe('breakers shared through objects', () => {
  it('OPS-1: a run in which everything works costs no call for them, and writes no row', async () => {
    const spies = (['observeDependencies', 'tryDependency', 'releaseDependencies'] as const).map((name) =>
      vi.spyOn(TenantControl.prototype, name),
    );
    await (await (await DrivenPipeline.spawn(tenant)).toConsensus()).revokeAll();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    expect(await breakers()).toEqual([]);
  });

  it('ENF-1, OPS-1: failures of one pipeline open it for the tenant’s others, which wait without a try', async () => {
    const [a, b] = [await DrivenPipeline.spawn(tenant), await DrivenPipeline.spawn(tenant)];
    await a.toRoundOne();
    await b.toRoundOne();
    const alpha = (await a.turnOf('ALPHA')).step_id;
    for (let n = 0; n < BREAKER.failures; n++) {
      pass(6_000);
      await failing(a, alpha);
    }
    expect((await a.state()).steps[alpha]).toMatchObject({
      failures: BREAKER.failures - 1,
      held: { on: 'model' },
    });
    expect(await breakers()).toMatchObject([{ name: MODEL, state: 'open', last_error: DOWN }]);
    pass(4_000);
    // Its permit is as old as 5 s and no older.
    await b.rpc.poke(tenant);
    pass(900);
    const turn = (await b.turnOf('BETA')).step_id;
    expect(await claim(b, turn)).toMatchObject({ claimed: false });
    expect(await b.rpc.read(tenant)).toMatchObject({
      value: { waiting_for: 'queue', waiting_detail: expect.stringContaining('HTTP 503') },
    });
    expect((await b.state()).steps[turn]).toMatchObject({ failures: 0, epoch: 0 });
  });

  it('OPS-1: half-open, one probe among all pipelines; when it went well everybody goes on', async () => {
    const [a, b] = [await DrivenPipeline.spawn(tenant), await DrivenPipeline.spawn(tenant)];
    await a.toRoundOne();
    await b.toRoundOne();
    await open(a);
    pass(BREAKER.open);
    const [one, two] = [(await a.turnOf('ALPHA')).step_id, (await b.turnOf('ALPHA')).step_id];
    const probe = await a.claim(one);
    expect(probe.trying).toEqual([MODEL]);
    expect(await breakers()).toMatchObject([{ state: 'half_open' }]);
    expect(await claim(b, two)).toMatchObject({ claimed: false });
    const output = { findings: [], proposal: proposal('a'), votes: [], messages: [] };
    const usage = { tokens_in: 1, tokens_out: 1, tokens_cached: 0, cost_microusd: 1, latency_ms: 1 };
    const result = { kind: 'turn' as const, output, usage: { ...usage, provider: 'x', model: 'y' } };
    await a.rpc.complete(tenant, one, probe.epoch, result, null, [success()]);
    await vi.waitFor(async () => expect(await breakers()).toEqual([]));
    pass(5_000);
    expect(await claim(b, two)).toMatchObject({ claimed: true });
  });

  it('OPS-1: a probe that fails costs no try and doubles the pause; one that came to no call leaves it to the next', async () => {
    const run = await (await DrivenPipeline.spawn(tenant)).toRoundOne();
    await open(run);
    pass(BREAKER.open);
    const { step_id } = await run.turnOf('ALPHA');
    await failing(run, step_id);
    const [breaker] = await breakers();
    expect(Date.parse(breaker?.retry_at ?? '') - Date.now()).toBe(2 * BREAKER.open);
    expect((await run.state()).steps[step_id]).toMatchObject({ failures: 0, held: { on: 'model' } });
    pass(2 * BREAKER.open);
    const { epoch } = await run.claim(step_id);
    // Vault was silent before the model was called.
    const away = { ...ERROR, code: 'credentials_unavailable', message: 'Vault cannot be reached' };
    await run.rpc.fail(tenant, step_id, epoch, away, []);
    pass(5_000);
    expect((await run.claim((await run.turnOf('BETA')).step_id)).trying).toEqual([MODEL]);
  });

  it('AGENT-2, OPS-1: while the first model’s is open, the next of the list is called; all open: the step waits', async () => {
    const command = spawnCommand();
    if (command.kind !== 'spawn') throw new Error('no spawn');
    const models = Object.fromEntries(
      Object.entries(command.plan.models).map(([role, choice]) => [
        role,
        { ...choice, fallbacks: ['second'] },
      ]),
    ) as typeof command.plan.models;
    const run = await DrivenPipeline.spawn(tenant, { plan: { ...command.plan, models, documents: [] } });
    await run.toRoundOne();
    await open(run);
    await run.rpc.recallPermit(tenant);
    pass(1_000);
    const alpha = await run.claim((await run.turnOf('ALPHA')).step_id);
    expect(alpha.avoid).toEqual(['scripted']);
    await open(run, ['model:compatible/second']);
    const beta = (await run.turnOf('BETA')).step_id;
    await run.rpc.recallPermit(tenant);
    expect(await claim(run, beta)).toMatchObject({ claimed: false });
  });

  it('OPS-1, CRED-6: Vault’s is the whole deployment’s: another tenant’s steps wait too, and go on when it closes', async () => {
    const run = await DrivenPipeline.spawn(tenant);
    await controlStub(env.CONTROL, `${tenant}-other`).createTenant({ tenant: `${tenant}-other`, name: 'x' });
    const away = { code: 'credentials_sealed', message: 'Vault is sealed; could not log in' };
    await controlStub(env.CONTROL, `${tenant}-other`).observeDependencies(
      Array.from({ length: BREAKER.failures }, () => failure('vault', away)),
    );
    const { step_id } = await run.step('credentials_login');
    expect(await claim(run, step_id)).toMatchObject({ claimed: false });
    expect(await run.rpc.read(tenant)).toMatchObject({
      value: { waiting_for: 'credentials', waiting_detail: expect.stringContaining('sealed') },
    });
    pass(BREAKER.open);
    const { epoch, trying } = await run.claim(step_id);
    expect(trying).toEqual(['vault']);
    const login = { accessor: 'acc-1', policies: ['pipeline-agent'], expires_at: '2030-01-01T00:00:00.000Z' };
    await run.rpc.complete(tenant, step_id, epoch, { kind: 'credentials_login', ...login }, null, [
      success('vault'),
    ]);
    await vi.waitFor(async () => expect(await directoryStub(env.DIRECTORY).sharedBreakers()).toEqual([]));
    expect(await run.rpc.read(tenant)).toMatchObject({ value: { waiting_for: null } });
  });

  it('OPS-1: another tenant’s model troubles nobody here: it is reached with that tenant’s own key', async () => {
    const [mine, theirs] = [await DrivenPipeline.spawn(tenant), await DrivenPipeline.spawn(`${tenant}-b`)];
    await mine.toRoundOne();
    await open(theirs);
    pass(5_000);
    expect(await claim(mine, (await mine.turnOf('ALPHA')).step_id)).toMatchObject({ claimed: true });
  });

  it('OPS-1: breakers outlive the objects that keep them; who cannot be asked does not stop work', async () => {
    const run = await (await DrivenPipeline.spawn(tenant)).toRoundOne();
    await open(run);
    await evictDurableObject(env.CONTROL.getByName(`t/${tenant}/control`) as unknown as DurableObjectStub);
    expect(await breakers()).toMatchObject([{ name: MODEL, state: 'open' }]);
    pass(5_000);
    vi.spyOn(TenantControl.prototype, 'tryDependency').mockRejectedValue(new Error('gone'));
    expect(await claim(run, (await run.turnOf('ALPHA')).step_id)).toMatchObject({ claimed: true });
  });

  it('OPS-1: names come with plans, so the object keeps a bounded number of them', async () => {
    await DrivenPipeline.spawn(tenant);
    const names = Array.from({ length: 205 }, (_, n) => `model:compatible/m${n}`);
    for (const name of names) {
      pass(1);
      await controlStub(env.CONTROL, tenant).observeDependencies([failure(name)]);
    }
    const kept = await breakers();
    expect(kept).toHaveLength(200);
    expect(kept.map(({ name }) => name)).toContain(names.at(-1));
  });

  it('OPS-1: /api/health lists those that are not closed, with the last error, and is degraded', async () => {
    await migrateLedger();
    const acme = await makeTenant(tenant);
    await controlStub(env.CONTROL, tenant).observeDependencies(
      Array.from({ length: BREAKER.failures }, () => failure()),
    );
    const { status, body } = await answer<{ status: string; breakers: BreakerView[] }>('/api/health', {
      key: acme.keys.viewer,
    });
    expect(status).toBe(200);
    expect(body.breakers).toMatchObject([
      { name: MODEL, state: 'open', opened_at: expect.any(String), last_error: DOWN },
    ]);
    expect(body.status).toBe('degraded');
    vi.spyOn(TenantDirectory.prototype, 'sharedBreakers').mockRejectedValue(new Error('gone'));
    const without = await answer<{ breakers: BreakerView[] }>('/api/health', { key: acme.keys.viewer });
    expect(without.body.breakers).toEqual([]);
  });
});
