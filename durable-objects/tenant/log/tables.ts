/**
 * Rows are what is billed (rule 17): a leaf is one row, and each batch rewrites the one bundle that is not full. `checkpoints` has a row for a
 * size only when somebody asked for the head of that size.
 */
export const LOG_MIGRATIONS = [
  `
  CREATE TABLE log (one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, origin TEXT NOT NULL);
  CREATE TABLE leaves (
    chain TEXT NOT NULL, seq INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (chain, seq)
  ) WITHOUT ROWID;
  CREATE TABLE bundles (n INTEGER PRIMARY KEY, leaves TEXT NOT NULL);
  CREATE TABLE blocks (n INTEGER PRIMARY KEY, hash TEXT NOT NULL);
  CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, body TEXT NOT NULL, signature TEXT NOT NULL, cosignatures TEXT NOT NULL);
  CREATE TABLE witnesses (name TEXT PRIMARY KEY, key TEXT NOT NULL, added_by TEXT NOT NULL, added_at INTEGER NOT NULL) WITHOUT ROWID;
  `,
] as const;
