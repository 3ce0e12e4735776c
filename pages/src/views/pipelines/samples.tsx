import { Button } from '@cloudflare/kumo/components/button';
import { useKumoToastManager } from '@cloudflare/kumo/components/toast';
import { PlayIcon } from '@phosphor-icons/react';
import { useEffect, useState } from 'react';
import type { Pipeline, Sample } from '#client/index.ts';
import { ags, failureOf, idempotencyKey } from '../../api/client.ts';
import { Loading, Skeleton } from '../../components/skeleton.tsx';

/** RUN-7: one click each runs the sample and the ways in which a run can go. */
export function Samples({ onSpawned }: { onSpawned(pipeline: Pipeline): void }) {
  const toasts = useKumoToastManager();
  const [samples, setSamples] = useState<Sample[] | null>(null);
  const [running, setRunning] = useState<string | null>(null);

  useEffect(() => {
    let over = false;
    ags.samples().then(
      ({ items }) => over || setSamples(items),
      // The rest of the page works without samples, so nothing alarming is shown for them.
      () => over || setSamples([]),
    );
    return () => {
      over = true;
    };
  }, []);

  const run = async (sample: Sample) => {
    setRunning(sample.name);
    try {
      onSpawned(await ags.spawn({ plan: { source: sample.source, files: sample.files } }, idempotencyKey()));
    } catch (error) {
      const { title, detail } = failureOf(error);
      toasts.add({ variant: 'error', title, description: detail });
      setRunning(null);
    }
  };

  if (samples?.length === 0) return null;
  return (
    <section aria-labelledby="samples">
      <h2 id="samples" className="mb-3 text-sm font-medium text-kumo-subtle">
        Try it: one click runs a plan, start to verdict
      </h2>
      {samples === null ? (
        <Loading what="samples">
          <Skeleton className="h-28" />
        </Loading>
      ) : (
        <ul className="-mx-4 flex snap-x scroll-px-4 gap-3 overflow-x-auto px-4 pb-2 sm:mx-0 sm:grid sm:grid-cols-2 sm:overflow-visible sm:px-0 lg:grid-cols-3 xl:grid-cols-5">
          {samples.map((sample) => (
            <li
              key={sample.name}
              className="panel flex w-64 shrink-0 snap-start flex-col gap-1 p-4 sm:w-auto"
            >
              <h3 className="font-medium text-kumo-strong">{sample.title}</h3>
              <div className="flex-1">
                <p className="line-clamp-4 text-sm text-kumo-subtle" title={sample.description}>
                  {sample.description}
                </p>
              </div>
              <div className="mt-2">
                <Button
                  size="sm"
                  icon={<PlayIcon weight="fill" />}
                  loading={running === sample.name}
                  disabled={running !== null}
                  aria-label={`Run ${sample.title}`}
                  onClick={() => void run(sample)}
                >
                  Run
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
