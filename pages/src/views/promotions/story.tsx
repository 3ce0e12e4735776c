import { Link } from 'wouter';
import type { AgentIdentityStory } from '#contract/identities.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useResource } from '../../api/use-resource.ts';
import { StaleNote } from '../../components/page-header.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { actorName } from '../../models/actor.ts';
import { dateTime, plural, shortId } from '../../models/format.ts';

type Run = AgentIdentityStory['runs'][number];

const runText = (r: Run): string =>
  [
    r.real_model ? 'a real model' : 'the embedded model, which does not count',
    plural(r.admitted_actions, 'admitted action'),
    r.violations === 0 ? 'no violation' : `${plural(r.violations, 'violation')}, the worst ${r.worst}`,
  ].join(', ');

/** PROM-2: the runs that count, and every change with what justified it. */
export function Story({ identityId }: { identityId: string }) {
  const caller = useCaller();
  const asked = useResource(`identity ${identityId}`, () => ags.agentIdentity(identityId));
  if (asked.failure) return <StaleNote {...asked} onRetry={asked.reload} />;
  if (!asked.data)
    return (
      <Loading what="its story">
        <Skeleton className="h-24" />
      </Loading>
    );
  const { runs, changes } = asked.data;
  return (
    <div className="mt-2 grid gap-4 text-sm lg:grid-cols-2">
      <div className="min-w-0">
        <h3 className="mb-1 font-medium">Runs</h3>
        {runs.length === 0 && <p className="text-kumo-subtle">No run has ended yet.</p>}
        <ul className="flex flex-col gap-1">
          {runs.map((r) => (
            <li key={r.pipeline_id}>
              <Link href={`/pipelines/${r.pipeline_id}`} className="text-kumo-link underline">
                {shortId(r.pipeline_id)}
              </Link>{' '}
              <span className="text-kumo-subtle tabular">{dateTime(r.ended_at)}</span>: {runText(r)}
            </li>
          ))}
        </ul>
      </div>
      <div className="min-w-0">
        <h3 className="mb-1 font-medium">Changes of its tier</h3>
        {changes.length === 0 && <p className="text-kumo-subtle">None so far.</p>}
        <ul className="flex flex-col gap-2">
          {changes.map((c) => (
            <li key={c.seq}>
              {c.type.replaceAll('_', ' ')} by {actorName(c.actor, caller)},{' '}
              <span className="text-kumo-subtle tabular">{dateTime(c.at)}</span>
              <Raw label={`Change ${c.seq}`} className="mt-1 max-h-40 bg-kumo-recessed">
                {JSON.stringify(c.body, null, 2)}
              </Raw>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
