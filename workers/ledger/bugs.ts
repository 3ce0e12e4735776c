import { insertRows } from './rows.ts';
import type { BugRow } from './schema.ts';

/** BUG-1. */
export const BUG_STATUSES = ['open', 'in_progress', 'resolved', 'wont_fix'] as const;

export interface Bug extends Omit<BugRow, 'tenant' | 'origin'> {
  origin: string[];
}

/** Writes once: the same id again changes nothing, so that a repeated step logs one bug. */
export async function logBug(
  db: D1Database,
  tenant: string,
  bug: Omit<Bug, 'status' | 'updated_at'>,
): Promise<void> {
  const row: BugRow = {
    ...bug,
    tenant,
    status: 'open',
    updated_at: bug.created_at,
    origin: JSON.stringify(bug.origin),
  };
  await insertRows(db, 'bugs', [row]).run();
}

export async function readBug(db: D1Database, tenant: string, bugId: string): Promise<Bug | null> {
  const row = await db
    .prepare('SELECT * FROM bugs WHERE tenant = ? AND bug_id = ?')
    .bind(tenant, bugId)
    .first<BugRow>();
  if (!row) return null;
  const { tenant: _, origin, ...bug } = row;
  return { ...bug, origin: JSON.parse(origin) as string[] };
}
