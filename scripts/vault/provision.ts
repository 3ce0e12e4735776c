import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AdminAccess, type Json, VaultAdminError, vaultAdmin } from './api.ts';

export interface ProvisionOptions extends AdminAccess {
  tenant: string;
  /** Provider → API key, written to `secret/tenants/{tenant}/models/{provider}`; empty leaves them alone. */
  modelKeys: Record<string, string>;
  /** A control-plane login from an earlier run: kept when it still works, so that SecretIDs do not pile up. */
  keep?: ControlLogin | null;
}
export interface ControlLogin {
  role_id: string;
  secret_id: string;
}

const FILES = new URL('../../deploy/vault/', import.meta.url);
const CONTROL = 'ags-control';
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

const SHARED_POLICIES = ['ags-control', 'pipeline-agent'];
const TENANT_POLICIES = ['ags-control', 'pipeline'].map((name) => `${name}-TENANT`);
const TIER_POLICIES = [0, 1, 2].map((tier) => `agent-TENANT-t${tier}`);

/**
 * Writes policies, AppRoles, the token role and model keys of one tenant into a Vault, real or embedded. Repeatable: what is there and right
 * stays. Gives the control plane's login. @throws VaultAdminError naming the call that failed.
 */
export async function provisionVault(options: ProvisionOptions): Promise<ControlLogin> {
  const { tenant } = options;
  for (const name of [tenant, ...Object.keys(options.modelKeys)]) {
    if (!NAME.test(name))
      throw new VaultAdminError(`"${name}" cannot name a tenant or provider: use a-z, 0-9, - and _`);
  }
  const vault = (method: 'GET' | 'POST', path: string, body?: Json) =>
    vaultAdmin(options, method, path, body);
  const named = (file: string) => file.replaceAll('TENANT', tenant);
  const read = async (file: string) =>
    (await readFile(new URL(file, FILES), 'utf8')).replaceAll('{{tenant}}', tenant);
  const readJson = async (file: string) => JSON.parse(await read(file)) as Json;

  await requireEngines(vault);
  for (const file of [...SHARED_POLICIES, ...TENANT_POLICIES, ...TIER_POLICIES]) {
    const policy = await read(`policies/${file}.hcl`);
    await vault('POST', `sys/policies/acl/${named(file)}`, { policy });
  }
  await vault('POST', `auth/token/roles/agent-${tenant}`, await readJson('roles/agent-TENANT.json'));
  await vault('POST', `auth/approle/role/pipeline-${tenant}`, await readJson('roles/pipeline-TENANT.json'));

  const control = await vault('GET', `auth/approle/role/${CONTROL}`);
  const policies = new Set([...policiesOf(control), CONTROL, `${CONTROL}-${tenant}`]);
  await vault('POST', `auth/approle/role/${CONTROL}`, {
    ...(await readJson('roles/ags-control.json')),
    token_policies: [...policies],
  });

  for (const [provider, key] of Object.entries(options.modelKeys)) {
    const path = `secret/data/tenants/${tenant}/models/${provider}`;
    const kept = dataOf(dataOf(await vault('GET', path)));
    if (kept.api_key !== key) await vault('POST', path, { data: { ...kept, api_key: key } });
  }
  return controlLogin(vault, options.keep ?? null);
}

type Call = (method: 'GET' | 'POST', path: string, body?: Json) => Promise<Json | null>;

const dataOf = (answer: Json | null): Json =>
  typeof answer?.data === 'object' && answer.data !== null ? (answer.data as Json) : {};

function policiesOf(role: Json | null): string[] {
  const { token_policies: policies } = dataOf(role);
  return Array.isArray(policies) ? policies.filter((name) => typeof name === 'string') : [];
}

/** AppRole at `auth/approle` and KV version 2 at `secret`, where the policies expect them. */
async function requireEngines(vault: Call): Promise<void> {
  const auth = dataOf(await vault('GET', 'sys/auth'));
  if (!('approle/' in auth)) await vault('POST', 'sys/auth/approle', { type: 'approle' });
  const mounts = dataOf(await vault('GET', 'sys/mounts')) as Record<
    string,
    { options?: { version?: string } | null }
  >;
  const secret = mounts['secret/'];
  if (!secret) await vault('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  else if (secret.options?.version !== '2') {
    throw new VaultAdminError(
      'the engine at secret/ is not KV version 2: `vault kv enable-versioning secret`',
    );
  }
}

async function controlLogin(vault: Call, keep: ControlLogin | null): Promise<ControlLogin> {
  const { role_id: roleId } = dataOf(await vault('GET', `auth/approle/role/${CONTROL}/role-id`));
  if (typeof roleId !== 'string') throw new VaultAdminError(`the AppRole ${CONTROL} has no role id`);
  if (keep?.role_id === roleId) {
    const found = await vault('POST', `auth/approle/role/${CONTROL}/secret-id/lookup`, {
      secret_id: keep.secret_id,
    });
    if (dataOf(found).secret_id_accessor) return keep;
  }
  const { secret_id: secretId } = dataOf(await vault('POST', `auth/approle/role/${CONTROL}/secret-id`, {}));
  if (typeof secretId !== 'string') throw new VaultAdminError('Vault gave no SecretID');
  return { role_id: roleId, secret_id: secretId };
}

const USAGE = `Usage: node scripts/vault/provision.ts --tenant ID [--model-key PROVIDER=VARIABLE]…
Reads VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, and VAULT_ROLE_ID with VAULT_SECRET_ID to keep a login that still works.`;

/** Exit codes as the CLI's: 64 usage, 69 Vault refused or unreachable. */
async function main(): Promise<number> {
  const { env } = process;
  const fail = (code: number, message: string) => {
    process.stderr.write(`${message}\n`);
    return code;
  };
  let args: { tenant?: string; 'model-key'?: string[] };
  try {
    args = parseArgs({
      options: { tenant: { type: 'string' }, 'model-key': { type: 'string', multiple: true } },
    }).values;
  } catch (error) {
    return fail(64, `${(error as Error).message}\n${USAGE}`);
  }
  if (!args.tenant) return fail(64, `--tenant is missing.\n${USAGE}`);
  if (!env.VAULT_ADDR || !env.VAULT_TOKEN)
    return fail(64, `VAULT_ADDR and VAULT_TOKEN must be set.\n${USAGE}`);
  const modelKeys: Record<string, string> = {};
  for (const pair of args['model-key'] ?? []) {
    const [provider = '', variable = ''] = pair.split('=');
    const key = env[variable];
    if (!key) return fail(64, `--model-key ${provider}: the variable "${variable}" is not set.`);
    modelKeys[provider] = key;
  }
  const { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = env;
  try {
    const login = await provisionVault({
      addr: env.VAULT_ADDR,
      token: env.VAULT_TOKEN,
      namespace: env.VAULT_NAMESPACE,
      tenant: args.tenant,
      modelKeys,
      keep: roleId && secretId ? { role_id: roleId, secret_id: secretId } : null,
    });
    process.stdout.write(`VAULT_ROLE_ID=${login.role_id}\nVAULT_SECRET_ID=${login.secret_id}\n`);
    return 0;
  } catch (error) {
    if (error instanceof VaultAdminError) return fail(69, error.message);
    throw error;
  }
}

if (import.meta.main) process.exitCode = await main();
