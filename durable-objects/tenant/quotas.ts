import { QUOTAS, type QuotaName, type Quotas, type SetQuotasRequest } from '#contract/quotas.ts';
import { row, rows, run } from '../shared/sql.ts';
import { recordChange } from './changes.ts';
import type { ControlStore } from './store.ts';

/** Who set a quota. The platform's is the bound; a tenant's own admins go below it, never above. */
export type QuotaLayer = 'platform' | 'tenant';

/** Of two values the stricter one: less of everything, but longer retention and a higher target. */
const MORE_IS_STRICTER = ['retention_days', 'step_success_permille'];
const stricter = (name: string, a: number, b: number): number =>
  MORE_IS_STRICTER.includes(name) ? Math.max(a, b) : Math.min(a, b);

type Setting = { layer: QuotaLayer; name: QuotaName; value: number };

const perQuota = (of: (name: QuotaName) => number): Quotas =>
  Object.fromEntries((Object.keys(QUOTAS) as QuotaName[]).map((name) => [name, of(name)])) as Quotas;

/** What the platform allows, the default where it has set nothing; and within it what this tenant may use, where its admins set less (TEN-1). */
export function quotaLayers(store: ControlStore): { allowed: Quotas; quotas: Quotas } {
  const set = rows<Setting>(store.sql, 'SELECT layer, name, value FROM quotas');
  const of = (layer: QuotaLayer, name: QuotaName) =>
    set.find((q) => q.layer === layer && q.name === name)?.value;
  const allowed = perQuota((name) => of('platform', name) ?? QUOTAS[name].default);
  const quotas = perQuota((name) => stricter(name, allowed[name], of('tenant', name) ?? allowed[name]));
  return { allowed, quotas };
}

export const quotasOf = (store: ControlStore): Quotas => quotaLayers(store).quotas;

/** Takes effect with the next admission and the next slice; what runs goes on with what it has drawn. */
export function setQuotas(
  store: ControlStore,
  actor: string,
  layer: QuotaLayer,
  change: SetQuotasRequest,
): Quotas {
  for (const [name, value] of Object.entries(change) as [QuotaName, number | null | undefined][]) {
    if (value === undefined) continue;
    if (value === null) run(store.sql, 'DELETE FROM quotas WHERE layer = ? AND name = ?', layer, name);
    else
      run(
        store.sql,
        'INSERT INTO quotas (layer, name, value) VALUES (?, ?, ?) ON CONFLICT (layer, name) DO UPDATE SET value = excluded.value',
        layer,
        name,
        value,
      );
  }
  recordChange(store, actor, 'quotas_set', { layer, change });
  return quotasOf(store);
}

/** Bytes of what the control object keeps for people: plans and their files. */
export const planBytes = (store: ControlStore): number =>
  row<{ n: number | null }>(
    store.sql,
    `SELECT (SELECT coalesce(sum(length(CAST(source AS BLOB))), 0) FROM plans)
          + (SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM plan_files) AS n`,
  )?.n ?? 0;
