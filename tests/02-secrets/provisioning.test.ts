import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vaultCaller } from '#tests/support/contract-vault.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';
import { provisionVault } from '../../scripts/vault/provision.ts';

let services: EmbeddedServices;
const addr = () => `${services.url}/vault`;
const admin = vaultCaller(() => ({ addr: addr(), token: services.rootToken }));
const provision = (
  tenant: string,
  more: { modelKeys?: Record<string, string>; keep?: { role_id: string; secret_id: string } } = {},
) => provisionVault({ addr: addr(), token: services.rootToken, tenant, modelKeys: {}, ...more });
const read = async (path: string) => (await admin('GET', path)).body.data;

beforeAll(async () => {
  services = await startEmbedded();
});
afterAll(() => services.stop());

async function tokenOf(login: { role_id: string; secret_id: string }): Promise<string> {
  const answer = await admin('POST', 'auth/approle/login', login, '');
  return answer.body.auth?.client_token ?? '';
}

describe('Vault provisioning', () => {
  it('RUN-6: every file of deploy/vault is applied, with no placeholder left', async () => {
    await provision('acme');
    const policies = (await read('sys/policies/acl?list=true'))?.keys as string[];
    const files = await readdir(join(import.meta.dirname, '../../deploy/vault/policies'));
    for (const file of files) {
      const name = file.replace('.hcl', '').replace('TENANT', 'acme');
      expect(policies).toContain(name);
      expect(String((await read(`sys/policies/acl/${name}`))?.policy)).not.toContain('{{');
    }
    expect(await read('auth/approle/role/pipeline-acme')).toMatchObject({
      token_type: 'service',
      token_num_uses: 0,
      token_ttl: 300,
      token_max_ttl: 86_400,
      secret_id_num_uses: 1,
      secret_id_ttl: 60,
      token_policies: ['pipeline-agent', 'pipeline-acme'],
    });
    expect(await read('auth/token/roles/agent-acme')).toMatchObject({
      allowed_policies: ['agent-acme-t0', 'agent-acme-t1', 'agent-acme-t2'],
      orphan: false,
      token_type: 'service',
    });
  });

  it('RUN-2: repeated, it changes nothing and keeps a login that works; a dead login is replaced', async () => {
    const first = await provision('acme', { modelKeys: { openrouter: 'sk-1' } });
    const roleId = (await read('auth/approle/role/pipeline-acme/role-id'))?.role_id;
    expect(await provision('acme', { modelKeys: { openrouter: 'sk-1' }, keep: first })).toEqual(first);
    expect((await read('auth/approle/role/pipeline-acme/role-id'))?.role_id).toBe(roleId);
    const metadata = await read('secret/metadata/tenants/acme/models/openrouter');
    expect(metadata?.current_version).toBe(1);
    await provision('acme', { modelKeys: { openrouter: 'sk-2' }, keep: first });
    expect((await read('secret/data/tenants/acme/models/openrouter'))?.data).toEqual({ api_key: 'sk-2' });

    await admin('POST', 'auth/approle/role/ags-control/secret-id/destroy', { secret_id: first.secret_id });
    const second = await provision('acme', { keep: first });
    expect(second.role_id).toBe(first.role_id);
    expect(second.secret_id).not.toBe(first.secret_id);
    expect(await tokenOf(second)).not.toBe('');
  });

  it('TEN-1: a second tenant is added to the control plane without taking the first away', async () => {
    await provision('acme');
    await provision('globex');
    expect((await read('auth/approle/role/ags-control'))?.token_policies).toEqual(
      expect.arrayContaining(['ags-control', 'ags-control-acme', 'ags-control-globex']),
    );
  });

  it('CRED-1: the control plane has the least rights: SecretIDs and accessors, no secret, no role, no policy', async () => {
    const token = await tokenOf(await provision('acme'));
    await admin('POST', 'auth/approle/role/other-team', { token_policies: ['default'] });
    const status = async (method: string, path: string, body?: unknown) =>
      (await admin(method, path, body, token)).status;
    expect(await status('GET', 'auth/approle/role/pipeline-acme/role-id')).toBe(200);
    expect(await status('POST', 'auth/approle/role/pipeline-acme/secret-id', {})).toBe(200);
    const refused: [string, string, unknown?][] = [
      ['GET', 'secret/data/tenants/acme/models/openrouter'],
      ['GET', 'auth/approle/role/pipeline-acme'],
      ['POST', 'auth/approle/role/pipeline-acme', { token_policies: ['root'] }],
      ['GET', 'auth/approle/role/other-team/role-id'],
      ['POST', 'auth/approle/role/other-team/secret-id', {}],
      ['POST', 'auth/approle/role/ags-control/secret-id', {}],
      ['POST', 'auth/token/create', {}],
      ['POST', 'auth/token/create/agent-acme', {}],
      ['POST', 'auth/token/lookup', { token: services.rootToken }],
      ['POST', 'sys/policies/acl/ags-control', { policy: 'path "*" { capabilities = ["read"] }' }],
      ['GET', 'auth/token/accessors?list=true'],
      ['PUT', 'sys/seal'],
    ];
    for (const [method, path, body] of refused) {
      expect([path, await status(method, path, body)]).toEqual([path, 403]);
    }
  });

  it('SEC-2: a name that would bend a path, a dead token and an absent Vault are clear errors', async () => {
    await expect(provision('../acme')).rejects.toThrow(/cannot name a tenant/);
    await expect(
      provisionVault({ addr: addr(), token: 'wrong', tenant: 'acme', modelKeys: {} }),
    ).rejects.toThrow(/403 to GET sys\/auth: .*permission denied/);
    await expect(
      provisionVault({ addr: 'http://127.0.0.1:9', token: 't', tenant: 'acme', modelKeys: {} }),
    ).rejects.toThrow(/cannot be reached/);
  });

  it('RUN-6: as a command it takes the key from a named variable, prints the login and exits with the CLI’s codes', async () => {
    const script = join(import.meta.dirname, '../../scripts/vault/provision.ts');
    const run = async (args: string[], env: Record<string, string>) => {
      const child = spawn(process.execPath, [script, ...args], {
        env: { PATH: process.env.PATH ?? '', ...env },
      });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => {
        output.stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        output.stderr += chunk;
      });
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, ...output };
    };
    const env = { VAULT_ADDR: addr(), VAULT_TOKEN: services.rootToken, MY_KEY: 'sk-from-variable' };
    const done = await run(['--tenant', 'byhand', '--model-key', 'openrouter=MY_KEY'], env);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^VAULT_ROLE_ID=\S+\nVAULT_SECRET_ID=\S+\n$/);
    expect((await read('secret/data/tenants/byhand/models/openrouter'))?.data).toEqual({
      api_key: 'sk-from-variable',
    });
    expect((await run([], env)).code).toBe(64);
    expect((await run(['--tenant', 'x'], {})).code).toBe(64);
    const missing = await run(['--tenant', 'x', '--model-key', 'openrouter=NO_SUCH'], env);
    expect([missing.code, missing.stderr]).toEqual([64, expect.stringContaining('"NO_SUCH" is not set')]);
    expect((await run(['--tenant', 'x'], { ...env, VAULT_TOKEN: 'wrong' })).code).toBe(69);
  });

  it('CRED-1: no policy grants more than a path below its own tenant', async () => {
    const folder = join(import.meta.dirname, '../../deploy/vault/policies');
    for (const file of await readdir(folder)) {
      const text = await readFile(join(folder, file), 'utf8');
      const paths = [...text.matchAll(/path "([^"]+)"/g)].map((match) => match[1] ?? '');
      for (const path of paths) {
        const wide = path.includes('*') || path.includes('+');
        expect(wide ? path : 'secret/data/tenants/{{tenant}}/').toContain('secret/data/tenants/{{tenant}}/');
        expect(text).not.toContain('sudo');
      }
    }
  });
});
