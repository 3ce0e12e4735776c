import { capabilitiesOn } from './acl.ts';
import { list, text } from './fields.ts';
import { rulesOf } from './policies.ts';
import type { Call, Handler, Route } from './routes.ts';
import { isRoot, policiesOf, randomText, revokeIssuedAt, type VaultStore } from './tokens.ts';
import { badRequest, type Outcome } from './wire.ts';

/** What the embedded Vault gives as its version: the API level it follows, and a name that no real Vault has. */
export const VERSION = '1.18.0+ags-embedded';

export const isSealed = (store: Pick<VaultStore, 'sql'>): boolean =>
  store.sql.exec("SELECT 1 FROM meta WHERE key = 'sealed'").toArray().length > 0;

const UNMARKED = { request_id: undefined, lease_id: undefined, mount_type: undefined };

/** `sys/health`: 200 active, 429 standby, 503 sealed; `standbyok`, `sealedcode`, `standbycode` change that. */
export function health(
  store: VaultStore,
  query: URLSearchParams,
  standby: boolean,
  clusterId: string,
): Response {
  const sealed = isSealed(store);
  const code = (name: string, fallback: number) => Number(query.get(name)) || fallback;
  const standbyOk = query.has('standbyok') && query.get('standbyok') !== 'false';
  let status = code('activecode', 200);
  if (sealed) status = code('sealedcode', 503);
  else if (standby && !standbyOk) status = code('standbycode', 429);
  const body = {
    initialized: true,
    sealed,
    standby,
    performance_standby: false,
    replication_performance_mode: sealed ? 'unknown' : 'disabled',
    replication_dr_mode: sealed ? 'unknown' : 'disabled',
    server_time_utc: Math.floor(store.now() / 1_000),
    version: VERSION,
    cluster_name: 'ags-embedded',
    cluster_id: clusterId,
  };
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}

const sealStatus = (call: Pick<Call, 'sql'>): Outcome => ({
  flat: {
    ...UNMARKED,
    type: 'shamir',
    initialized: true,
    sealed: isSealed(call),
    t: 1,
    n: 1,
    progress: 0,
    version: VERSION,
    storage_type: 'durable-object',
  },
});

const seal: Handler = ({ sql }) => {
  sql.exec("INSERT OR IGNORE INTO meta VALUES ('sealed', '1')");
  return {};
};

/** The one unseal key is the root token itself: there is nothing here that a second secret would protect. */
const unseal: Handler = (call) => {
  if (text(call.body, 'key') !== call.rootToken)
    throw badRequest('unable to retrieve stored keys: invalid key');
  call.sql.exec("DELETE FROM meta WHERE key = 'sealed'");
  return sealStatus(call);
};

type Mount = { path: string; type: string; accessor: string; description: string };
const mountView = (mount: Mount, options: Record<string, string> | null) => ({
  accessor: mount.accessor,
  config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false },
  description: mount.description,
  local: false,
  options,
  seal_wrap: false,
  type: mount.type,
});
const TOKEN_MOUNT: Mount = {
  path: 'token',
  type: 'token',
  accessor: 'auth_token_embedded',
  description: 'token based credentials',
};

/** Both at the top level and under `data`, as Vault answers for mounts. */
const mounts = (entries: Record<string, unknown>): Outcome => ({ data: entries, flat: entries });

const listAuth: Handler = ({ sql }) => {
  const rows = sql.exec<Mount>('SELECT * FROM auth_mounts ORDER BY path').toArray();
  return mounts(
    Object.fromEntries([...rows, TOKEN_MOUNT].map((mount) => [`${mount.path}/`, mountView(mount, null)])),
  );
};

export const authEnabled = (call: Pick<VaultStore, 'sql'>, path: string): boolean =>
  path === 'token' || call.sql.exec('SELECT 1 FROM auth_mounts WHERE path = ?', path).toArray().length > 0;

const enableAuth: Handler = (call) => {
  const path = (call.params.path ?? '').replace(/\/$/, '');
  const type = text(call.body, 'type');
  if (type !== 'approle') throw badRequest(`plugin not found in the catalog: ${type || 'no type given'}`);
  if (path !== 'approle') throw badRequest('the embedded Vault serves AppRole at auth/approle only');
  if (authEnabled(call, path)) throw badRequest(`path is already in use at ${path}/`);
  const accessor = `auth_approle_${randomText(8).toLowerCase()}`;
  call.sql.exec(
    'INSERT INTO auth_mounts VALUES (?, ?, ?, ?)',
    path,
    type,
    accessor,
    text(call.body, 'description'),
  );
  return {};
};

const disableAuth: Handler = (call) => {
  const path = (call.params.path ?? '').replace(/\/$/, '');
  if (path === 'token') throw badRequest('token credential backend cannot be disabled');
  call.sql.exec('DELETE FROM auth_mounts WHERE path = ?', path);
  revokeIssuedAt(call, `auth/${path}/login`);
  call.sql.exec('DELETE FROM secret_ids');
  call.sql.exec('DELETE FROM approles');
  return {};
};

const KV_MOUNT: Mount = {
  path: 'secret',
  type: 'kv',
  accessor: 'kv_embedded',
  description: 'key/value store',
};
const listMounts: Handler = () => mounts({ 'secret/': mountView(KV_MOUNT, { version: '2' }) });
const mountEngine: Handler = (call) => {
  if (call.params.path?.replace(/\/$/, '') === 'secret')
    throw badRequest('path is already in use at secret/');
  throw badRequest('the embedded Vault has the one engine secret/ (kv, version 2)');
};

const capabilitiesSelf: Handler = (call) => {
  const paths = [...list(call.body, 'paths'), ...list(call.body, 'path')];
  if (paths.length === 0) throw badRequest('paths must be supplied');
  const rules = rulesOf(call, policiesOf(call.token));
  const entries: Record<string, string[]> = Object.fromEntries(
    paths.map((path) => {
      const found = isRoot(call.token) ? ['root'] : [...capabilitiesOn(rules, path)].sort();
      return [path, found.length > 0 ? found : ['deny']];
    }),
  );
  if (paths.length === 1) entries.capabilities = entries[paths[0] ?? ''] ?? [];
  return { data: entries, flat: entries };
};

const at = (path: string, ops: Route['ops'], more: Partial<Route> = {}): Route => ({
  path: `sys/${path}`,
  mount: 'system',
  ops,
  ...more,
});

export const sysRoutes: Route[] = [
  at('seal-status', { read: sealStatus }, { open: true }),
  at('seal', { update: seal }, { sudo: true }),
  at('unseal', { update: unseal }, { open: true }),
  at('auth', { read: listAuth }),
  at('auth/:path', { update: enableAuth, delete: disableAuth }, { sudo: true }),
  at('mounts', { read: listMounts }),
  at('mounts/:path', { update: mountEngine }),
  at('capabilities-self', { update: capabilitiesSelf }),
];
