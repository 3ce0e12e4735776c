import { capabilitiesOn, listCapabilitiesOn } from './acl.ts';
import { appRoleRoutes } from './approle.ts';
import { tokenRoutes } from './auth-token.ts';
import type { Capability } from './hcl.ts';
import { KV_PATH_WARNING, kvRoutes } from './kv.ts';
import { policyRoutes, rulesOf } from './policies.ts';
import { type Call, matchRoute, type Route } from './routes.ts';
import { authEnabled, health, isSealed, sysRoutes } from './sys.ts';
import {
  findToken,
  isRoot,
  policiesOf,
  purgeExpired,
  revokeTree,
  type TokenRow,
  type VaultStore,
} from './tokens.ts';
import {
  denied,
  invalidToken,
  multierror,
  type Operation,
  respond,
  respondFault,
  VaultFault,
} from './wire.ts';

const ROUTES: Route[] = [...sysRoutes, ...policyRoutes, ...tokenRoutes, ...appRoleRoutes, ...kvRoutes];

/** Vault's own limit on a request body, 32 MiB, is far above what one object row holds; this is 1 MiB. */
const MAX_BODY = 1024 * 1024;

export interface VaultRequest {
  method: string;
  /** After `/v1/`, decoded. */
  path: string;
  query: URLSearchParams;
  token: string;
  body: string;
}

export interface VaultOptions {
  rootToken: string;
  clusterId: string;
  standby: boolean;
}

/**
 * workerd answers the method LIST itself with a 501, so listing is asked for by `GET …?list=true`, which real Vault takes too.
 * A request for an operation that does not fit its path is judged as `update` by the ACL and then a 405.
 */
function operationOf(request: VaultRequest): Operation | null {
  if (request.method === 'LIST') return 'list';
  if (request.method === 'GET') return request.query.get('list') === 'true' ? 'list' : 'read';
  if (request.method === 'POST' || request.method === 'PUT') return 'update';
  return request.method === 'DELETE' ? 'delete' : null;
}

function parseBody(text: string): Record<string, unknown> {
  if (text.length > MAX_BODY) throw new VaultFault(413, 'http: request body too large');
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VaultFault(400, 'error parsing JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VaultFault(400, 'error parsing JSON');
  }
  return value as Record<string, unknown>;
}

/** Who asks, after spending one use of a use-limited token. */
function authenticate(store: VaultStore, clientToken: string): TokenRow {
  if (!clientToken) throw new VaultFault(403, 'permission denied');
  const row = findToken(store, clientToken);
  if (!row) throw invalidToken();
  if (row.num_uses > 0) store.sql.exec('UPDATE tokens SET num_uses = num_uses - 1 WHERE hash = ?', row.hash);
  return row;
}

function capabilities(
  store: VaultStore,
  token: TokenRow,
  path: string,
  operation: Operation,
): Set<Capability> {
  const rules = rulesOf(store, policiesOf(token));
  return operation === 'list' ? listCapabilitiesOn(rules, path) : capabilitiesOn(rules, path);
}

function dispatch(store: VaultStore, request: VaultRequest, options: VaultOptions): Response {
  const path = request.path.replace(/\/+$/, '');
  const asked = operationOf(request);
  if (path === 'sys/health' && (asked === 'read' || request.method === 'HEAD')) {
    return health(store, request.query, options.standby, options.clusterId);
  }
  if (!asked) throw new VaultFault(405);
  const found = matchRoute(ROUTES, path);
  if (isSealed(store) && !(found?.route.open && path.startsWith('sys/')))
    throw new VaultFault(503, 'Vault is sealed');
  if (options.standby) throw new VaultFault(503, 'local node not active but active cluster node not found');
  purgeExpired(store);

  const body = parseBody(request.body);
  const operation: Operation =
    asked === 'update' && found?.route.exists && !found.route.exists({ sql: store.sql, params: found.params })
      ? 'create'
      : asked;
  const mount = path.startsWith('auth/') ? (path.split('/')[1] ?? '') : '';
  const mounted = mount === '' || authEnabled(store, mount);

  let token: TokenRow | null = null;
  let sudo = false;
  if (!(found?.route.open && mounted)) {
    token = authenticate(store, request.token);
    sudo = isRoot(token);
    if (!sudo) {
      const granted = capabilities(store, token, path, operation);
      sudo = granted.has('sudo');
      if (!granted.has(operation) || (found?.route.sudo && !sudo)) throw denied();
    }
  }
  if (!found || !mounted) {
    if (path.startsWith('secret/')) {
      return respond({ status: 404, data: null, warnings: [KV_PATH_WARNING] }, 'kv');
    }
    throw new VaultFault(404, `no handler for route "${path}". route entry not found.`);
  }
  const handler = found.route.ops[operation];
  if (!handler) throw new VaultFault(405, multierror('unsupported operation'));
  const call: Call = {
    sql: store.sql,
    now: store.now,
    params: found.params,
    query: request.query,
    body,
    clientToken: request.token,
    token: token ?? NOBODY,
    sudo,
    rootToken: options.rootToken,
  };
  try {
    return respond(handler(call), found.route.mount);
  } finally {
    if (token?.num_uses === 1) revokeTree(store, token.hash);
  }
}

/** Stands in on paths that need no token; their handlers never look. */
const NOBODY: TokenRow = {
  hash: '',
  accessor: '',
  parent: null,
  policies: '[]',
  metadata: null,
  display_name: '',
  path: '',
  role: null,
  issued_at: 0,
  creation_ttl: 0,
  expires_at: null,
  ttl: 0,
  max_ttl: 0,
  explicit_max_ttl: 0,
  period: 0,
  num_uses: 0,
  renewable: 0,
  last_renewal: null,
};

/** One request against the store, synchronous throughout, so that no two of them interleave. */
export function handle(store: VaultStore, request: VaultRequest, options: VaultOptions): Response {
  try {
    return dispatch(store, request, options);
  } catch (fault) {
    if (fault instanceof VaultFault) return respondFault(fault);
    throw fault;
  }
}
