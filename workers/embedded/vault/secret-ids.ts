import { appRole, nameOf } from './approle-role.ts';
import { duration, stringMap, text, whole } from './fields.ts';
import type { Call, Handler, Route } from './routes.ts';
import { hashSecret } from './tokens.ts';
import { badRequest, notFound, VaultFault } from './wire.ts';

type Row = {
  hash: string;
  role: string;
  accessor: string;
  metadata: string;
  created_at: number;
  ttl: number;
  expires_at: number | null;
  num_uses: number;
};

const create: Handler = (call) => {
  const { sql, body } = call;
  const found = appRole(call, nameOf(call));
  if (!found) throw new VaultFault(404, `role "${nameOf(call)}" does not exist`);
  const { role } = found;
  if (!role.bind_secret_id) throw badRequest('bind_secret_id is not set on the role');
  const numUses = whole(body, 'num_uses', role.secret_id_num_uses);
  if (numUses < 0) throw badRequest('num_uses cannot be negative');
  if (role.secret_id_num_uses > 0 && (numUses === 0 || numUses > role.secret_id_num_uses)) {
    throw badRequest("num_uses cannot be higher than the role's secret_id_num_uses");
  }
  const ttl = body.ttl === undefined ? role.secret_id_ttl : duration(body, 'ttl');
  if (role.secret_id_ttl > 0 && (ttl === 0 || ttl > role.secret_id_ttl)) {
    throw badRequest("ttl cannot be longer than the role's secret_id_ttl");
  }
  const secretId = crypto.randomUUID();
  const accessor = crypto.randomUUID();
  const now = call.now();
  sql.exec(
    'INSERT INTO secret_ids VALUES (?,?,?,?,?,?,?,?)',
    hashSecret(secretId),
    nameOf(call),
    accessor,
    JSON.stringify(stringMap(body, 'metadata')),
    now,
    ttl,
    ttl ? now + ttl * 1_000 : null,
    numUses,
  );
  return {
    data: {
      secret_id: secretId,
      secret_id_accessor: accessor,
      secret_id_num_uses: numUses,
      secret_id_ttl: ttl,
    },
  };
};

const bySecret = (call: Call, role: string, secretId: string) =>
  call.sql
    .exec<Row>('SELECT * FROM secret_ids WHERE hash = ? AND role = ?', hashSecret(secretId), role)
    .toArray()[0];

/** Uses a SecretID once, ending it with its last use; gives its metadata. A wrong, spent or expired one is a 400. */
export function spendSecretId(call: Call, role: string, secretId: string): Record<string, string> {
  const row = bySecret(call, role, secretId);
  if (!row) throw badRequest('invalid role or secret ID');
  if (row.num_uses === 1) call.sql.exec('DELETE FROM secret_ids WHERE hash = ?', row.hash);
  else if (row.num_uses > 1) {
    call.sql.exec('UPDATE secret_ids SET num_uses = num_uses - 1 WHERE hash = ?', row.hash);
  }
  return JSON.parse(row.metadata) as Record<string, string>;
}

const describe = (row: Row) => ({
  data: {
    secret_id_accessor: row.accessor,
    metadata: JSON.parse(row.metadata),
    secret_id_num_uses: row.num_uses,
    secret_id_ttl: row.ttl,
    creation_time: new Date(row.created_at).toISOString(),
    expiration_time: row.expires_at ? new Date(row.expires_at).toISOString() : '0001-01-01T00:00:00Z',
    cidr_list: [],
    token_bound_cidrs: [],
  },
});

const byAccessor = (call: Call): Row => {
  const accessor = text(call.body, 'secret_id_accessor');
  if (!accessor) throw badRequest('missing secret_id_accessor');
  const row = call.sql
    .exec<Row>('SELECT * FROM secret_ids WHERE accessor = ? AND role = ?', accessor, nameOf(call))
    .toArray()[0];
  if (!row) throw new VaultFault(404, `failed to find accessor entry for secret_id_accessor: "${accessor}"`);
  return row;
};

const lookup: Handler = (call) => {
  const row = bySecret(call, nameOf(call), text(call.body, 'secret_id'));
  return row ? describe(row) : {};
};
const destroy: Handler = (call) => {
  call.sql.exec('DELETE FROM secret_ids WHERE hash = ?', hashSecret(text(call.body, 'secret_id')));
  return {};
};
const destroyByAccessor: Handler = (call) => {
  call.sql.exec('DELETE FROM secret_ids WHERE hash = ?', byAccessor(call).hash);
  return {};
};
const list: Handler = (call) => {
  const rows = call.sql.exec<Row>('SELECT * FROM secret_ids WHERE role = ?', nameOf(call)).toArray();
  if (rows.length === 0) throw notFound();
  return { data: { keys: rows.map((row) => row.accessor) } };
};

const at = (path: string, ops: Route['ops']): Route => ({
  path: `auth/approle/role/:role/${path}`,
  mount: 'approle',
  ops,
});

export const secretIdRoutes: Route[] = [
  at('secret-id', { update: create, list }),
  at('secret-id/lookup', { update: lookup }),
  at('secret-id/destroy', { update: destroy, delete: destroy }),
  at('secret-id-accessor/lookup', { update: (call) => describe(byAccessor(call)) }),
  at('secret-id-accessor/destroy', { update: destroyByAccessor, delete: destroyByAccessor }),
];
