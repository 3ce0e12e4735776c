import { err, ok, type Result } from '#domain/result.ts';
import { row, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import { type ControlStore, iso } from './store.ts';

/** PIPE-11: what a pipeline may use at most, or what it has used. Money in micro-USD. */
export interface Slice {
  tokens: number;
  cost_microusd: number;
}

/** TEN-1, defaults of a tenant's month: a billion tokens, 1,000 USD. */
export const MONTHLY_BUDGET: Slice = { tokens: 1_000_000_000, cost_microusd: 1_000_000_000 };

/** Budgets are of calendar months in UTC; a pipeline is charged to the month it was admitted in. */
export const monthOf = (store: ControlStore): string => iso(store.now()).slice(0, 7);

const charged = (store: ControlStore, month: string): Slice => {
  const found = row<{ tokens: number; microusd: number }>(
    store.sql,
    'SELECT tokens, microusd FROM budgets WHERE month = ?',
    month,
  );
  return { tokens: found?.tokens ?? 0, cost_microusd: found?.microusd ?? 0 };
};

/** Adds to a month's charge; negative amounts give back what a slice did not use. */
export function charge(store: ControlStore, month: string, amount: Slice): void {
  run(
    store.sql,
    `INSERT INTO budgets (month, tokens, microusd) VALUES (?, ?, ?)
     ON CONFLICT (month) DO UPDATE SET tokens = tokens + excluded.tokens, microusd = microusd + excluded.microusd`,
    month,
    amount.tokens,
    amount.cost_microusd,
  );
}

/**
 * PIPE-11: a pipeline's whole limit is set aside before it starts, so that pipelines side by side cannot overrun the tenant's budget; what
 * it does not use comes back when it ends.
 */
export function drawSlice(store: ControlStore, month: string, slice: Slice): Result<void, ControlError> {
  const used = charged(store, month);
  for (const [name, what] of [
    ['tokens', 'tokens'],
    ['cost_microusd', 'micro-USD'],
  ] as const) {
    const left = MONTHLY_BUDGET[name] - used[name];
    if (slice[name] > left) {
      return err({
        code: 'quota_exceeded',
        detail: `The run may use ${slice[name]} ${what}; ${Math.max(0, left)} are left of this tenant’s budget for ${month}.`,
        retry_after_s: 3_600,
      });
    }
  }
  charge(store, month, slice);
  return ok(undefined);
}
