/** What every part of the control object works on. */
export interface ControlStore {
  sql: SqlStorage;
  tenant: string;
  /** Of keyed hashes. */
  pepper: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Hears of every change that is recorded, while its transaction still runs. */
  changed(seq: number): void;
}

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export { recordChange } from './changes.ts';
