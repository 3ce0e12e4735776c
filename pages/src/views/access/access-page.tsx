import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { Keys } from './keys.tsx';
import { People, Projects } from './people.tsx';
import { useAccess } from './use-access.ts';

/** UI-1: who may do what in this tenant. */
export function AccessPage() {
  const asked = useAccess();
  return (
    <>
      <PageHeader title="Keys and people">
        Who may do what in this tenant. Changes are part of the tenant’s own chained record.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data ? (
        <div className="flex flex-col gap-8">
          <Keys access={asked.data} onChanged={asked.reload} />
          <People access={asked.data} onChanged={asked.reload} />
          <Projects access={asked.data} onChanged={asked.reload} />
        </div>
      ) : (
        asked.failure === null && (
          <Loading what="keys and people">
            <Skeleton className="mb-6 h-48" />
            <Skeleton className="h-32" />
          </Loading>
        )
      )}
    </>
  );
}
