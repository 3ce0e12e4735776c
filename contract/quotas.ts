import * as z from 'zod';
import { BUDGET_WINDOWS } from '#domain/governance/error-budget.ts';
import { LEGAL_MINIMUM_DAYS } from '#domain/ledger/retention.ts';
import { Time } from './primitives.ts';

/**
 * TEN-1: what a tenant may use, with the default and the range of each. Money in micro-USD, months are calendar months in UTC; storage
 * counts stored plans, memory, and logs and documents of pipelines, archived ones too. `retention_days` is LEDG-5's.
 */
export const QUOTAS = {
  live_pipelines: { default: 100, min: 0, max: 10_000 },
  /** ENF-1: diagnoses of stopped runs have a quota of their own. */
  live_diagnostics: { default: 10, min: 0, max: 1_000 },
  spawns_per_minute: { default: 120, min: 0, max: 10_000 },
  monthly_tokens: { default: 1_000_000_000, min: 0, max: 1_000_000_000_000 },
  monthly_cost_microusd: { default: 1_000_000_000, min: 0, max: 1_000_000_000_000 },
  storage_bytes: { default: 1_000_000_000, min: 0, max: 1_000_000_000_000 },
  /** ENF-5: the target of the error budget: of the agents' steps, so many per mille are to be free of the agents' own errors. */
  step_success_permille: { default: 950, min: 500, max: 999 },
  retention_days: { default: LEGAL_MINIMUM_DAYS, min: LEGAL_MINIMUM_DAYS, max: 3_650 },
} as const;
export type QuotaName = keyof typeof QUOTAS;
export type Quotas = Record<QuotaName, number>;

const shape = <T extends z.ZodType>(one: (range: { min: number; max: number }) => T) =>
  Object.fromEntries(Object.entries(QUOTAS).map(([name, range]) => [name, one(range)])) as Record<
    QuotaName,
    T
  >;

/** Those that are named change; null sets one back to its default. */
export const SetQuotasRequest = z
  .strictObject(shape(({ min, max }) => z.int().min(min).max(max).nullable().optional()))
  .refine((r) => Object.keys(r).length > 0, { error: 'name at least one quota' });
export type SetQuotasRequest = z.infer<typeof SetQuotasRequest>;

/** ENF-5: burn rates are hundredths of the rate that uses the budget up exactly; a window is spent above its limit. */
export const ErrorBudgetReport = z
  .object({
    target_permille: z.int(),
    windows: z.array(
      z.object({
        window: z.enum(BUDGET_WINDOWS),
        good: z.int(),
        bad: z.int(),
        burn_hundredths: z.int(),
        limit_hundredths: z.int(),
        spent: z.boolean(),
      }),
    ),
    /** Since when nothing new is begun, and why; null while the budget holds. */
    spent: z.object({ since: Time, detail: z.string(), retry_after_s: z.int() }).nullable(),
  })
  .meta({ id: 'ErrorBudget' });
export type ErrorBudgetReport = z.infer<typeof ErrorBudgetReport>;

export const LiftErrorBudgetRequest = z.strictObject({ reason: z.string().trim().min(1).max(500) });

export const QuotaReport = z
  .object({
    quotas: z.object(shape(() => z.int())),
    /** What the platform allows, below which the tenant's own admins may go. */
    allowed: z.object(shape(() => z.int())),
    /** What of them is in use now; `month` is the one that tokens and cost are of. */
    usage: z.object({
      month: z.string(),
      live_pipelines: z.int(),
      live_diagnostics: z.int(),
      spawns_last_minute: z.int(),
      /** Drawn by pipelines: what ended ones used, and the slices of those that run. */
      tokens: z.int(),
      cost_microusd: z.int(),
      /** null: the ledger database cannot be reached. */
      storage_bytes: z.int().nullable(),
      /** What of it lies where; what the ledger database holds is null with it. Pipelines count from when they ended or last waited for somebody. */
      storage: z.object({
        plans: z.int(),
        pipelines: z.int(),
        archives: z.int(),
        memory: z.int().nullable(),
        artifacts: z.int().nullable(),
        bugs: z.int().nullable(),
      }),
      pipelines: z.int(),
      error_budget: ErrorBudgetReport,
    }),
  })
  .meta({ id: 'QuotaReport' });
export type QuotaReport = z.infer<typeof QuotaReport>;
