import { text } from './fields.ts';
import { type PolicyRule, parsePolicy } from './hcl.ts';
import type { Handler, Route } from './routes.ts';
import type { VaultStore } from './tokens.ts';
import { badRequest, notFound } from './wire.ts';

/** What every token may do with itself: the part of Vault's own default policy whose endpoints exist here. */
export const DEFAULT_POLICY = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
`;

const find = (store: Pick<VaultStore, 'sql'>, name: string) =>
  store.sql.exec<{ hcl: string }>('SELECT hcl FROM policies WHERE name = ?', name).toArray()[0]?.hcl;

/** The rules of the named policies; a name without a policy grants nothing, as in Vault. */
export function rulesOf(store: VaultStore, names: string[]): PolicyRule[] {
  return names.flatMap((name) => parsePolicy(find(store, name) ?? ''));
}

export const policyExists = (store: VaultStore, name: string): boolean =>
  name === 'root' || find(store, name) !== undefined;

const write: Handler = ({ sql, params, body }) => {
  const name = (params.name ?? '').toLowerCase();
  if (name === 'root') throw badRequest('cannot update "root" policy');
  const hcl = text(body, 'policy');
  if (hcl.trim() === '') throw badRequest("'policy' parameter not supplied or empty");
  parsePolicy(hcl);
  sql.exec(
    'INSERT INTO policies VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET hcl = excluded.hcl',
    name,
    hcl,
  );
  return {};
};

const read: Handler = (call) => {
  const name = (call.params.name ?? '').toLowerCase();
  const hcl = name === 'root' ? '' : find(call, name);
  if (hcl === undefined) throw notFound();
  return { data: { name, policy: hcl } };
};

const remove: Handler = ({ sql, params }) => {
  const name = (params.name ?? '').toLowerCase();
  if (name === 'root' || name === 'default') throw badRequest(`cannot delete "${name}" policy`);
  sql.exec('DELETE FROM policies WHERE name = ?', name);
  return {};
};

const list: Handler = ({ sql }) => {
  const names = sql.exec<{ name: string }>('SELECT name FROM policies ORDER BY name').toArray();
  return { data: { keys: [...names.map((row) => row.name), 'root'] } };
};

export const policyRoutes: Route[] = [
  { path: 'sys/policies/acl', mount: 'system', ops: { list } },
  { path: 'sys/policies/acl/:name', mount: 'system', ops: { read, update: write, delete: remove } },
];
