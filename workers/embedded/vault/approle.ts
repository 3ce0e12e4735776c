import { type AppRole, type AppRoleRow, appRole, nameOf } from './approle-role.ts';
import { duration, flag, list, text, whole } from './fields.ts';
import type { Handler, Route } from './routes.ts';
import { secretIdRoutes, spendSecretId } from './secret-ids.ts';
import { issueToken, sanitizePolicies } from './tokens.ts';
import { badRequest, notFound } from './wire.ts';

const write: Handler = (call) => {
  const { sql, body } = call;
  const name = nameOf(call);
  const kept = appRole(call, name);
  const asked: AppRole = {
    bind_secret_id: flag(body, 'bind_secret_id', true),
    secret_id_num_uses: whole(body, 'secret_id_num_uses'),
    secret_id_ttl: duration(body, 'secret_id_ttl'),
    token_policies: list(body, body.token_policies === undefined ? 'policies' : 'token_policies'),
    token_ttl: duration(body, 'token_ttl'),
    token_max_ttl: duration(body, 'token_max_ttl'),
    token_explicit_max_ttl: duration(body, 'token_explicit_max_ttl'),
    token_period: duration(body, 'token_period'),
    token_num_uses: whole(body, 'token_num_uses'),
    token_type: text(body, 'token_type') || 'default',
    token_no_default_policy: flag(body, 'token_no_default_policy', false),
  };
  const role = kept
    ? { ...asked, ...Object.fromEntries(Object.entries(kept.role).filter(([key]) => !(key in body))) }
    : asked;
  if (!['default', 'service', 'default-service'].includes(role.token_type)) {
    throw badRequest(
      `invalid 'token_type' value: "${role.token_type}" is not supported by the embedded Vault`,
    );
  }
  if (role.token_max_ttl && role.token_ttl > role.token_max_ttl) {
    throw badRequest("'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  sql.exec(
    'INSERT INTO approles VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET config = excluded.config',
    name,
    kept?.role_id ?? crypto.randomUUID(),
    JSON.stringify(role),
  );
  return {};
};

const read: Handler = (call) => {
  const found = appRole(call, nameOf(call));
  if (!found) throw notFound();
  return {
    data: { ...found.role, local_secret_ids: false, secret_id_bound_cidrs: null, token_bound_cidrs: [] },
  };
};

const remove: Handler = (call) => {
  call.sql.exec('DELETE FROM secret_ids WHERE role = ?', nameOf(call));
  call.sql.exec('DELETE FROM approles WHERE name = ?', nameOf(call));
  return {};
};

const listRoles: Handler = ({ sql }) => {
  const rows = sql.exec<AppRoleRow>('SELECT * FROM approles ORDER BY name').toArray();
  if (rows.length === 0) throw notFound();
  return { data: { keys: rows.map((row) => row.name) } };
};

const readRoleId: Handler = (call) => {
  const found = appRole(call, nameOf(call));
  if (!found) throw notFound();
  return { data: { role_id: found.role_id } };
};

const writeRoleId: Handler = (call) => {
  const roleId = text(call.body, 'role_id');
  if (!roleId) throw badRequest('missing role_id');
  if (!appRole(call, nameOf(call))) throw notFound();
  call.sql.exec('UPDATE approles SET role_id = ? WHERE name = ?', roleId, nameOf(call));
  return {};
};

const login: Handler = (call) => {
  const roleId = text(call.body, 'role_id').trim();
  if (!roleId) throw badRequest('missing role_id');
  const row = call.sql.exec<AppRoleRow>('SELECT * FROM approles WHERE role_id = ?', roleId).toArray()[0];
  if (!row) throw badRequest('invalid role or secret ID');
  const role = JSON.parse(row.config) as AppRole;
  let metadata: Record<string, string> = {};
  if (role.bind_secret_id) {
    const secretId = text(call.body, 'secret_id').trim();
    if (!secretId) throw badRequest('missing secret_id');
    metadata = spendSecretId(call, row.name, secretId);
  }
  return issueToken(call, {
    parent: null,
    policies: sanitizePolicies(role.token_policies, !role.token_no_default_policy),
    metadata: { ...metadata, role_name: row.name },
    display_name: 'approle',
    path: 'auth/approle/login',
    role: null,
    ttl: role.token_ttl,
    max_ttl: role.token_max_ttl,
    explicit_max_ttl: role.token_explicit_max_ttl,
    period: role.token_period,
    num_uses: role.token_num_uses,
    renewable: true,
  });
};

const route = (path: string, ops: Route['ops'], more: Partial<Route> = {}): Route => ({
  path: `auth/approle/${path}`,
  mount: 'approle',
  ops,
  ...more,
});

export const appRoleRoutes: Route[] = [
  route('login', { update: login }, { open: true }),
  route('role', { list: listRoles }),
  route(
    'role/:role',
    { read, create: write, update: write, delete: remove },
    { exists: (call) => appRole(call, nameOf(call)) !== null },
  ),
  route('role/:role/role-id', { read: readRoleId, update: writeRoleId }),
  ...secretIdRoutes,
];
