/** What a row may hold; D1 and objects share SQLite's types. */
export type SqlValue = string | number | null | ArrayBuffer;
export type Row = Record<string, SqlValue>;

/** All rows of a statement, typed by the caller who wrote the columns. */
export const rows = <T extends Row>(sql: SqlStorage, statement: string, ...bindings: SqlValue[]): T[] =>
  sql.exec<T>(statement, ...bindings).toArray();

/** The first row, or undefined. */
export const row = <T extends Row>(
  sql: SqlStorage,
  statement: string,
  ...bindings: SqlValue[]
): T | undefined => rows<T>(sql, statement, ...bindings)[0];

/** A statement for its effect; answers how many rows it wrote, indexes included. */
export const run = (sql: SqlStorage, statement: string, ...bindings: SqlValue[]): number =>
  sql.exec(statement, ...bindings).rowsWritten;
