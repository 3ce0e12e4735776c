import {
  type Bucket,
  ERROR_BUDGET,
  minuteOf,
  restoredIn,
  type StepTally,
  type WindowView,
  windowViews,
} from '#domain/governance/error-budget.ts';
import { row, rows, run } from '../shared/sql.ts';
import { quotasOf } from './quotas.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

/** ENF-5: the tenant's error budget, where it is true for all isolates: pipelines tell their counts with what they ask for anyway. */
export const ERROR_BUDGET_TABLES = `
  CREATE TABLE step_tallies (minute INTEGER PRIMARY KEY, good INTEGER NOT NULL, bad INTEGER NOT NULL);
  CREATE TABLE budget_spent (one INTEGER PRIMARY KEY CHECK (one = 1), since INTEGER NOT NULL, detail TEXT NOT NULL);
  ALTER TABLE admissions ADD COLUMN told_good INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE admissions ADD COLUMN told_bad INTEGER NOT NULL DEFAULT 0;
`;

export interface SpentBudget {
  since: string;
  detail: string;
  retry_after_s: number;
}
export interface ErrorBudget {
  target_permille: number;
  windows: WindowView[];
  spent: SpentBudget | null;
}

const bucketsOf = (store: ControlStore): Bucket[] =>
  rows<{ minute: number; good: number; bad: number }>(
    store.sql,
    'SELECT minute, good, bad FROM step_tallies WHERE minute > ?',
    minuteOf(store.now()) - ERROR_BUDGET.slow.minutes,
  );

const targetOf = (store: ControlStore): number => quotasOf(store).step_success_permille;

const recorded = (store: ControlStore) =>
  row<{ since: number; detail: string }>(store.sql, 'SELECT since, detail FROM budget_spent');

/** What a pipeline has counted from its beginning; only what is new since it told last is added. */
export function tellSteps(store: ControlStore, pipeline_id: string, { good, bad }: StepTally): void {
  const told = row<{ told_good: number; told_bad: number }>(
    store.sql,
    'SELECT told_good, told_bad FROM admissions WHERE pipeline_id = ?',
    pipeline_id,
  );
  if (!told || (good <= told.told_good && bad <= told.told_bad)) return;
  run(
    store.sql,
    'UPDATE admissions SET told_good = max(told_good, ?), told_bad = max(told_bad, ?) WHERE pipeline_id = ?',
    good,
    bad,
    pipeline_id,
  );
  const minute = minuteOf(store.now());
  run(
    store.sql,
    `INSERT INTO step_tallies (minute, good, bad) VALUES (?, ?, ?)
     ON CONFLICT (minute) DO UPDATE SET good = good + excluded.good, bad = bad + excluded.bad`,
    minute,
    Math.max(0, good - told.told_good),
    Math.max(0, bad - told.told_bad),
  );
  run(store.sql, 'DELETE FROM step_tallies WHERE minute <= ?', minute - ERROR_BUDGET.slow.minutes);
}

const percent = (permille: number): string => `${permille / 10} %`;

const detailOf = ({ window, good, bad }: WindowView, target: number): string => {
  const { minutes, burn } = ERROR_BUDGET[window];
  return `${bad} errors of agents in ${good + bad} steps within ${minutes} min use up the tenant’s error budget more than ${burn} times as fast as its target of ${percent(target)} allows.`;
};

/** As it stands now; that it was spent, and that it is restored, goes on the tenant's own record in the same transaction. */
export function errorBudget(store: ControlStore): ErrorBudget {
  const target_permille = targetOf(store);
  const buckets = bucketsOf(store);
  const windows = windowViews(buckets, target_permille, store.now());
  const over = windows.filter(({ spent }) => spent);
  const before = recorded(store);
  const [worst] = over;
  if (!worst) {
    if (before) {
      run(store.sql, 'DELETE FROM budget_spent');
      recordChange(store, 'system:supervisor', 'error_budget_restored', { since: iso(before.since) });
    }
    return { target_permille, windows, spent: null };
  }
  const detail = before?.detail ?? detailOf(worst, target_permille);
  const since = before?.since ?? store.now();
  if (!before) {
    run(store.sql, 'INSERT INTO budget_spent (one, since, detail) VALUES (1, ?, ?)', since, detail);
    recordChange(store, 'system:supervisor', 'error_budget_spent', { detail, target_permille, windows });
  }
  const wait = Math.max(
    ...over.map(({ window }) => restoredIn(window, buckets, target_permille, store.now()) ?? 0),
  );
  return {
    target_permille,
    windows,
    spent: { since: iso(since), detail, retry_after_s: Math.max(1, Math.ceil(wait / 1_000)) },
  };
}

/** ENF-5: an admin takes it on: what was counted so far counts no more, and work goes on. On record with the reason, also when nothing was spent. */
export function liftErrorBudget(store: ControlStore, actor: string, reason: string): ErrorBudget {
  const { windows, spent } = errorBudget(store);
  run(store.sql, 'DELETE FROM step_tallies');
  run(store.sql, 'DELETE FROM budget_spent');
  recordChange(store, actor, 'error_budget_lifted', { reason, spent_since: spent?.since ?? null, windows });
  return errorBudget(store);
}
