import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { type EmbeddedFault, type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { credentialsFor, vaultAddress } from '#tests/support/embedded-credentials.ts';
import { createCredentials, type VaultState } from '#workers/credentials/index.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, 'acme');
});
afterAll(() => services.stop());
afterEach(async () => {
  await services.setFault('vault', { mode: 'none' });
  await services.setFault('redis', { mode: 'none' });
});

const hasty = (change: object = {}) =>
  createCredentials({ ...setup.config, vault: { ...setup.config.vault, timeout_ms: 1_000, ...change } });

const states: [string, EmbeddedFault, VaultState][] = [
  ['well', { mode: 'none' }, 'active'],
  ['silent for long', { mode: 'slow', delay_ms: 60_000 }, 'slow'],
  ['throttling', { mode: 'throttle', delay_ms: 2_000, path_prefix: '/v1/auth' }, 'throttled'],
  ['failing where it counts', { mode: 'error', status: 500, path_prefix: '/v1/auth' }, 'unreachable'],
];

it.each(states)(
  'CRED-6, OPS-1: a Vault that is %s has a state of its own in the health',
  async (_, fault, state) => {
    const credentials = hasty();
    await services.setFault('vault', fault);
    const { vault } = await credentials.health();
    expect(vault).toMatchObject({ ok: state === 'active', state });
    if (state !== 'active') expect(vault.error).toMatch(/\S/);
  },
);

it('CRED-6: one that refuses our login is up, and denying', async () => {
  const { vault } = await hasty({ secret_id: 'wrong' }).health();
  expect(vault).toMatchObject({ ok: false, state: 'denying' });
  expect(vault.error).not.toContain('wrong');
});

it('CRED-6: a sealed one says so, and to the steps too', async () => {
  const admin = vaultCaller(() => ({ addr: vaultAddress(services), token: services.rootToken }));
  await admin('PUT', 'sys/seal');
  const credentials = hasty();
  expect((await credentials.health()).vault).toMatchObject({ ok: false, state: 'sealed' });
  expect(await credentials.login({ tenant: 'acme', pipeline: 'pl_1', generation: 1 })).toMatchObject({
    ok: false,
    error: { kind: 'sealed', retryable: true },
  });
});
