import { useSearchParams } from 'wouter';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { Choices } from '../../components/choices.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { Draft } from './draft.tsx';
import { InForce } from './in-force.tsx';
import { Report } from './report.tsx';
import { Versions } from './versions.tsx';

const VIEWS = { now: 'In force', draft: 'Draft', versions: 'Versions', report: 'Observed' } as const;
type View = keyof typeof VIEWS;

/** UI-1, GOV-4: what judges every action, written, tried and published here. */
export function PoliciesPage() {
  const [params, setParams] = useSearchParams();
  const wanted = params.get('view') ?? 'now';
  const view = (wanted in VIEWS ? wanted : 'now') as View;
  const asked = useResource('policies in force', async () => {
    const [inForce, projects] = await Promise.all([ags.policiesInForce(), ags.projects()]);
    return { inForce, projects: projects.items };
  });
  const show = (next: View) => setParams(next === 'now' ? {} : { view: next });
  const published = () => {
    asked.reload();
    show('now');
  };
  const body = () => {
    if (view === 'versions') return <Versions />;
    if (view === 'report') return <Report />;
    if (!asked.data)
      return (
        asked.failure === null && (
          <Loading what="the policies">
            <Skeleton className="h-64" />
          </Loading>
        )
      );
    return view === 'draft' ? (
      <Draft inForce={asked.data.inForce} onPublished={published} />
    ) : (
      <InForce {...asked.data} onChanged={asked.reload} />
    );
  };
  return (
    <>
      <PageHeader title="Policies">
        Every action of every agent is judged by these before it happens. What no policy allows is refused.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      <Choices label="View" options={VIEWS} value={view} onChange={show} />
      <div className="mt-6">{body()}</div>
    </>
  );
}
