/** GOV-1: 0 observer (reads), 1 executor (writes inside the sandbox), 2 operator (acts on allowed targets). */
export const TIERS = [0, 1, 2] as const;
export type Tier = (typeof TIERS)[number];

export const TIER_NAMES: Record<Tier, string> = { 0: 'observer', 1: 'executor', 2: 'operator' };

/** PROM-3: a pipeline's tier is the least of what the plan asks, the identity earned, and the caller may grant. */
export const leastTier = (first: Tier, ...others: Tier[]): Tier => Math.min(first, ...others) as Tier;
