import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { FunnelIcon, PlusIcon, RocketLaunchIcon } from '@phosphor-icons/react';
import { useDeferredValue, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { Pipeline } from '#contract/pipeline.ts';
import { useCaller } from '../../api/session.tsx';
import { FailureBanner } from '../../components/failure.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { mayOperate } from '../../models/controls.ts';
import { exact } from '../../models/format.ts';
import { countShown, type ListFilter, listPipelines, SHOWS, type Show } from '../../models/pipeline-list.ts';
import { Filters } from './filters.tsx';
import { PipelineTable } from './pipeline-table.tsx';
import { Samples } from './samples.tsx';
import { SpawnDialog } from './spawn-dialog.tsx';
import { usePipelines } from './use-pipelines.ts';

/** Filters live in the address, so that a view can be shared and the back button works. */
function useFilter(): [ListFilter, (change: Partial<ListFilter>) => void] {
  const [params, setParams] = useSearchParams();
  const show = params.get('show') as Show;
  const filter = {
    show: SHOWS.includes(show) ? show : 'all',
    state: params.get('state') ?? '',
    text: params.get('q') ?? '',
  };
  const change = (part: Partial<ListFilter>) => {
    const { show, state, text } = { ...filter, ...part };
    setParams(
      Object.fromEntries(
        Object.entries({ show: show === 'all' ? '' : show, state, q: text }).filter(([, v]) => v),
      ),
      { replace: true },
    );
  };
  return [filter, change];
}

export function PipelinesPage() {
  const caller = useCaller();
  const [, navigate] = useLocation();
  const [filter, change] = useFilter();
  const [spawning, setSpawning] = useState(false);
  const model = usePipelines(filter);
  const deferred = useDeferredValue(filter);
  const rows = listPipelines(model.pipelines, deferred);
  const counts = countShown(model.pipelines);
  const operator = mayOperate(caller);
  const filtered = filter.show !== 'all' || filter.state !== '' || filter.text !== '';

  const spawned = (pipeline: Pipeline) => {
    model.add(pipeline);
    navigate(`/pipelines/${pipeline.pipeline_id}`);
  };

  return (
    <>
      <div className="mb-6 flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <div>
          <h1 className="text-2xl font-semibold text-kumo-strong">Pipelines</h1>
          <div className="mt-1 flex flex-wrap gap-x-3 text-sm text-kumo-subtle">
            <span className="tabular">{exact(counts.live)} running</span>
            <LiveIndicator stream={model.stream} />
          </div>
        </div>
        {operator && (
          <Button variant="primary" icon={PlusIcon} onClick={() => setSpawning(true)}>
            New pipeline
          </Button>
        )}
      </div>

      {operator && <Samples onSpawned={spawned} />}

      <section aria-labelledby="runs" className="mt-8">
        <h2 id="runs" className="sr-only">
          Runs
        </h2>
        <Filters filter={filter} counts={counts} onChange={change} />
        {model.failure && (
          <div className="mt-4">
            <FailureBanner failure={model.failure} onRetry={model.retry} />
          </div>
        )}
        <div className="mt-4">
          {model.loading ? (
            <Loading what="pipelines">
              <Skeleton className="h-96" />
            </Loading>
          ) : rows.length > 0 ? (
            <PipelineTable
              key={`${filter.show} ${filter.state} ${filter.text}`}
              rows={rows}
              loadMore={model.loadMore}
              loadingMore={model.loadingMore}
            />
          ) : filtered ? (
            <Empty
              className="text-center"
              icon={<FunnelIcon size={48} aria-hidden="true" />}
              title="No pipeline fits these filters"
              contents={
                <Button onClick={() => change({ show: 'all', state: '', text: '' })}>
                  Clear the filters
                </Button>
              }
            />
          ) : (
            <Empty
              className="text-center"
              icon={<RocketLaunchIcon size={48} aria-hidden="true" />}
              title="No pipeline has run yet"
              description={
                operator
                  ? 'Run the sample above to see agents work, disagree and decide under the rules; then bring a plan of your own.'
                  : 'As soon as somebody with the operator role starts one, it shows here.'
              }
            />
          )}
        </div>
      </section>
      {spawning && <SpawnDialog onClose={() => setSpawning(false)} onSpawned={spawned} />}
    </>
  );
}
