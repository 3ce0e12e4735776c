import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { credentialsFor, vaultAddress } from '#tests/support/embedded-credentials.ts';
import type { Credentials } from '#workers/credentials/index.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
let credentials: Credentials;
const admin = vaultCaller(() => ({ addr: vaultAddress(services), token: services.rootToken }));

async function liveAccessors(): Promise<string[]> {
  const { keys } = (await admin('GET', 'auth/token/accessors?list=true')).body.data ?? {};
  return Array.isArray(keys) ? keys : [];
}

const TENANT = 'acme';
let count = 0;
/** A pipeline of its own for each test. */
const fresh = () => {
  count += 1;
  return { tenant: TENANT, pipeline: `pl_${count}`, generation: 1 };
};
const agentOf = (pipeline: string) => `ag_${pipeline.slice(3)}_1`;

function value<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(`expected success, got ${JSON.stringify(result.error)}`);
  return result.value;
}
async function redis(...words: string[]): Promise<unknown> {
  const response = await fetch(`${services.url}/redis`, {
    method: 'POST',
    headers: { authorization: `Bearer ${services.redisToken}` },
    body: JSON.stringify(words),
  });
  return ((await response.json()) as { result: unknown }).result;
}

beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, TENANT);
  credentials = setup.make();
});
afterAll(() => services.stop());
afterEach(async () => {
  await services.setFault('vault', { mode: 'none' });
  await services.setFault('redis', { mode: 'none' });
});

describe('one login per pipeline', () => {
  it('CRED-1: gives accessor, policies and the short first lease, and no token', async () => {
    const issued = value(await credentials.login(fresh()));
    expect(Object.keys(issued).sort()).toEqual(['accessor', 'lease_s', 'policies']);
    expect(issued.policies).toEqual([`pipeline-${TENANT}`, 'pipeline-agent']);
    expect(issued.lease_s).toBe(300);
  });

  it('CRED-1: the token names its pipeline and generation, and its SecretID is spent', async () => {
    const pipeline = fresh();
    const { accessor } = value(await credentials.login({ ...pipeline, generation: 3 }));
    const found = await admin('POST', 'auth/token/lookup-accessor', { accessor });
    expect(found.body.data?.meta).toEqual({
      tenant: TENANT,
      pipeline: pipeline.pipeline,
      generation: '3',
      role_name: `pipeline-${TENANT}`,
    });
    const left = await admin('GET', `auth/approle/role/pipeline-${TENANT}/secret-id?list=true`);
    expect(left.status).toBe(404);
  });

  it('CRED-1: a login that is not extended dies within 5 minutes; an extended one lives its 2 hours', async () => {
    const [lost, kept] = [value(await credentials.login(fresh())), value(await credentials.login(fresh()))];
    expect(value(await credentials.extend({ accessor: kept.accessor, increment_s: 7_200 })).lease_s).toBe(
      7_200,
    );
    await services.advanceClock(301_000);
    expect(value(await credentials.lookup(lost.accessor))).toEqual({ alive: false });
    expect(value(await credentials.lookup(kept.accessor))).toMatchObject({ alive: true });
  });

  it('CRED-1: a tenant that is not set up, or a name that would bend a path, is denied', async () => {
    for (const tenant of ['nobody', '../acme', 'acme/role-id?x=', '']) {
      const refused = await credentials.login({ tenant, pipeline: 'pl_x', generation: 1 });
      expect(refused).toMatchObject({ ok: false, error: { kind: 'denied', retryable: false } });
    }
  });
});

describe('one child token per agent', () => {
  it('CRED-1: has the policy of its tier alone and dies with the pipeline’s token', async () => {
    const pipeline = fresh();
    const agent = agentOf(pipeline.pipeline);
    const parent = value(await credentials.login(pipeline));
    const child = value(await credentials.issueAgent({ ...pipeline, agent, tier: 1, ttl_s: 7_200 }));
    expect(child.policies).toEqual([`agent-${TENANT}-t1`]);
    expect(child.lease_s).toBe(7_200);
    value(await credentials.revoke(parent.accessor));
    expect(value(await credentials.lookup(child.accessor))).toEqual({ alive: false });
  });

  it('CRED-4: is revoked alone, without the pipeline’s or another agent’s', async () => {
    const pipeline = fresh();
    const parent = value(await credentials.login(pipeline));
    const issue = async (agent: string) =>
      value(await credentials.issueAgent({ ...pipeline, agent, tier: 0, ttl_s: 600 }));
    const [one, two] = [await issue('ag_one'), await issue('ag_two')];
    value(await credentials.revoke(one.accessor));
    expect(value(await credentials.lookup(one.accessor))).toEqual({ alive: false });
    expect(value(await credentials.lookup(two.accessor))).toMatchObject({ alive: true });
    expect(value(await credentials.lookup(parent.accessor))).toMatchObject({ alive: true });
  });

  it('CRED-6: cannot be issued once the pipeline’s token is dead, nor for another generation', async () => {
    const pipeline = fresh();
    const parent = value(await credentials.login(pipeline));
    const issue = (generation: number) =>
      credentials.issueAgent({ ...pipeline, generation, agent: 'ag_x', tier: 0, ttl_s: 600 });
    expect(await issue(2)).toMatchObject({ ok: false, error: { kind: 'unseal_failed' } });
    value(await credentials.revoke(parent.accessor));
    expect(await issue(1)).toMatchObject({ ok: false, error: { kind: 'token_dead', retryable: false } });
  });
});

describe('two logins of one generation', () => {
  it('CRED-1: the one that is not on record issues no tokens, though the store has its token', async () => {
    const pipeline = fresh();
    const recorded = value(await credentials.login(pipeline));
    value(await credentials.login(pipeline));
    const issue = (parent?: string) =>
      credentials.issueAgent({ ...pipeline, parent, agent: 'ag_r', tier: 0, ttl_s: 600 });
    expect(await issue(recorded.accessor)).toMatchObject({ ok: false, error: { kind: 'store_lost' } });
    const again = value(await credentials.login(pipeline));
    expect((await issue(again.accessor)).ok).toBe(true);
  });
});

describe('secrets through the agent’s own token', () => {
  async function running(tier: 0 | 1 | 2, tenant = TENANT) {
    const pipeline = { ...fresh(), tenant };
    const agent = agentOf(pipeline.pipeline);
    value(await credentials.login(pipeline));
    const child = value(await credentials.issueAgent({ ...pipeline, agent, tier, ttl_s: 600 }));
    const read = (path: string) => credentials.readSecret({ ...pipeline, agent, path });
    return { pipeline, agent, child, read };
  }

  it('AGENT-2: the provider key is read, and a revoked agent reads nothing more', async () => {
    const { read, child } = await running(0);
    expect(value(await read('models/embedded'))).toEqual({ api_key: services.modelKey });
    value(await credentials.revoke(child.accessor));
    expect(await read('models/embedded')).toMatchObject({ ok: false, error: { kind: 'token_dead' } });
  });

  it.each([0, 1, 2] as const)(
    'CRED-1: tier %i reads the secrets of its tier and below, none above',
    async (tier) => {
      for (const n of [0, 1, 2]) {
        await admin('POST', `secret/data/tenants/${TENANT}/tier${n}/db`, { data: { password: `p${n}` } });
      }
      const { read } = await running(tier);
      for (const n of [0, 1, 2]) {
        const found = await read(`tier${n}/db`);
        if (n <= tier) expect(value(found)).toEqual({ password: `p${n}` });
        else expect(found).toMatchObject({ ok: false, error: { kind: 'denied', retryable: false } });
      }
    },
  );

  it('TEN-1: no path leads to another tenant’s secrets', async () => {
    const other = await credentialsFor(services, 'globex');
    await admin('POST', 'secret/data/tenants/globex/models/hidden', { data: { api_key: 'globex-key' } });
    const { read, pipeline, agent } = await running(2);
    for (const path of [
      '../globex/models/hidden',
      'models/../../globex/models/hidden',
      'models/%2e%2e/x',
      '/models',
    ]) {
      expect(await read(path)).toMatchObject({ ok: false, error: { kind: 'not_found' } });
    }
    // Naming the other tenant does not open this tenant's sealed token.
    const forged = await other
      .make()
      .readSecret({ ...pipeline, tenant: 'globex', agent, path: 'models/hidden' });
    expect(forged).toMatchObject({ ok: false, error: { kind: 'unseal_failed' } });
  });

  it('TEN-1: an AppRole that learns of a tenant after its login is used anew', async () => {
    const warm = setup.make();
    value(await warm.login(fresh()));
    await credentialsFor(services, 'latecomer');
    value(await warm.login({ tenant: 'latecomer', pipeline: 'pl_late', generation: 1 }));
  });

  it('GOV-6: a secret that is not there is not_found', async () => {
    const { read } = await running(0);
    expect(await read('models/none')).toMatchObject({
      ok: false,
      error: { kind: 'not_found', retryable: false },
    });
  });
});

describe('the sealed store', () => {
  it('CRED-2: holds the token sealed under pipeline:{id}:vault_token with an end, and forget deletes it', async () => {
    const pipeline = fresh();
    value(await credentials.login(pipeline));
    value(await credentials.issueAgent({ ...pipeline, agent: 'ag_f', tier: 0, ttl_s: 600 }));
    const key = `pipeline:${pipeline.pipeline}:vault_token`;
    const agentKey = `pipeline:${pipeline.pipeline}:agent:ag_f:vault_token`;
    expect(await redis('GET', key)).toMatch(/^s1\.k1\./);
    expect(await redis('TTL', key)).toBe(86_400);
    expect(await redis('GET', agentKey)).toMatch(/^s1\.k1\./);
    value(await credentials.forget({ pipeline: pipeline.pipeline, agents: ['ag_f'] }));
    expect(await redis('EXISTS', key, agentKey)).toBe(0);
  });

  it('CRED-2: lost, it is told apart from being down; renewing and revoking need only the accessor', async () => {
    const pipeline = fresh();
    const { accessor } = value(await credentials.login(pipeline));
    await redis('DEL', `pipeline:${pipeline.pipeline}:vault_token`);
    const issue = () => credentials.issueAgent({ ...pipeline, agent: 'ag_l', tier: 0, ttl_s: 600 });
    expect(await issue()).toMatchObject({ ok: false, error: { kind: 'store_lost', retryable: false } });
    await services.setFault('redis', { mode: 'error', status: 500 });
    expect(await issue()).toMatchObject({ ok: false, error: { kind: 'store_unavailable', retryable: true } });
    expect(value(await credentials.extend({ accessor, increment_s: 600 })).lease_s).toBe(600);
    value(await credentials.revoke(accessor));
    expect(value(await credentials.lookup(accessor))).toEqual({ alive: false });
  });

  it('CRED-1: a token that cannot be kept is revoked at once', async () => {
    const live = async () => (await liveAccessors()).length;
    value(await credentials.login(fresh()));
    const before = await live();
    await services.setFault('redis', { mode: 'error', status: 500 });
    expect(await credentials.login(fresh())).toMatchObject({
      ok: false,
      error: { kind: 'store_unavailable' },
    });
    expect(await live()).toBe(before);
  });
});

describe('a Vault in trouble', () => {
  const login = () => setup.make().login(fresh());

  it('CRED-6: sealed, standby, throttled, failing, garbage and unreachable each have their own kind', async () => {
    await admin('PUT', 'sys/seal');
    expect(await login()).toMatchObject({ ok: false, error: { kind: 'sealed', retryable: true } });
    expect((await credentials.health()).vault).toMatchObject({ ok: false, state: 'sealed' });
    await admin('PUT', 'sys/unseal', { key: services.rootToken });

    await services.setFault('vault', { mode: 'standby' });
    expect(await login()).toMatchObject({ ok: false, error: { kind: 'standby', retryable: true } });
    await services.setFault('vault', { mode: 'throttle', delay_ms: 7_000 });
    expect(await login()).toMatchObject({
      ok: false,
      error: { kind: 'throttled', retry_after_s: 7, retryable: true },
    });
    await services.setFault('vault', { mode: 'error', status: 502 });
    expect(await login()).toMatchObject({ ok: false, error: { kind: 'unavailable', retryable: true } });
    await services.setFault('vault', { mode: 'garbage' });
    expect(await login()).toMatchObject({ ok: false, error: { kind: 'bad_response' } });
    expect((await credentials.health()).vault).toMatchObject({ ok: false, state: 'unknown' });

    const away = { ...setup.config, vault: { ...setup.config.vault, addr: 'http://127.0.0.1:9' } };
    const { createCredentials } = await import('#workers/credentials/index.ts');
    const gone = createCredentials(away);
    expect(await gone.login(fresh())).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
    expect((await gone.health()).vault).toMatchObject({ ok: false, state: 'unreachable' });
  });

  it('CRED-6: one that does not answer in time is slow, and may be asked again', async () => {
    await services.setFault('vault', { mode: 'slow', delay_ms: 60_000 });
    const { createCredentials } = await import('#workers/credentials/index.ts');
    const hasty = createCredentials({ ...setup.config, vault: { ...setup.config.vault, timeout_ms: 100 } });
    const answer = await hasty.login(fresh());
    expect(answer).toMatchObject({ ok: false, error: { kind: 'slow', retryable: true } });
    expect(answer.ok ? '' : answer.error.message).toContain('did not answer within 0.1 s');
  });

  it('CRED-6: a control plane with a wrong SecretID is denied, and never takes that for a dead token', async () => {
    const { accessor } = value(await credentials.login(fresh()));
    const { createCredentials } = await import('#workers/credentials/index.ts');
    const wrong = createCredentials({
      ...setup.config,
      vault: { ...setup.config.vault, secret_id: 'wrong' },
    });
    expect(await wrong.login(fresh())).toMatchObject({ ok: false, error: { kind: 'denied' } });
    expect(await wrong.revoke(accessor)).toMatchObject({ ok: false, error: { kind: 'denied' } });
    expect(await wrong.lookup(accessor)).toMatchObject({ ok: false, error: { kind: 'denied' } });
    expect(value(await credentials.lookup(accessor))).toMatchObject({ alive: true });
  });

  it('CRED-6: the control plane’s own token is renewed, and replaced when it was revoked out of band', async () => {
    let moved = 0;
    const calls: string[] = [];
    const watched = setup.make({
      now: () => Date.now() + moved,
      fetch: (input, init) => {
        calls.push(new URL(String(input)).pathname.replace('/vault/v1/', ''));
        return fetch(input, init);
      },
    });
    const { accessor } = value(await watched.login(fresh()));
    value(await watched.lookup(accessor));
    expect(calls.filter((path) => path === 'auth/approle/login')).toHaveLength(2);
    expect(calls).not.toContain('auth/token/renew-self');

    moved = 50 * 60_000;
    value(await watched.lookup(accessor));
    expect(calls.filter((path) => path === 'auth/token/renew-self')).toHaveLength(1);

    for (const candidate of await liveAccessors()) {
      const found = await admin('POST', 'auth/token/lookup-accessor', { accessor: candidate });
      const meta = found.body.data?.meta as { role_name?: string } | null;
      if (meta?.role_name === 'ags-control') {
        await admin('POST', 'auth/token/revoke-accessor', { accessor: candidate });
      }
    }
    expect(value(await watched.lookup(accessor))).toMatchObject({ alive: true });
  });

  it('OPS-1: health tells Vault and store apart, with latency', async () => {
    const good = await credentials.health();
    expect(good).toMatchObject({
      vault: { ok: true, state: 'active', embedded: true },
      store: { ok: true, state: 'up' },
    });
    expect(good.vault.latency_ms).toBeGreaterThanOrEqual(0);
    await services.setFault('redis', { mode: 'garbage' });
    const bad = await credentials.health();
    expect(bad.vault.ok).toBe(true);
    expect(bad.store).toMatchObject({ ok: false, state: 'down' });
  });
});
