/** LEDG-5: the shortest time that a ledger is kept where it is, whatever a tenant sets (days). */
export const LEGAL_MINIMUM_DAYS = 180;

const DAY_MS = 24 * 3_600_000;

/** What ended before this time is old enough to be archived; times in ms since 1970. Less than the legal minimum counts as that. */
export const archivedBefore = (now: number, retentionDays: number): number =>
  now - Math.max(LEGAL_MINIMUM_DAYS, retentionDays) * DAY_MS;
