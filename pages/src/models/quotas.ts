import type { QuotaName, QuotaReport } from '#contract/quotas.ts';
import { exact, money } from './format.ts';

/** TEN-1: one quota as a reader wants it. */
export interface QuotaRow {
  name: QuotaName;
  label: string;
  limit: string;
  /** null: it is not something that is used up, or it is not known. */
  used: string | null;
  /** 0 to 1, and beyond where use is over the limit; of nothing, all is used. null without a use. */
  share: number | null;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes in thousands, as storage is sold. */
export function bytes(n: number): string {
  const at = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3));
  const value = n / 1_000 ** at;
  return `${at === 0 ? exact(value) : value.toFixed(1).replace(/\.0$/, '')} ${UNITS[at]}`;
}

interface Shape {
  label: string;
  /** What happens while a limit is at or below what is in use, where something does. */
  full?: string;
  /** What a limit of zero means, where that is more. */
  zero?: string;
  say(n: number): string;
  used(usage: QuotaReport['usage']): number | null;
}

const SHAPES: Record<QuotaName, Shape> = {
  live_pipelines: {
    label: 'Pipelines at once',
    full: 'No new pipeline is begun until others have ended.',
    zero: 'No pipeline is begun at all.',
    say: exact,
    used: (u) => u.live_pipelines,
  },
  live_diagnostics: {
    label: 'Diagnoses at once',
    full: 'No diagnosis is begun until others have ended.',
    zero: 'No diagnosis is begun at all.',
    say: exact,
    used: (u) => u.live_diagnostics,
  },
  spawns_per_minute: {
    label: 'Starts per minute',
    full: 'No new pipeline is begun for up to a minute.',
    zero: 'No pipeline is begun at all.',
    say: exact,
    used: (u) => u.spawns_last_minute,
  },
  monthly_tokens: {
    label: 'Tokens this month',
    full: 'Runs wait before their next call of a model, until the month is over or this is raised.',
    say: exact,
    used: (u) => u.tokens,
  },
  monthly_cost_microusd: {
    label: 'Cost this month',
    full: 'Runs wait before their next call of a model, until the month is over or this is raised.',
    say: money,
    used: (u) => u.cost_microusd,
  },
  storage_bytes: {
    label: 'Plans, memory and runs',
    full: 'Nothing more is stored: new plans, memory and runs are refused.',
    say: bytes,
    used: (u) => u.storage_bytes,
  },
  step_success_permille: {
    label: 'Steps free of agents’ errors, target',
    say: (n) => `${n / 10} %`,
    used: () => null,
  },
  retention_days: { label: 'Days that the ledger is kept', say: exact, used: () => null },
};

export const QUOTA_NAMES = Object.keys(SHAPES) as QuotaName[];
export const quotaSay = (name: QuotaName, n: number): string => SHAPES[name].say(n);

export const quotaRows = ({ quotas, usage }: QuotaReport): QuotaRow[] =>
  QUOTA_NAMES.map((name) => {
    const { label, say, used } = SHAPES[name];
    const limit = quotas[name];
    const n = used(usage);
    return {
      name,
      label,
      limit: say(limit),
      used: n === null ? null : say(n),
      share: n === null ? null : limit === 0 ? 1 : n / limit,
    };
  });

/** ENF-5: what a reader should know of the tenant's error budget. */
export function budgetText({ error_budget }: QuotaReport['usage']): { spent: boolean; text: string } {
  const { spent, windows, target_permille } = error_budget;
  if (spent)
    return {
      spent: true,
      text: `The error budget is spent: ${spent.detail} Nothing new is begun until that is past, or a person who is an admin of the tenant lifts it.`,
    };
  const burn = windows.map(({ window, burn_hundredths, limit_hundredths }) => {
    const length = window === 'fast' ? '5 minutes' : 'hour';
    return `${burn_hundredths / 100} of ${limit_hundredths / 100} in the last ${length}`;
  });
  return {
    spent: false,
    text: `Error budget at a target of ${target_permille / 10} %: it burns at ${burn.join(', ')}.`,
  };
}

/** What a limit of `n` would do that whoever sets it may not expect; null: nothing. */
export function consequence(name: QuotaName, n: number, { quotas, usage }: QuotaReport): string | null {
  const { full, zero, say, used } = SHAPES[name];
  const inUse = used(usage);
  if (zero !== undefined && n === 0) return zero;
  if (full !== undefined && inUse !== null && n <= inUse) return `In use: ${say(inUse)}. ${full}`;
  if (name === 'retention_days' && n < quotas.retention_days)
    return 'Runs that are older than that leave the ledger for the archive within the next hours, and do not come back by raising it again.';
  return null;
}

/** How near to the limit: from here on a reader should act. */
export const tone = (share: number): 'fine' | 'near' | 'full' =>
  share >= 1 ? 'full' : share >= 0.8 ? 'near' : 'fine';
