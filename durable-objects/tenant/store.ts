import { run } from '../shared/sql.ts';

/** What every part of the control object works on. */
export interface ControlStore {
  sql: SqlStorage;
  tenant: string;
  /** Of keyed hashes. */
  pepper: string;
  /** Milliseconds since 1970. */
  now(): number;
}

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** LEDG-1: who changed what in the tenant. Bodies hold no secrets. */
export const recordChange = (store: ControlStore, actor: string, type: string, body: object): void => {
  run(
    store.sql,
    'INSERT INTO changes (at, actor, type, body) VALUES (?, ?, ?, ?)',
    store.now(),
    actor,
    type,
    JSON.stringify(body),
  );
};
