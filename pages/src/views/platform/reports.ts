import type { QuotaReport } from '#client/index.ts';
import { ags, failureOf } from '../../api/client.ts';

/** Tenants asked at once. */
const SIDE_BY_SIDE = 6;

/**
 * Quotas and usage of these tenants; null for one that could not be asked. Throws when the session is over, because then none can.
 */
export async function readReports(
  tenants: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, QuotaReport | null>> {
  const found = new Map<string, QuotaReport | null>();
  const left = [...tenants];
  const work = async () => {
    for (let tenant = left.shift(); tenant !== undefined && !signal.aborted; tenant = left.shift()) {
      try {
        found.set(tenant, await ags.quotas(tenant));
      } catch (error) {
        if (failureOf(error).status === 401) throw error;
        found.set(tenant, null);
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return found;
}
