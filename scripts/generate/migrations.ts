import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../d1-migrations', import.meta.url));

/**
 * drizzle-kit cannot say WITHOUT ROWID. Every table of ours with a key of several columns wants it: an insert is billed as one
 * row written instead of two or three (rule 6).
 */
export const withoutRowid = (sql: string): string =>
  sql.replaceAll(/(\n\tPRIMARY KEY\([^)]*\)\n\));/g, '$1 WITHOUT ROWID;');
