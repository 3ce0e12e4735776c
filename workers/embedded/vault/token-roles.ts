import { duration, flag, list as listField, text, whole } from './fields.ts';
import type { Call, Handler, Route } from './routes.ts';
import { badRequest, notFound } from './wire.ts';

export interface TokenRole {
  name: string;
  allowed_policies: string[];
  disallowed_policies: string[];
  orphan: boolean;
  renewable: boolean;
  token_type: string;
  token_explicit_max_ttl: number;
  token_period: number;
  token_num_uses: number;
  token_no_default_policy: boolean;
}

export function roleOf(call: Pick<Call, 'sql'>, name: string): TokenRole | null {
  const row = call.sql
    .exec<{ config: string }>('SELECT config FROM token_roles WHERE name = ?', name)
    .toArray()[0];
  return row ? (JSON.parse(row.config) as TokenRole) : null;
}

const write: Handler = (call) => {
  const { sql, params, body } = call;
  const name = params.name ?? '';
  const type = text(body, 'token_type') || 'default-service';
  if (!['default', 'service', 'default-service'].includes(type)) {
    throw badRequest(`invalid 'token_type' value: "${type}" is not supported by the embedded Vault`);
  }
  const role: TokenRole = {
    name,
    allowed_policies: listField(body, 'allowed_policies'),
    disallowed_policies: listField(body, 'disallowed_policies'),
    orphan: flag(body, 'orphan', false),
    renewable: flag(body, 'renewable', true),
    token_type: type,
    token_explicit_max_ttl: duration(body, 'token_explicit_max_ttl') || duration(body, 'explicit_max_ttl'),
    token_period: duration(body, 'token_period') || duration(body, 'period'),
    token_num_uses: whole(body, 'token_num_uses'),
    token_no_default_policy: flag(body, 'token_no_default_policy', false),
  };
  // A write names only what changes: fields that are absent keep their value, as in Vault.
  const kept = roleOf(call, name);
  const merged = kept
    ? { ...role, ...Object.fromEntries(Object.entries(kept).filter(([key]) => !(key in body))) }
    : role;
  sql.exec(
    'INSERT INTO token_roles VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET config = excluded.config',
    name,
    JSON.stringify(merged),
  );
  return {};
};

const read: Handler = (call) => {
  const role = roleOf(call, call.params.name ?? '');
  if (!role) throw notFound();
  return {
    data: {
      ...role,
      explicit_max_ttl: 0,
      period: 0,
      path_suffix: '',
      allowed_policies_glob: [],
      disallowed_policies_glob: [],
      allowed_entity_aliases: null,
    },
  };
};

const remove: Handler = ({ sql, params }) => {
  sql.exec('DELETE FROM token_roles WHERE name = ?', params.name ?? '');
  return {};
};

const list: Handler = ({ sql }) => {
  const rows = sql.exec<{ name: string }>('SELECT name FROM token_roles ORDER BY name').toArray();
  if (rows.length === 0) throw notFound();
  return { data: { keys: rows.map((row) => row.name) } };
};

export const tokenRoleRoutes: Route[] = [
  { path: 'auth/token/roles', mount: 'token', ops: { list } },
  {
    path: 'auth/token/roles/:name',
    mount: 'token',
    ops: { read, create: write, update: write, delete: remove },
    exists: (call) => roleOf(call, call.params.name ?? '') !== null,
  },
];
