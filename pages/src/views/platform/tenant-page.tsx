import { Button } from '@cloudflare/kumo/components/button';
import { KeyIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { BootstrapKey } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime, plural } from '../../models/format.ts';
import type { QuotaRow } from '../../models/quotas.ts';
import { ChangeQuota } from '../quotas/change-quota.tsx';
import { ErrorBudget } from '../quotas/error-budget.tsx';
import { QuotaList } from '../quotas/quota-list.tsx';
import { AdminKey } from './admin-key.tsx';

const EVERY = 15_000;

/** TEN-1, TEN-2: what a tenant may use, and the way back in for one that has lost its keys. */
export function TenantPage({ tenant }: { tenant: string }) {
  const known = useResource('tenants', () => ags.tenants());
  const asked = useResource(`quotas ${tenant}`, () => ags.quotas(tenant), { every: EVERY });
  const [changing, setChanging] = useState<QuotaRow | null>(null);
  const [asking, setAsking] = useState(false);
  const [created, setCreated] = useState<BootstrapKey | null>(null);
  const entry = known.data?.items.find((t) => t.tenant === tenant);
  const report = asked.data;
  return (
    <>
      <nav aria-label="Breadcrumb" className="text-sm text-kumo-subtle">
        <Link href="/platform" className="inline-block py-0.5 text-kumo-link hover:underline">
          Tenants
        </Link>{' '}
        / {tenant}
      </nav>
      <PageHeader
        title={entry?.name ?? tenant}
        actions={
          report && (
            <Button icon={KeyIcon} onClick={() => setAsking(true)}>
              New admin’s key…
            </Button>
          )
        }
      >
        {entry && `Made ${dateTime(entry.created_at)}. `}
        {report &&
          `${plural(report.usage.pipelines, 'pipeline')} so far; cost and tokens are ${report.usage.month}’s. `}
        What the platform sets here stands in the tenant’s own chained record.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {report ? (
        <>
          <ErrorBudget report={report} onLift={null} />
          <QuotaList report={report} onChange={setChanging} />
        </>
      ) : (
        asked.failure === null && (
          <Loading what="quotas">
            <Skeleton className="h-64" />
          </Loading>
        )
      )}
      {changing && report && (
        <ChangeQuota
          row={changing}
          report={report}
          layer="platform"
          onClose={() => setChanging(null)}
          onSet={async (change) => {
            await ags.setQuotas(change, tenant);
            asked.reload();
          }}
        />
      )}
      {asking && (
        <FormDialog
          title={`An admin’s key for ${tenant}?`}
          description="Whoever has it may do everything in the tenant for an hour, its people and keys included. Make one for a tenant that has lost its own; the tenant’s record says that the platform made it."
          confirm="Make the key"
          ready
          onClose={() => setAsking(false)}
          onSubmit={async () => setCreated(await ags.bootstrapKey(tenant))}
        >
          <p className="text-sm text-kumo-subtle">Keys that the tenant has go on working.</p>
        </FormDialog>
      )}
      {created && <AdminKey tenant={tenant} created={created} onClose={() => setCreated(null)} />}
    </>
  );
}
