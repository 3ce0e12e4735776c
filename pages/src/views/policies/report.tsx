import { Badge } from '@cloudflare/kumo/components/badge';
import { Link } from 'wouter';
import type { PolicyReport } from '#contract/policies.ts';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime, exact, plural } from '../../models/format.ts';
import { DECISION_TEXT } from '../../models/policies.ts';

function Item({ item: i }: { item: PolicyReport['items'][number] }) {
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-2">
        <Badge variant={DECISION_TEXT[i.would_be].variant}>would be {DECISION_TEXT[i.would_be].label}</Badge>
        <span className="font-mono text-sm break-all">
          <span className="font-semibold">{i.tool}</span>
          {i.target && <span className="text-kumo-subtle"> → {i.target}</span>}
        </span>
        <span className="ml-auto text-sm text-kumo-subtle tabular">{dateTime(i.at)}</span>
      </div>
      <p className="mt-1 text-sm break-words">{i.reason}</p>
      {i.remedy && <p className="mt-1 text-sm break-words">Instead: {i.remedy}</p>}
      <p className="mt-1 text-sm text-kumo-subtle">
        <span className="font-mono text-xs break-all">{i.determining.join(', ')}</span> ·{' '}
        <Link href={`/pipelines/${i.pipeline_id}`} className="text-kumo-link underline">
          Its pipeline
        </Link>
      </p>
    </li>
  );
}

/** GOV-10: the difference between observing and enforcing, action by action. */
export function Report() {
  const asked = useResource('policy report', () => ags.policyReport());
  if (asked.failure) return <StaleNote {...asked} onRetry={asked.reload} />;
  if (!asked.data)
    return (
      <Loading what="the report">
        <Skeleton className="h-40" />
      </Loading>
    );
  const { items, examined, truncated } = asked.data;
  return (
    <section aria-labelledby="report">
      <h2 id="report" className="sr-only">
        Report
      </h2>
      <p className={items.length === 0 ? 'panel p-4' : 'mb-3'}>
        {items.length === 0
          ? `Of ${plural(examined, 'recorded action')}, none happened that enforcing would have refused. A project that only observes is told about here: what went through, and which policy would have stopped it.`
          : `${exact(items.length)} of ${plural(examined, 'recorded action')} happened although the policies said otherwise, because their project only observes.`}
        {truncated && ' The newest were looked at; there are more.'}
      </p>
      {items.length > 0 && (
        <ul className="panel">
          {items.map((i) => (
            <Item key={i.action_id} item={i} />
          ))}
        </ul>
      )}
    </section>
  );
}
