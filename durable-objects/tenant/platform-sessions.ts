import { row, run } from '../shared/sql.ts';

interface Store {
  sql: SqlStorage;
  now(): number;
}

/** TEN-3: only the keyed hash of a cookie is kept, so that a stolen table signs nobody in. Those that ended go with the next sign-in. */
export function openSession({ sql, now }: Store, hash: string, expiresAt: number): void {
  run(sql, 'DELETE FROM platform_sessions WHERE expires_at <= ?', now());
  run(sql, 'INSERT INTO platform_sessions (hash, expires_at) VALUES (?, ?)', hash, expiresAt);
}

/** When it ends (ms since 1970); null: there is none, or no longer. */
export const sessionEnd = ({ sql, now }: Store, hash: string): number | null =>
  row<{ expires_at: number }>(
    sql,
    'SELECT expires_at FROM platform_sessions WHERE hash = ? AND expires_at > ?',
    hash,
    now(),
  )?.expires_at ?? null;

export function closeSession({ sql }: Store, hash: string): void {
  run(sql, 'DELETE FROM platform_sessions WHERE hash = ?', hash);
}
