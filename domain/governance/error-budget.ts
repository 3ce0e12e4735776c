/**
 * ENF-5: a tenant's service level: of the steps of its agents, so many per mille are to be free of the agents' own errors. The budget is what
 * may go wrong; a burn rate of 1 uses it up exactly. Pure, in integers; times in ms.
 */
export const ERROR_BUDGET = {
  /** Counts are kept by the minute; a window is the running minute and those before it. */
  bucket: 60_000,
  /** Many failures at once: with the default target more than half of all steps. */
  fast: { minutes: 5, burn: 10 },
  /** Fewer, for longer: more than one in five. */
  slow: { minutes: 60, burn: 4 },
  /** Fewer steps in a window say nothing about a tenant; agents and pipelines have budgets of their own. */
  min_steps: 20,
} as const;

export const BUDGET_WINDOWS = ['fast', 'slow'] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** Steps that ended well, and errors of agents with their violations. */
export interface StepTally {
  good: number;
  bad: number;
}
/** Of the minute that began at `minute` (minutes since the epoch). */
export type Bucket = StepTally & { minute: number };

export interface WindowView extends StepTally {
  window: BudgetWindow;
  /** Hundredths of the rate that uses the budget up exactly. */
  burn_hundredths: number;
  limit_hundredths: number;
  spent: boolean;
}

export const minuteOf = (at: number): number => Math.floor(at / ERROR_BUDGET.bucket);

export const inBudgetWindow = (window: BudgetWindow, minute: number, now: number): boolean =>
  minute > minuteOf(now) - ERROR_BUDGET[window].minutes && minute <= minuteOf(now);

/** `target_permille` in 1–999. A window is spent above its burn rate, not at it. */
export function windowView(
  window: BudgetWindow,
  buckets: readonly Bucket[],
  target_permille: number,
  now: number,
): WindowView {
  const own = buckets.filter(({ minute }) => inBudgetWindow(window, minute, now));
  const good = own.reduce((sum, b) => sum + b.good, 0);
  const bad = own.reduce((sum, b) => sum + b.bad, 0);
  const total = good + bad;
  const { burn } = ERROR_BUDGET[window];
  const allowed = (1_000 - target_permille) * total;
  return {
    window,
    good,
    bad,
    burn_hundredths: allowed === 0 ? 0 : Math.floor((bad * 1_000 * 100) / allowed),
    limit_hundredths: burn * 100,
    spent: total >= ERROR_BUDGET.min_steps && bad * 1_000 > burn * allowed,
  };
}

export const windowViews = (buckets: readonly Bucket[], target_permille: number, now: number): WindowView[] =>
  BUDGET_WINDOWS.map((window) => windowView(window, buckets, target_permille, now));

/**
 * When the window holds little enough again if nothing more happens, in ms; null when it is not spent. An estimate for `Retry-After`: its
 * oldest minutes leave one by one.
 */
export function restoredIn(
  window: BudgetWindow,
  buckets: readonly Bucket[],
  target_permille: number,
  now: number,
): number | null {
  for (let minutes = 0; minutes <= ERROR_BUDGET[window].minutes; minutes++) {
    const at = now + minutes * ERROR_BUDGET.bucket;
    if (windowView(window, buckets, target_permille, at).spent) continue;
    return minutes === 0 ? null : (minuteOf(now) + minutes) * ERROR_BUDGET.bucket - now;
  }
  return ERROR_BUDGET[window].minutes * ERROR_BUDGET.bucket;
}
