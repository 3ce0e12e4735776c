import { duration, flag, list, stringMap, text, whole } from './fields.ts';
import { policyExists } from './policies.ts';
import type { Call, Handler, Route } from './routes.ts';
import { roleOf, type TokenRole, tokenRoleRoutes } from './token-roles.ts';
import {
  findByAccessor,
  findToken,
  hashSecret,
  isRoot,
  issueToken,
  policiesOf,
  renewToken,
  revokeTree,
  sanitizePolicies,
  type TokenRow,
} from './tokens.ts';
import { badRequest, multierror, type Outcome, VaultFault } from './wire.ts';

const quoted = (names: string[]) => `[${names.map((name) => `"${name}"`).join(' ')}]`;

/** The policies of a new token, by Vault's rules: within the role's lists, else a subset of the parent's unless sudo. */
function grantedPolicies(call: Call, role: TokenRole | null): string[] {
  const asked = list(call.body, 'policies');
  const noDefault = flag(call.body, 'no_default_policy', false) || (role?.token_no_default_policy ?? false);
  const parent = policiesOf(call.token);
  let granted: string[];
  if (role && (role.allowed_policies.length > 0 || role.disallowed_policies.length > 0)) {
    const addDefault = !noDefault && !role.disallowed_policies.includes('default');
    const allowed = sanitizePolicies(role.allowed_policies, addDefault);
    granted = asked.length > 0 ? sanitizePolicies(asked, addDefault) : [];
    if (role.allowed_policies.length > 0) {
      if (granted.length === 0) granted = allowed;
      else if (!granted.every((name) => allowed.includes(name))) {
        throw badRequest(
          `token policies (${quoted(granted)}) must be subset of the role's allowed policies (${quoted(allowed)}) or glob policies ([])`,
        );
      }
    } else if (granted.length === 0) granted = sanitizePolicies(parent, addDefault);
    const disallowed = granted.find((name) => role.disallowed_policies.includes(name));
    if (disallowed) throw badRequest(`token policy "${disallowed}" is disallowed by this role`);
  } else if (asked.length === 0) granted = sanitizePolicies(parent, false);
  else if (call.sudo) granted = sanitizePolicies(asked, !noDefault);
  else {
    granted = sanitizePolicies(asked, false);
    if (!granted.every((name) => parent.includes(name)))
      throw badRequest('child policies must be subset of parent');
    if (!noDefault && parent.includes('default')) granted = sanitizePolicies(granted, true);
  }
  if (granted.includes('root') && !isRoot(call.token)) {
    throw badRequest('root tokens may not be created without parent token being root');
  }
  return noDefault ? granted.filter((name) => name !== 'default') : granted;
}

const lesser = (a: number, b: number) => (a && b ? Math.min(a, b) : a || b);

function create(call: Call, role: TokenRole | null, orphan: boolean): Outcome {
  const { body, token } = call;
  if (token.num_uses > 0) throw badRequest('restricted use token cannot generate child tokens');
  const type = role?.token_type === 'service' ? 'service' : text(body, 'type') || 'service';
  if (type === 'batch') throw badRequest('batch tokens are not supported by the embedded Vault');
  if (type !== 'service') throw badRequest("invalid 'token_type' value");
  const numUses = whole(body, 'num_uses');
  if (numUses < 0) throw badRequest('number of uses cannot be negative');
  const id = text(body, 'id');
  if (id && !call.sudo) throw badRequest('root or sudo privileges required to specify token id');
  if (id && findToken(call, id)) throw badRequest('cannot create a token with a duplicate ID');
  const noParent = !role && flag(body, 'no_parent', false);
  if (noParent && !call.sudo) throw badRequest('root or sudo privileges required to create orphan token');
  const period = duration(body, 'period');
  if (period && !call.sudo) throw badRequest('root or sudo privileges required to create periodic token');

  const policies = grantedPolicies(call, role);
  const [asked, ofRole] = [duration(body, 'explicit_max_ttl'), role?.token_explicit_max_ttl ?? 0];
  const explicit = lesser(asked, ofRole);
  const displayName = text(body, 'display_name');
  const issued = issueToken(call, {
    id: id || undefined,
    parent: orphan || noParent || role?.orphan ? null : token.hash,
    policies,
    metadata: body.meta === undefined ? null : stringMap(body, 'meta'),
    display_name: displayName
      ? `token-${displayName}`.replaceAll(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '')
      : 'token',
    path: role ? `auth/token/create/${role.name}` : orphan ? 'auth/token/create-orphan' : 'auth/token/create',
    role: role?.name ?? null,
    ttl: duration(body, 'ttl'),
    max_ttl: 0,
    explicit_max_ttl: explicit,
    period: lesser(period, role?.token_period ?? 0),
    num_uses: lesser(numUses, role?.token_num_uses ?? 0),
    renewable: flag(body, 'renewable', true) && (role?.renewable ?? true),
  });
  const missing = policies.filter((name) => !policyExists(call, name));
  const both = `Explicit max TTL specified both during creation call and in role; using the lesser value of ${explicit} seconds`;
  return {
    auth: issued.auth,
    warnings: [
      ...(asked && ofRole ? [both] : []),
      ...issued.warnings,
      ...missing.map((name) => `Policy "${name}" does not exist`),
    ],
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

function describe(call: Call, row: TokenRow, id: string): Outcome {
  const data: Record<string, unknown> = {
    id,
    accessor: row.accessor,
    policies: policiesOf(row),
    path: row.path,
    meta: row.metadata ? JSON.parse(row.metadata) : null,
    display_name: row.display_name,
    num_uses: row.num_uses,
    orphan: row.parent === null,
    creation_time: Math.floor(row.issued_at / 1_000),
    creation_ttl: row.creation_ttl,
    expire_time: row.expires_at === null ? null : iso(row.expires_at),
    ttl: row.expires_at === null ? 0 : Math.max(0, Math.floor((row.expires_at - call.now()) / 1_000)),
    explicit_max_ttl: row.explicit_max_ttl,
    entity_id: '',
    type: 'service',
  };
  if (row.role) data.role = row.role;
  if (row.period) data.period = row.period;
  if (row.expires_at !== null) {
    data.issue_time = iso(row.issued_at);
    data.renewable = row.renewable === 1;
  }
  if (row.last_renewal !== null) {
    data.last_renewal = iso(row.last_renewal);
    data.last_renewal_time = Math.floor(row.last_renewal / 1_000);
  }
  return { data };
}

function byAccessor(call: Call): TokenRow {
  const accessor = text(call.body, 'accessor');
  if (!accessor) throw new VaultFault(400, multierror('missing accessor'));
  const row = findByAccessor(call, accessor);
  if (!row) throw new VaultFault(400, multierror('invalid accessor'));
  return row;
}

const lookup: Handler = (call) => {
  const id = text(call.body, 'token') || call.clientToken;
  const row = findToken(call, id);
  if (!row) throw new VaultFault(403, 'bad token');
  return describe(call, row, id);
};
const lookupSelf: Handler = (call) => describe(call, call.token, call.clientToken);
const lookupAccessor: Handler = (call) => describe(call, byAccessor(call), '');

const increment = (call: Call) => duration(call.body, 'increment');
const renew: Handler = (call) => {
  const id = text(call.body, 'token');
  if (!id) throw badRequest('missing token ID');
  const row = findToken(call, id);
  if (!row) throw badRequest('token not found');
  return renewToken(call, row, increment(call), id);
};
const renewSelf: Handler = (call) => renewToken(call, call.token, increment(call), call.clientToken);
const renewAccessor: Handler = (call) => renewToken(call, byAccessor(call), increment(call), '');

const revoke: Handler = (call) => {
  const id = text(call.body, 'token');
  if (!id) throw badRequest('missing token ID');
  revokeTree(call, hashSecret(id));
  return {};
};
const revokeSelf: Handler = (call) => {
  revokeTree(call, call.token.hash);
  return {};
};
const revokeAccessor: Handler = (call) => {
  const accessor = text(call.body, 'accessor');
  if (!accessor) throw new VaultFault(400, multierror('missing accessor'));
  const row = findByAccessor(call, accessor);
  if (!row) return { warnings: ['No token found with this accessor'] };
  revokeTree(call, row.hash);
  return {};
};
const revokeOrphan: Handler = (call) => {
  if (!call.sudo) throw badRequest('root or sudo privileges required to revoke and orphan');
  const row = findToken(call, text(call.body, 'token'));
  if (!row) throw badRequest('token to revoke not found');
  call.sql.exec('UPDATE tokens SET parent = NULL WHERE parent = ?', row.hash);
  call.sql.exec('DELETE FROM tokens WHERE hash = ?', row.hash);
  return {};
};
const listAccessors: Handler = ({ sql }) => ({
  data: {
    keys: sql
      .exec<{ accessor: string }>('SELECT accessor FROM tokens')
      .toArray()
      .map((r) => r.accessor),
  },
});

const route = (path: string, ops: Route['ops'], more: Partial<Route> = {}): Route => ({
  path: `auth/token/${path}`,
  mount: 'token',
  ops,
  ...more,
});

export const tokenRoutes: Route[] = [
  route('create', { update: (call) => create(call, null, false) }),
  route('create-orphan', { update: (call) => create(call, null, true) }),
  route('create/:role', {
    update: (call) => {
      const name = call.params.role ?? '';
      const role = roleOf(call, name);
      if (!role) throw badRequest(`unknown role ${name}`);
      return create(call, role, false);
    },
  }),
  route('lookup', { read: lookup, update: lookup }),
  route('lookup-self', { read: lookupSelf, update: lookupSelf }),
  route('lookup-accessor', { update: lookupAccessor }),
  route('renew', { update: renew }),
  route('renew-self', { update: renewSelf }),
  route('renew-accessor', { update: renewAccessor }),
  route('revoke', { update: revoke }),
  route('revoke-self', { update: revokeSelf }),
  route('revoke-accessor', { update: revokeAccessor }),
  route('revoke-orphan', { update: revokeOrphan }),
  route('accessors', { list: listAccessors }, { sudo: true }),
  ...tokenRoleRoutes,
];
