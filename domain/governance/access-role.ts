import type { Tier } from './tier.ts';

/** TEN-2. A platform admin (tenants) is not a role in a tenant. */
export const ACCESS_ROLES = ['viewer', 'operator', 'admin', 'auditor'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

/** PROM-3: the highest tier that a role may grant; null grants none. */
export const HIGHEST_TIER: Record<AccessRole, Tier | null> = {
  viewer: null,
  auditor: null,
  operator: 1,
  admin: 2,
};
