import { row, run } from '../shared/sql.ts';
import { quotasOf } from './quotas.ts';
import { type ControlStore, iso } from './store.ts';

/** PIPE-11: what a pipeline may use at most, or what it has used. Money in micro-USD. */
export interface Slice {
  tokens: number;
  cost_microusd: number;
}

export const BUDGETS = ['tokens', 'cost_microusd'] as const;

/**
 * PIPE-11: a pipeline draws this much of the tenant's month beyond what it needs next, so that few steps have to ask; about ten calls of a
 * middling model, half a dollar.
 */
export const SLICE: Slice = { tokens: 200_000, cost_microusd: 500_000 };

/** Budgets are of calendar months in UTC; a pipeline is charged to the month it was admitted in. */
export const monthOf = (store: ControlStore): string => iso(store.now()).slice(0, 7);

export const chargedIn = (store: ControlStore, month: string): Slice => {
  const found = row<{ tokens: number; microusd: number }>(
    store.sql,
    'SELECT tokens, microusd FROM budgets WHERE month = ?',
    month,
  );
  return { tokens: found?.tokens ?? 0, cost_microusd: found?.microusd ?? 0 };
};

/** What of a month nobody has drawn yet; a lowered quota may leave less than nothing. */
export function leftOf(store: ControlStore, month: string): Slice {
  const { monthly_tokens, monthly_cost_microusd } = quotasOf(store);
  const charged = chargedIn(store, month);
  return {
    tokens: Math.max(0, monthly_tokens - charged.tokens),
    cost_microusd: Math.max(0, monthly_cost_microusd - charged.cost_microusd),
  };
}

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
 * How much a pipeline that has drawn `has` should have drawn so that `need` fits: a slice more, within its own limit (0 is none) and what
 * is left; never less than it has. Pure.
 */
export function nextSlice(has: number, need: number, slice: number, limit: number, left: number): number {
  if (need <= has) return has;
  const wanted = Math.max(need, has + slice);
  const within = limit === 0 ? wanted : Math.max(need, Math.min(wanted, limit));
  return Math.min(within, has + left);
}
