import { wrongType } from './reply.ts';

export type KeyType = 'string' | 'hash' | 'list' | 'set' | 'zset';
type KeyRow = { key: string; type: KeyType; expires_at: number | null };
export type ItemRow = { field: string; value: string; rank: number };

/**
 * Every Redis type is a key with items: a string one item, a hash fields with values, a set fields alone, a sorted set fields with
 * ranks, a list values whose rank is their position (growing at either end).
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, type TEXT NOT NULL, expires_at INTEGER);
CREATE INDEX IF NOT EXISTS keys_expiry ON keys (expires_at);
CREATE TABLE IF NOT EXISTS items (key TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, rank REAL NOT NULL, PRIMARY KEY (key, field));
CREATE INDEX IF NOT EXISTS items_rank ON items (key, rank);
`;

export class Keyspace {
  readonly sql: SqlStorage;
  readonly now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.sql = sql;
    this.now = now;
    sql.exec(SCHEMA);
  }

  /** Run before each request: an expired key is gone for every command alike. */
  purgeExpired(): void {
    const now = this.now();
    this.sql.exec('DELETE FROM items WHERE key IN (SELECT key FROM keys WHERE expires_at <= ?)', now);
    this.sql.exec('DELETE FROM keys WHERE expires_at <= ?', now);
  }

  find(key: string): KeyRow | undefined {
    return this.sql.exec<KeyRow>('SELECT * FROM keys WHERE key = ?', key).toArray()[0];
  }

  keys(): string[] {
    return this.sql
      .exec<{ key: string }>('SELECT key FROM keys ORDER BY key')
      .toArray()
      .map((row) => row.key);
  }

  /** Is there a key of this type? One of another type is WRONGTYPE. */
  has(key: string, type: KeyType): boolean {
    const row = this.find(key);
    if (row && row.type !== type) throw wrongType();
    return row !== undefined;
  }

  ensure(key: string, type: KeyType): void {
    if (!this.has(key, type)) this.sql.exec('INSERT INTO keys VALUES (?, ?, NULL)', key, type);
  }

  delete(key: string): boolean {
    this.sql.exec('DELETE FROM items WHERE key = ?', key);
    return this.sql.exec('DELETE FROM keys WHERE key = ?', key).rowsWritten > 0;
  }

  expire(key: string, at: number | null): void {
    if (at !== null && at <= this.now()) this.delete(key);
    else this.sql.exec('UPDATE keys SET expires_at = ? WHERE key = ?', at, key);
  }

  item(key: string, field: string): ItemRow | undefined {
    return this.sql
      .exec<ItemRow>('SELECT field, value, rank FROM items WHERE key = ? AND field = ?', key, field)
      .toArray()[0];
  }

  items(key: string): ItemRow[] {
    return this.sql
      .exec<ItemRow>('SELECT field, value, rank FROM items WHERE key = ? ORDER BY rank, field', key)
      .toArray();
  }

  /** Writes an item; true if it is new. */
  put(key: string, field: string, value: string, rank = 0): boolean {
    const isNew = this.item(key, field) === undefined;
    this.sql.exec(
      'INSERT INTO items VALUES (?, ?, ?, ?) ON CONFLICT (key, field) DO UPDATE SET value = excluded.value, rank = excluded.rank',
      key,
      field,
      value,
      rank,
    );
    return isNew;
  }

  /** Removes items, and the key with its last one; the number removed. */
  remove(key: string, fields: string[]): number {
    let removed = 0;
    for (const field of fields) {
      if (this.item(key, field) === undefined) continue;
      this.sql.exec('DELETE FROM items WHERE key = ? AND field = ?', key, field);
      removed += 1;
    }
    if (this.count(key) === 0) this.delete(key);
    return removed;
  }

  count(key: string): number {
    return this.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM items WHERE key = ?', key).one().n;
  }

  flush(): void {
    this.sql.exec('DELETE FROM items');
    this.sql.exec('DELETE FROM keys');
  }
}
