/** PIPE-11 and CONS-4: defaults of one pipeline's limits; a plan may set each within its range. Times in seconds, money in micro-USD. */
export const LIMITS = {
  rounds: { default: 8, min: 1, max: 50 },
  round_s: { default: 300, min: 5, max: 3_600 },
  deadline_s: { default: 3_600, min: 10, max: 7 * 86_400 },
  steps: { default: 200, min: 1, max: 10_000 },
  tokens: { default: 2_000_000, min: 1_000, max: 1_000_000_000 },
  cost_microusd: { default: 5_000_000, min: 0, max: 10_000_000_000 },
  actions: { default: 50, min: 0, max: 10_000 },
} as const;
export type LimitName = keyof typeof LIMITS;
export type Limits = Record<LimitName, number>;

export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { default: value }]) => [name, value]),
) as Limits;

/** PIPE-11: what of the tenant's budget a run with these limits sets aside. */
export const sliceOf = ({ tokens, cost_microusd }: Limits): { tokens: number; cost_microusd: number } => ({
  tokens,
  cost_microusd,
});
