import { type AccessRole, HIGHEST_TIER } from '#domain/governance/access-role.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { ProblemError } from './problem.ts';

/**
 * PROM-3: the tier is the least of what the plan asks and the caller may grant. A tier that the request itself asks for and the caller
 * may not grant is refused, for somebody counts on it.
 */
export function grantedTier(role: AccessRole, asked: Tier | undefined): Tier {
  const highest = HIGHEST_TIER[role];
  if (highest !== null && (asked ?? 0) <= highest) return asked ?? highest;
  throw new ProblemError('tier_not_permitted', `The role “${role}” may not grant tier ${asked ?? 0}.`, {
    field: 'tier',
    ...(highest === null ? {} : { remedy: `Ask for tier ${highest} or lower: \`"tier": ${highest}\`.` }),
  });
}
