import type { Tenant } from '#client/index.ts';
import type { QuotaName, QuotaReport } from '#contract/quotas.ts';
import { quotaRows, tone } from './quotas.ts';

/** What the platform looks at first, of what a tenant can use up. */
export const WATCHED = [
  'live_pipelines',
  'monthly_cost_microusd',
  'monthly_tokens',
  'storage_bytes',
] as const satisfies QuotaName[];

export interface TenantStatus {
  label: string;
  variant: 'success' | 'warning' | 'error';
}

/** TEN-1: how a tenant stands: the worst of what is true of it. */
export function tenantStatus(report: QuotaReport): TenantStatus {
  if (report.usage.error_budget.spent) return { label: 'error budget spent', variant: 'error' };
  const tones = quotaRows(report)
    .filter(({ name }) => (WATCHED as readonly string[]).includes(name))
    .map(({ share }) => (share === null ? 'fine' : tone(share)));
  if (tones.includes('full')) return { label: 'a quota is used up', variant: 'error' };
  if (tones.includes('near')) return { label: 'nearly used up', variant: 'warning' };
  return { label: 'within its quotas', variant: 'success' };
}

/** Those whose id or name has these letters, in any case. */
export function matching(tenants: readonly Tenant[], text: string): Tenant[] {
  const wanted = text.trim().toLowerCase();
  return tenants.filter(({ tenant, name }) => `${tenant} ${name}`.toLowerCase().includes(wanted));
}

/** A tenant's id that a name suggests: what the API takes, or '' where nothing of the name can stand in one. */
export const suggestId = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');

export const TENANT_ID = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;
