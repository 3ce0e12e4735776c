import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { provisionVault } from '../../scripts/vault/provision.ts';

let services: EmbeddedServices;
const admin = vaultCaller(() => ({ addr: `${services.url}/vault`, token: services.rootToken }));
/** Tokens as Vault gives them out under the policies and roles of `deploy/vault`. */
const tokens = { pipeline: '', agent0: '', agent1: '', agent2: '' };

beforeAll(async () => {
  services = await startEmbedded();
  const addr = `${services.url}/vault`;
  for (const tenant of ['acme', 'globex'])
    await provisionVault({
      addr,
      token: services.rootToken,
      tenant,
      modelKeys: { openrouter: `sk-${tenant}` },
    });
  for (const tier of [0, 1, 2])
    await admin('POST', `secret/data/tenants/acme/tier${tier}/db`, { data: { password: `p${tier}` } });
  const role = 'auth/approle/role/pipeline-acme';
  const role_id = (await admin('GET', `${role}/role-id`)).body.data?.role_id;
  const secret_id = (await admin('POST', `${role}/secret-id`, {})).body.data?.secret_id;
  const login = await admin('POST', 'auth/approle/login', { role_id, secret_id }, '');
  tokens.pipeline = login.body.auth?.client_token ?? '';
  for (const tier of [0, 1, 2] as const) {
    const body = { policies: [`agent-acme-t${tier}`], ttl: '60s' };
    const child = await admin('POST', 'auth/token/create/agent-acme', body, tokens.pipeline);
    tokens[`agent${tier}`] = child.body.auth?.client_token ?? '';
  }
  expect(Object.values(tokens).every((token) => token.length > 10)).toBe(true);
});
afterAll(() => services.stop());

const status = async (token: string, method: string, path: string, body?: unknown): Promise<number> =>
  (await admin(method, path, body, token)).status;

/** What nobody but an administrator may do, whatever token asks. */
const NEVER: [string, string, unknown?][] = [
  ['POST', 'auth/token/create', { policies: ['root'] }],
  ['POST', 'auth/token/create-orphan', {}],
  ['POST', 'auth/token/create/agent-globex', { policies: ['agent-globex-t0'] }],
  ['GET', 'auth/token/accessors?list=true'],
  ['POST', 'auth/token/lookup-accessor', { accessor: 'x' }],
  ['POST', 'auth/token/revoke-accessor', { accessor: 'x' }],
  ['POST', 'auth/token/renew-accessor', { accessor: 'x' }],
  ['POST', 'auth/token/revoke', { token: 'x' }],
  ['GET', 'auth/approle/role/pipeline-acme/role-id'],
  ['POST', 'auth/approle/role/pipeline-acme/secret-id', {}],
  ['POST', 'auth/approle/role/pipeline-acme', { token_policies: ['root'] }],
  ['GET', 'auth/approle/role?list=true'],
  ['POST', 'auth/token/roles/agent-acme', { allowed_policies: ['root'] }],
  ['GET', 'sys/policies/acl/pipeline-agent'],
  ['POST', 'sys/policies/acl/pipeline-agent', { policy: 'path "*" { capabilities = ["sudo"] }' }],
  ['GET', 'sys/auth'],
  ['PUT', 'sys/seal'],
  ['GET', 'secret/metadata/tenants/acme?list=true'],
  ['GET', 'secret/metadata/tenants/acme/models/openrouter'],
  ['POST', 'secret/data/tenants/acme/models/openrouter', { data: { api_key: 'mine' } }],
  ['DELETE', 'secret/data/tenants/acme/models/openrouter'],
  ['GET', 'secret/data/tenants/globex/models/openrouter'],
  ['GET', 'secret/data/other'],
];

describe('least rights, against the policy engine', () => {
  it.each(['pipeline', 'agent0', 'agent1', 'agent2'] as const)(
    'CRED-1: the %s’s token can do nothing beyond its own part: no token, role, policy, list, write, nor another tenant',
    async (holder) => {
      const answers = await Promise.all(
        NEVER.map(async ([method, path, body]) => [path, await status(tokens[holder], method, path, body)]),
      );
      expect(answers).toEqual(NEVER.map(([, path]) => [path, 403]));
    },
  );

  it('CRED-1: the pipeline’s token issues its agents’ tokens and reads no secret itself', async () => {
    const secrets = ['models/openrouter', 'tier0/db', 'tier1/db', 'tier2/db'];
    for (const secret of secrets)
      expect([secret, await status(tokens.pipeline, 'GET', `secret/data/tenants/acme/${secret}`)]).toEqual([
        secret,
        403,
      ]);
    const body = { policies: ['agent-acme-t0'], ttl: '60s' };
    expect(await status(tokens.pipeline, 'POST', 'auth/token/create/agent-acme', body)).toBe(200);
  });

  it('CRED-1: an agent reads model keys and the secrets of its tier and below, and can have no children', async () => {
    for (const tier of [0, 1, 2] as const) {
      const token = tokens[`agent${tier}`];
      expect(await status(token, 'GET', 'secret/data/tenants/acme/models/openrouter')).toBe(200);
      for (const of of [0, 1, 2])
        expect([tier, of, await status(token, 'GET', `secret/data/tenants/acme/tier${of}/db`)]).toEqual([
          tier,
          of,
          of <= tier ? 200 : 403,
        ]);
      expect(await status(token, 'POST', 'auth/token/create/agent-acme', {})).toBe(403);
    }
  });

  it.each([
    [['root']],
    [['pipeline-agent']],
    [['ags-control']],
    [['agent-globex-t0']],
    [['agent-acme-t0', 'pipeline-acme']],
  ])('CRED-1: a child with the policies %j is refused', async (policies) => {
    expect(
      await status(tokens.pipeline, 'POST', 'auth/token/create/agent-acme', { policies }),
    ).toBeGreaterThan(399);
  });

  it('CRED-1: a child is never an orphan, and ends with its pipeline', async () => {
    const made = await admin(
      'POST',
      'auth/token/create/agent-acme',
      { policies: ['agent-acme-t0'], no_parent: true, ttl: '60s' },
      tokens.pipeline,
    );
    const token = made.body.auth?.client_token ?? '';
    const seen = await admin('GET', 'auth/token/lookup-self', undefined, token);
    expect([made.status, seen.body.data?.orphan]).toEqual([200, false]);
  });
});
