import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type VaultTarget, vaultCaller, vaultContract } from '#tests/support/contract-vault.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';

let embedded: EmbeddedServices;
const target = (): VaultTarget => ({
  addr: `${embedded.url}/vault`,
  token: embedded.rootToken,
  advanceClock: (ms) => embedded.advanceClock(ms),
});

beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

vaultContract('embedded', target, true);

describe('the embedded Vault alone', () => {
  const vault = vaultCaller(target);

  it('CRED-6: sealed, it says so to every call and on health; unsealed, all is as before', async () => {
    await vault('POST', 'secret/data/kept', { data: { v: '1' } });
    expect((await vault('PUT', 'sys/seal')).status).toBe(204);
    const refused = await vault('GET', 'secret/data/kept');
    expect([refused.status, refused.body.errors]).toEqual([503, ['Vault is sealed']]);
    const health = await vault('GET', 'sys/health?standbyok=true', undefined, '');
    expect([health.status, health.body.sealed]).toEqual([503, true]);
    expect((await vault('PUT', 'sys/unseal', { key: 'wrong' }, '')).status).toBe(400);
    expect((await vault('PUT', 'sys/unseal', { key: embedded.rootToken }, '')).body.sealed).toBe(false);
    expect((await vault('GET', 'secret/data/kept')).body.data?.data).toEqual({ v: '1' });
  });

  it('RUN-2: secrets, tokens and leases survive a restart', async () => {
    await vault('POST', 'secret/data/survivor', { data: { v: 'still here' } });
    const token = (await vault('POST', 'auth/token/create', { policies: ['default'], ttl: '1h' })).body.auth;
    await embedded.restart();
    expect((await vault('GET', 'secret/data/survivor')).body.data?.data).toEqual({ v: 'still here' });
    const self = await vault('GET', 'auth/token/lookup-self', undefined, token?.client_token);
    expect(self.body.data).toMatchObject({ accessor: token?.accessor, creation_ttl: 3_600 });
  });
});

const { VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE } = process.env;
if (VAULT_ADDR && VAULT_TOKEN) {
  vaultContract(
    'real',
    () => ({ addr: VAULT_ADDR.replace(/\/+$/, ''), token: VAULT_TOKEN, namespace: VAULT_NAMESPACE }),
    false,
  );
} else {
  describe.skip('Vault contract: real (left out: set VAULT_ADDR and VAULT_TOKEN to run it)', () => {
    it('runs the same contract against a real Vault', () => undefined);
  });
}
