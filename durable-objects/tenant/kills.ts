import type { Kill, KillScope } from '#domain/governance/permit.ts';
import { randomId } from '#domain/ids.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { ControlError, KillRecord } from './rpc.ts';
import { type ControlStore, iso, isoOrNull } from './store.ts';

type KillRow = {
  kill_id: string;
  scope: KillScope;
  id: string;
  project_id: string | null;
  reason: string;
  thrown_by: string;
  thrown_at: number;
  lifted_at: number | null;
  lifted_by: string | null;
  lift_reason: string | null;
};
/** Of the tenant's control object, and of the directory, which have the same table. */
type KillStore = Pick<ControlStore, 'sql' | 'now'>;

const COLUMNS =
  'kill_id, scope, id, project_id, reason, thrown_by, thrown_at, lifted_at, lifted_by, lift_reason';
/** Switches that a list shows at most, newest first. */
const LISTED = 500;

const killOf = ({ kill_id, scope, id, reason, thrown_by, thrown_at }: KillRow): Kill => ({
  kill_id,
  scope,
  id,
  reason,
  by: thrown_by,
  at: iso(thrown_at),
});

const recordOf = (found: KillRow, unacknowledged: string[]): KillRecord => ({
  ...killOf(found),
  project_id: found.project_id,
  lifted_at: isoOrNull(found.lifted_at),
  lifted_by: found.lifted_by,
  lift_reason: found.lift_reason,
  unacknowledged,
});

/** ENF-6: the oldest switch that stands on a scope; null for none. */
export function standing(sql: SqlStorage, scope: KillScope, id: string): Kill | null {
  const found = row<KillRow>(
    sql,
    `SELECT ${COLUMNS} FROM kills WHERE lifted_at IS NULL AND scope = ? AND id = ? ORDER BY thrown_at LIMIT 1`,
    scope,
    id,
  );
  return found ? killOf(found) : null;
}

function insert({ sql }: KillStore, kill: Kill, project_id: string | null): boolean {
  const written = run(
    sql,
    `INSERT INTO kills (kill_id, scope, id, project_id, reason, thrown_by, thrown_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    ...[kill.kill_id, kill.scope, kill.id, project_id, kill.reason, kill.by, Date.parse(kill.at)],
  );
  return written > 0;
}

/** Throws the switch; one that stands on the same scope already is answered instead, so that a repeated request pushes it again. */
export function throwSwitch(
  store: KillStore,
  by: string,
  { scope, id, reason }: { scope: 'project' | 'tenant' | 'system'; id: string; reason: string },
): { kill: Kill; thrown: boolean } {
  const known = standing(store.sql, scope, id);
  if (known) return { kill: known, thrown: false };
  const kill_id = randomId('ks', crypto.getRandomValues(new Uint8Array(13)));
  const kill: Kill = { kill_id, scope, id, reason, by, at: iso(store.now()) };
  insert(store, kill, scope === 'project' ? id : null);
  return { kill, thrown: true };
}

/** A pipeline's or an agent's switch, which its own log holds, listed here with the others. */
export const noteSwitch = (store: KillStore, kill: Kill, project_id: string): boolean =>
  insert(store, kill, project_id);

/** Lifting twice is not an error: the second time nothing changes. */
export function liftSwitch(
  store: KillStore,
  by: string,
  kill_id: string,
  reason: string,
): Result<{ record: KillRecord; lifted: boolean }, ControlError> {
  const lifted =
    run(
      store.sql,
      'UPDATE kills SET lifted_at = ?, lifted_by = ?, lift_reason = ? WHERE kill_id = ? AND lifted_at IS NULL',
      ...[store.now(), by, reason, kill_id],
    ) > 0;
  const found = row<KillRow>(store.sql, `SELECT ${COLUMNS} FROM kills WHERE kill_id = ?`, kill_id);
  return found
    ? ok({ record: recordOf(found, []), lifted })
    : err({ code: 'not_found', what: `kill switch ${kill_id}` });
}

/** What holds a slot in the scope of a switch: it is live, or has not said yet that it ended. */
export const reach = ({ sql }: KillStore, { scope, id }: Pick<Kill, 'scope' | 'id'>): string[] =>
  rows<{ pipeline_id: string }>(
    sql,
    `SELECT pipeline_id FROM admissions WHERE released_at IS NULL AND (? <> 'project' OR project_id = ?) ORDER BY number`,
    scope,
    id,
  ).map((r) => r.pipeline_id);

const isWide = (scope: KillScope): boolean => scope !== 'agent' && scope !== 'pipeline';

/** Newest first, each with the pipelines in its reach that are still live. */
export const listSwitches = (store: KillStore): KillRecord[] =>
  rows<KillRow>(
    store.sql,
    `SELECT ${COLUMNS} FROM kills ORDER BY thrown_at DESC, kill_id DESC LIMIT ?`,
    LISTED,
  ).map((found) =>
    recordOf(found, found.lifted_at === null && isWide(found.scope) ? reach(store, found) : []),
  );

/** The deployment's own, as the directory holds them: it has no pipelines to look at. */
export const listSystemSwitches = (sql: SqlStorage): KillRecord[] =>
  rows<KillRow>(sql, `SELECT ${COLUMNS} FROM kills ORDER BY thrown_at DESC LIMIT ?`, LISTED).map((found) =>
    recordOf(found, []),
  );
