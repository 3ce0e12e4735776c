import type { AgentIdentity } from '#client/index.ts';
import type { AgentIdentityStory } from '#contract/identities.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { useResource } from '../../api/use-resource.ts';
import { StaleNote } from '../../components/page-header.tsx';
import { RunLink } from '../../components/run-link.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime, plural } from '../../models/format.ts';
import { changeText } from '../../models/promotion.ts';

type Run = AgentIdentityStory['runs'][number];

const runText = (r: Run): string =>
  [
    r.real_model ? 'a real model' : 'the embedded model, which does not count',
    plural(r.admitted_actions, 'admitted action'),
    r.violations === 0 ? 'no violation' : `${plural(r.violations, 'violation')}, the worst ${r.worst}`,
  ].join(', ');

/** PROM-2: the runs that count, and every change with what justified it. */
export function Story({ identity: a }: { identity: AgentIdentity }) {
  const nameOf = useActorName();
  // A change of the tier is a new line of the story.
  const asked = useResource(
    `identity ${a.identity_id} ${a.tier} ${a.suspended} ${a.since}`,
    () => ags.agentIdentity(a.identity_id),
    { stay: true },
  );
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
              <RunLink id={r.pipeline_id} />{' '}
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
            <li key={c.seq} className="break-words">
              {changeText(c).what} by {nameOf(c.actor)},{' '}
              <span className="text-kumo-subtle tabular">{dateTime(c.at)}</span>
              {changeText(c).why && <>: {changeText(c).why}</>}
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
