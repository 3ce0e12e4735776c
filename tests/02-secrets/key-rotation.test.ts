import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { credentialsFor } from '#tests/support/embedded-credentials.ts';
import { createCredentials, createStore, type SealingConfig } from '#workers/credentials/index.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, 'acme');
});
afterAll(() => services.stop());

const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
/** A deployment, or an isolate of one, with these keys; the first is the current one. */
const withKeys = (keys: Record<string, string>) => {
  const sealing: SealingConfig = { current: Object.keys(keys)[0] ?? '', keys };
  return createCredentials({ ...setup.config, sealing });
};
const store = () => createStore(setup.config.store);
const keyIdAt = async (key: string) => {
  const found = await store().get(key);
  return found.ok ? found.value?.split('.')[1] : undefined;
};

let count = 0;
/** A pipeline with one agent, its tokens sealed under `k1`. */
async function sealedUnderOne() {
  count += 1;
  const who = { tenant: 'acme', pipeline: `pl_r${count}`, generation: 1 };
  const agent = { ...who, agent: `ag_r${count}_1` };
  const before = withKeys({ k1: one });
  const login = await before.login(who);
  if (!login.ok) throw new Error(login.error.message);
  const child = await before.issueAgent({ ...agent, tier: 0, ttl_s: 600, parent: login.value.accessor });
  if (!child.ok) throw new Error(child.error.message);
  const read = (from: ReturnType<typeof withKeys>, accessor: string | null = child.value.accessor) =>
    from.readSecret({ ...agent, path: 'models/embedded', ...(accessor ? { accessor } : {}) });
  return { who, agent, login: login.value, child: child.value, read };
}

it('CRED-5: what an older key sealed is sealed by the current one when it is read, and then that key may go', async () => {
  const { who, agent, login, read } = await sealedUnderOne();
  const agentKey = `pipeline:${who.pipeline}:agent:${agent.agent}:vault_token`;
  const rotated = withKeys({ k2: two, k1: one });
  expect(await keyIdAt(agentKey)).toBe('k1');
  expect((await read(rotated)).ok).toBe(true);
  expect(await keyIdAt(agentKey)).toBe('k2');
  // The pipeline's own token follows when it is used.
  const pipelineKey = `pipeline:${who.pipeline}:vault_token`;
  expect(await keyIdAt(pipelineKey)).toBe('k1');
  const second = { ...agent, agent: `${agent.agent}x`, tier: 0 as const, ttl_s: 600 };
  expect((await rotated.issueAgent({ ...second, parent: login.accessor })).ok).toBe(true);
  expect(await keyIdAt(pipelineKey)).toBe('k2');
  expect((await read(withKeys({ k2: two }))).ok).toBe(true);
});

it('CRED-5: a value that is no longer the token on record is read as it is, not written again over a newer one', async () => {
  const { who, agent, read } = await sealedUnderOne();
  const rotated = withKeys({ k2: two, k1: one });
  expect((await read(rotated, 'another-accessor')).ok).toBe(true);
  expect((await read(rotated, null)).ok).toBe(true);
  expect(await keyIdAt(`pipeline:${who.pipeline}:agent:${agent.agent}:vault_token`)).toBe('k1');
});

it('CRED-5: a key dropped too early leaves a value that nobody opens; that is told apart, and asks for a new login', async () => {
  const { read } = await sealedUnderOne();
  const answer = await read(withKeys({ k2: two }));
  expect(answer).toMatchObject({ ok: false, error: { kind: 'unseal_failed', retryable: false } });
});

it('CRED-5: a store that cannot be written keeps the old value, which still serves', async () => {
  const { read } = await sealedUnderOne();
  const readOnly = {
    ...store(),
    put: async () => ({
      ok: false as const,
      error: { kind: 'store_unavailable' as const, retryable: true, message: 'read-only' },
    }),
  };
  const rotated = createCredentials(
    { ...setup.config, sealing: { current: 'k2', keys: { k2: two, k1: one } } },
    { store: readOnly },
  );
  expect((await read(rotated)).ok).toBe(true);
});
