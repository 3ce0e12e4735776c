import type { Kill, KillScope } from '#domain/governance/permit.ts';
import { row } from '../shared/sql.ts';
import { iso } from './store.ts';

type KillRow = {
  kill_id: string;
  scope: KillScope;
  id: string;
  reason: string;
  thrown_by: string;
  thrown_at: number;
};

const killOf = ({ thrown_by, thrown_at, ...kill }: KillRow): Kill => ({
  ...kill,
  by: thrown_by,
  at: iso(thrown_at),
});

/** ENF-6: the oldest switch that stands on a scope; null for none. */
export function standing(sql: SqlStorage, scope: KillScope, id: string): Kill | null {
  const found = row<KillRow>(
    sql,
    `SELECT kill_id, scope, id, reason, thrown_by, thrown_at FROM kills
     WHERE lifted_at IS NULL AND scope = ? AND id = ? ORDER BY thrown_at LIMIT 1`,
    scope,
    id,
  );
  return found ? killOf(found) : null;
}
