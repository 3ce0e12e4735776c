import { useState } from 'react';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import type { QuotaRow } from '../../models/quotas.ts';
import { ChangeQuota } from './change-quota.tsx';
import { ErrorBudget } from './error-budget.tsx';
import { QuotaList } from './quota-list.tsx';

const EVERY = 15_000;

/** TEN-1: what the tenant may use, and what of it is in use. */
export function QuotasPage() {
  const caller = useCaller();
  const { act } = useAct();
  const asked = useResource('quotas', () => ags.quotas(), { every: EVERY });
  const [changing, setChanging] = useState<QuotaRow | null>(null);
  const may = caller.role === 'admin' && caller.project_ids === null;
  const lift = async (reason: string) => {
    const done = await act(() => ags.liftErrorBudget(reason), 'The error budget is lifted');
    asked.reload();
    return done;
  };
  return (
    <>
      <PageHeader title="Quotas and usage">
        What {caller.tenant} may use, and what of it is in use
        {asked.data && ` in ${asked.data.usage.month}`}. Pipelines that run have their share reserved.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data ? (
        <>
          <ErrorBudget report={asked.data} onLift={may && caller.subject_kind === 'person' ? lift : null} />
          <QuotaList report={asked.data} onChange={may ? setChanging : null} />
        </>
      ) : (
        asked.failure === null && (
          <Loading what="quotas">
            <Skeleton className="h-64" />
          </Loading>
        )
      )}
      {changing && asked.data && (
        <ChangeQuota
          row={changing}
          report={asked.data}
          layer="tenant"
          onClose={() => setChanging(null)}
          onSet={async (change) => {
            await ags.setQuotas(change);
            asked.reload();
          }}
        />
      )}
    </>
  );
}
