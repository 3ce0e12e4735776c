import type { BreakerView } from '#contract/breakers.ts';
import {
  type Attempt,
  attempt,
  BREAKER,
  type Breaker,
  CLOSED,
  failuresOf,
  isQuiet,
  type LastError,
  noteFailure,
  noteSuccess,
  releaseProbe,
} from '#domain/governance/breaker.ts';
import { isShared } from '#domain/pipeline/dependencies.ts';
import { row, rows, run } from '../shared/sql.ts';
import { iso } from './store.ts';

/** The same in a tenant's control object, for its models, and in the directory, for Vault and store (ARCHITECTURE, rule 15). */
export interface BreakerStore {
  sql: SqlStorage;
  /** ms since the epoch. */
  now(): number;
}

/** What one call showed, as the isolate that made it tells it. */
export interface Observation {
  name: string;
  /** null: it went well. */
  error: { code: string; message: string } | null;
  /** Calls that went well there since its last report. */
  ok: number;
  /** Seconds that the dependency asked to be left alone for. */
  retry_after_s: number | null;
}

export type Tried = Attempt & { last_error: LastError | null };

/** Names come with plans, so their number is bounded: beyond it the ones that have been quiet longest are forgotten. */
const MOST = 200;

export const BREAKERS_TABLE =
  'CREATE TABLE breakers (name TEXT PRIMARY KEY, state TEXT NOT NULL, breaker TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID';

const read = (store: BreakerStore, name: string): Breaker => {
  const found = row<{ breaker: string }>(store.sql, 'SELECT breaker FROM breakers WHERE name = ?', name);
  return found ? (JSON.parse(found.breaker) as Breaker) : CLOSED;
};

function save(store: BreakerStore, name: string, breaker: Breaker): void {
  const others = row<{ n: number }>(store.sql, 'SELECT count(*) AS n FROM breakers WHERE name <> ?', name)?.n;
  if ((others ?? 0) >= MOST)
    run(
      store.sql,
      'DELETE FROM breakers WHERE name = (SELECT name FROM breakers ORDER BY changed_at LIMIT 1)',
    );
  run(
    store.sql,
    `INSERT INTO breakers (name, state, breaker, changed_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET state = excluded.state, breaker = excluded.breaker, changed_at = excluded.changed_at`,
    name,
    breaker.state,
    JSON.stringify(breaker),
    store.now(),
  );
}

/** Answers which of the named breakers are not closed after this. What changes nothing writes no row. */
export function observe(store: BreakerStore, seen: readonly Observation[]): string[] {
  for (const { name, error, ok, retry_after_s } of seen) {
    const before = read(store, name);
    const after = error
      ? noteFailure(before, store.now(), error, { ok, retry_after_ms: (retry_after_s ?? 0) * 1_000 })
      : noteSuccess(before);
    if (before.state === 'open' && after.state === 'open') continue;
    if (after !== before) save(store, name, after);
  }
  return [...new Set(seen.map(({ name }) => name))].filter((name) => read(store, name).state !== 'closed');
}

export function tryBreaker(store: BreakerStore, name: string, by: string): Tried {
  const before = read(store, name);
  const probe_ms = isShared(name) ? BREAKER.probe : BREAKER.probe_of_model;
  const { breaker, answer } = attempt(before, store.now(), by, probe_ms);
  if (breaker !== before) save(store, name, breaker);
  return { ...answer, last_error: before.last_error };
}

export function release(store: BreakerStore, names: readonly string[], by: string): void {
  for (const name of names) {
    const before = read(store, name);
    const after = releaseProbe(before, by);
    if (after !== before) save(store, name, after);
  }
}

/** Those that are not closed: what a permit says, and almost always nothing. */
export const troubled = (store: BreakerStore): string[] =>
  rows<{ name: string }>(store.sql, "SELECT name FROM breakers WHERE state <> 'closed' ORDER BY name").map(
    ({ name }) => name,
  );

export const listBreakers = (store: BreakerStore): BreakerView[] =>
  rows<{ name: string; breaker: string }>(store.sql, 'SELECT name, breaker FROM breakers ORDER BY name')
    .map(({ name, breaker }) => ({ name, breaker: JSON.parse(breaker) as Breaker }))
    .filter(({ breaker }) => !isQuiet(breaker, store.now()))
    .map(({ name, breaker }) => ({
      name,
      state: breaker.state,
      failures: failuresOf(breaker, store.now()),
      opened_at: breaker.opened_at === null ? null : iso(breaker.opened_at),
      retry_at: breaker.state === 'closed' ? null : iso(breaker.retry_at),
      last_error: breaker.last_error && { ...breaker.last_error, at: iso(breaker.last_error.at) },
    }));
