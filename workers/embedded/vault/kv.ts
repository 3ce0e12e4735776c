import { parseDuration } from './duration.ts';
import { flag, stringMap, whole } from './fields.ts';
import type { Call, Handler, Route } from './routes.ts';
import { badRequest, notFound } from './wire.ts';

/** Vault keeps ten versions of a secret unless its metadata says otherwise. */
const DEFAULT_VERSIONS = 10;

type Meta = {
  path: string;
  current: number;
  oldest: number;
  max_versions: number;
  cas_required: number;
  custom: string | null;
  created_at: number;
  updated_at: number;
};
type Version = {
  path: string;
  version: number;
  data: string | null;
  created_at: number;
  deleted_at: number | null;
  destroyed: number;
};

const iso = (ms: number | null) => (ms === null ? '' : new Date(ms).toISOString());
const pathOf = (call: Pick<Call, 'params'>) => call.params.path ?? '';

const metaOf = (call: Pick<Call, 'sql' | 'params'>) =>
  call.sql.exec<Meta>('SELECT * FROM kv WHERE path = ?', pathOf(call)).toArray()[0];
const versionOf = (call: Call, version: number) =>
  call.sql
    .exec<Version>('SELECT * FROM kv_versions WHERE path = ? AND version = ?', pathOf(call), version)
    .toArray()[0];

const versionMetadata = (row: Version, meta: Meta) => ({
  created_time: iso(row.created_at),
  custom_metadata: meta.custom ? JSON.parse(meta.custom) : null,
  deletion_time: iso(row.deleted_at),
  destroyed: row.destroyed === 1,
  version: row.version,
});

const read: Handler = (call) => {
  const meta = metaOf(call);
  if (!meta) throw notFound();
  const asked = whole({ version: call.query.get('version') ?? undefined }, 'version');
  const row = versionOf(call, asked || meta.current);
  if (!row) throw notFound();
  const gone = row.deleted_at !== null || row.destroyed === 1;
  return {
    status: gone ? 404 : 200,
    data: {
      data: gone || row.data === null ? null : JSON.parse(row.data),
      metadata: versionMetadata(row, meta),
    },
  };
};

const write: Handler = (call) => {
  const { sql, body } = call;
  const data = body.data;
  if (data === undefined) throw badRequest('no data provided');
  if (data !== null && (typeof data !== 'object' || Array.isArray(data))) {
    throw badRequest('Field validation failed: error converting input for field "data": expected a map');
  }
  const options = (typeof body.options === 'object' && body.options ? body.options : {}) as Record<
    string,
    unknown
  >;
  const meta = metaOf(call);
  if (options.cas === undefined) {
    if (meta?.cas_required) throw badRequest('check-and-set parameter required for this call');
  } else if (whole(options, 'cas') !== (meta?.current ?? 0)) {
    throw badRequest('check-and-set parameter did not match the current version');
  }
  const now = call.now();
  const version = (meta?.current ?? 0) + 1;
  const keep = meta?.max_versions || DEFAULT_VERSIONS;
  const oldest = Math.max(meta?.oldest ?? 0, version > keep ? version - keep + 1 : 0);
  sql.exec(
    `INSERT INTO kv (path, current, oldest, max_versions, cas_required, created_at, updated_at) VALUES (?, ?, ?, 0, 0, ?, ?)
     ON CONFLICT (path) DO UPDATE SET current = excluded.current, oldest = excluded.oldest, updated_at = excluded.updated_at`,
    pathOf(call),
    version,
    oldest,
    now,
    now,
  );
  sql.exec(
    'INSERT INTO kv_versions VALUES (?, ?, ?, ?, NULL, 0)',
    pathOf(call),
    version,
    JSON.stringify(data),
    now,
  );
  sql.exec('DELETE FROM kv_versions WHERE path = ? AND version < ?', pathOf(call), oldest);
  const written = versionOf(call, version);
  const updated = metaOf(call);
  if (!written || !updated) throw new Error('the version just written is not there');
  return { data: versionMetadata(written, updated) };
};

function mark(call: Call, versions: number[], set: string): void {
  if (versions.length === 0) throw badRequest('No version number provided');
  for (const version of versions) {
    call.sql.exec(`UPDATE kv_versions SET ${set} WHERE path = ? AND version = ?`, pathOf(call), version);
  }
}

const versionsOf = (call: Call): number[] => {
  const value = call.body.versions;
  if (!Array.isArray(value)) return [];
  return value.map((_, index) => whole({ versions: value[index] }, 'versions'));
};

const deleteLatest: Handler = (call) => {
  const meta = metaOf(call);
  if (meta) mark(call, [meta.current], `deleted_at = ${call.now()}`);
  return {};
};
const deleteVersions: Handler = (call) => {
  mark(call, versionsOf(call), `deleted_at = ${call.now()}`);
  return {};
};
const undelete: Handler = (call) => {
  mark(call, versionsOf(call), 'deleted_at = NULL');
  return {};
};
const destroy: Handler = (call) => {
  mark(call, versionsOf(call), 'destroyed = 1, data = NULL');
  return {};
};

const readMetadata: Handler = (call) => {
  const meta = metaOf(call);
  if (!meta) throw notFound();
  const rows = call.sql.exec<Version>(
    'SELECT * FROM kv_versions WHERE path = ? ORDER BY version',
    pathOf(call),
  );
  return {
    data: {
      cas_required: meta.cas_required === 1,
      created_time: iso(meta.created_at),
      current_version: meta.current,
      custom_metadata: meta.custom ? JSON.parse(meta.custom) : null,
      delete_version_after: '0s',
      max_versions: meta.max_versions,
      oldest_version: meta.oldest,
      updated_time: iso(meta.updated_at),
      versions: Object.fromEntries(
        [...rows].map((row) => [
          row.version,
          {
            created_time: iso(row.created_at),
            deletion_time: iso(row.deleted_at),
            destroyed: row.destroyed === 1,
          },
        ]),
      ),
    },
  };
};

const writeMetadata: Handler = (call) => {
  const { body } = call;
  if (parseDuration(body.delete_version_after, 'delete_version_after') !== 0) {
    throw badRequest('delete_version_after is not supported by the embedded Vault');
  }
  const meta = metaOf(call);
  const now = call.now();
  call.sql.exec(
    `INSERT INTO kv (path, current, oldest, max_versions, cas_required, custom, created_at, updated_at) VALUES (?, 0, 0, ?, ?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET max_versions = excluded.max_versions, cas_required = excluded.cas_required, custom = excluded.custom, updated_at = excluded.updated_at`,
    pathOf(call),
    whole(body, 'max_versions', meta?.max_versions),
    flag(body, 'cas_required', meta?.cas_required === 1) ? 1 : 0,
    body.custom_metadata === undefined
      ? (meta?.custom ?? null)
      : JSON.stringify(stringMap(body, 'custom_metadata')),
    now,
    now,
  );
  return {};
};

const deleteMetadata: Handler = (call) => {
  call.sql.exec('DELETE FROM kv WHERE path = ?', pathOf(call));
  call.sql.exec('DELETE FROM kv_versions WHERE path = ?', pathOf(call));
  return {};
};

/** Direct children below a path: `name` for a secret, `name/` for a folder. */
const list: Handler = (call) => {
  const folder = pathOf(call) === '' ? '' : `${pathOf(call).replace(/\/$/, '')}/`;
  const keys = new Set<string>();
  for (const { path } of call.sql.exec<{ path: string }>('SELECT path FROM kv ORDER BY path')) {
    if (!path.startsWith(folder)) continue;
    const [head = '', ...rest] = path.slice(folder.length).split('/');
    keys.add(rest.length > 0 ? `${head}/` : head);
  }
  if (keys.size === 0) throw notFound();
  return { data: { keys: [...keys] } };
};

const exists: NonNullable<Route['exists']> = (call) => metaOf(call) !== undefined;
const at = (path: string, ops: Route['ops'], more: Partial<Route> = {}): Route => ({
  path: `secret/${path}`,
  mount: 'kv',
  ops,
  ...more,
});

export const kvRoutes: Route[] = [
  at('data/:path*', { read, create: write, update: write, delete: deleteLatest }, { exists }),
  at('delete/:path*', { update: deleteVersions }),
  at('undelete/:path*', { update: undelete }),
  at('destroy/:path*', { update: destroy }),
  at('metadata', { list }),
  at(
    'metadata/:path*',
    { read: readMetadata, list, create: writeMetadata, update: writeMetadata, delete: deleteMetadata },
    { exists },
  ),
];

/** A path without `data/` or `metadata/` is the first mistake everyone makes; Vault answers 404 with this warning. */
export const KV_PATH_WARNING =
  "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.";
