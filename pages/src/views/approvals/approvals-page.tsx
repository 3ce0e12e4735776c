import { Empty } from '@cloudflare/kumo/components/empty';
import { StampIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { ApprovalView } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useLivePipelines } from '../../api/live-pipelines.tsx';
import { useResource } from '../../api/use-resource.ts';
import { Choices } from '../../components/choices.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { Approval } from './approval.tsx';

const SHOWN = { pending: 'Pending', decided: 'Decided' } as const;
type Shown = keyof typeof SHOWN;

/** How often decisions of others and expiries are looked for (ms); what begins to wait shows at once by the stream. */
const EVERY = 15_000;

/** UI-1, GOV-5: everything that waits for a person's yes, across pipelines. */
export function ApprovalsPage() {
  const { live, stream } = useLivePipelines();
  const [shown, show] = useState<Shown>('pending');
  const waiting = [...live.values()]
    .filter((p) => p.waiting_for === 'approval')
    .map((p) => `${p.pipeline_id} ${p.seq}`)
    .join();
  const asked = useResource(`approvals ${waiting}`, () => ags.approvals(), { every: EVERY, stay: true });
  const items = (asked.data?.items ?? []).filter((a) => (a.status === 'pending') === (shown === 'pending'));

  const where = (a: ApprovalView) => {
    const p = live.get(a.pipeline_id);
    return (
      <Link href={`/pipelines/${a.pipeline_id}`} className="text-kumo-link underline">
        {p ? `${p.plan_name} #${p.number}` : a.pipeline_id}
      </Link>
    );
  };
  return (
    <>
      <PageHeader title="Approvals">
        What agents may not do, and people may not decide, alone. An approval binds exactly what is shown, is
        used once, and is never given by who asked.
        <span className="mt-1 block">
          <LiveIndicator stream={stream} />
        </span>
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      <Choices label="Which approvals" options={SHOWN} value={shown} onChange={show} />
      <section aria-labelledby="approvals" className="mt-4">
        <h2 id="approvals" className="sr-only">
          {SHOWN[shown]}
        </h2>
        {asked.data === null ? (
          asked.failure === null && (
            <Loading what="approvals">
              <Skeleton className="h-48" />
            </Loading>
          )
        ) : items.length > 0 ? (
          <ul className="grid items-start gap-4 lg:grid-cols-2">
            {items.map((a) => (
              <Approval
                key={a.approval_id}
                approval={a}
                open={a.status === 'pending'}
                where={where(a)}
                onDecided={asked.reload}
                card
              />
            ))}
          </ul>
        ) : (
          <Empty
            className="text-center"
            icon={<StampIcon size={48} aria-hidden="true" />}
            title={
              shown === 'pending' ? 'Nothing waits for an approval' : 'Nothing was decided in live pipelines'
            }
            description={
              shown === 'pending'
                ? 'When an action or a higher tier needs a person, it shows here and on its pipeline’s page.'
                : 'Approvals of ended pipelines stand on their own pages, and in the ledger.'
            }
          />
        )}
      </section>
    </>
  );
}
