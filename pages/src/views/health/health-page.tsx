import { Badge } from '@cloudflare/kumo/components/badge';
import { CheckCircleIcon, type Icon, QuestionIcon, WarningIcon, XCircleIcon } from '@phosphor-icons/react';
import type { BreakerView, DependencyHealth } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { RunLink } from '../../components/run-link.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { exact } from '../../models/format.ts';

const HEALTH_EVERY = 10_000;
const ERRORS_EVERY = 30_000;

type Status = DependencyHealth['status'];

const LOOK: Record<Status, { Icon: Icon; color: string; label: string }> = {
  up: { Icon: CheckCircleIcon, color: 'text-kumo-success', label: 'up' },
  degraded: { Icon: WarningIcon, color: 'text-kumo-warning', label: 'slow or partly failing' },
  down: { Icon: XCircleIcon, color: 'text-kumo-danger', label: 'down' },
  unknown: { Icon: QuestionIcon, color: 'text-kumo-subtle', label: 'not asked yet' },
};

const NAMES: Record<string, string> = {
  d1: 'Database (D1)',
  ledger: 'Ledger against its pipelines',
  objects: 'Pipeline objects',
  queues: 'Queues',
  vault: 'Vault',
  redis: 'Credential store',
  model: 'Model',
  error_budget: 'Error budget of the tenant',
};

function Dependency({ dependency: d }: { dependency: DependencyHealth }) {
  const { Icon, color, label } = LOOK[d.status];
  return (
    <li className="panel p-4">
      <h3 className="flex items-center gap-2 font-semibold">
        <Icon size={20} weight="fill" aria-hidden="true" className={color} />
        {NAMES[d.name] ?? d.name}
      </h3>
      <p className="mt-1 text-sm tabular">
        {label}
        {d.latency_ms !== null && <span className="text-kumo-subtle"> · {exact(d.latency_ms)} ms</span>}
      </p>
      {d.detail && <p className="mt-1 text-sm break-words text-kumo-subtle">{d.detail}</p>}
      {d.last_error && <p className="mt-1 text-sm break-words text-kumo-danger">{d.last_error}</p>}
    </li>
  );
}

const BREAKER_LOOK: Record<BreakerView['state'], { Icon: Icon; color: string; text: string }> = {
  closed: { Icon: WarningIcon, color: 'text-kumo-warning', text: 'works; some calls have failed lately' },
  open: { Icon: XCircleIcon, color: 'text-kumo-danger', text: 'not called: too many calls have failed' },
  half_open: {
    Icon: QuestionIcon,
    color: 'text-kumo-warning',
    text: 'one call tries whether it works again',
  },
};

const breakerName = (name: string): string => NAMES[name] ?? `Model ${name.replace(/^model:/, '')}`;

/** OPS-1: what the system does not call at the moment, and since when. */
function Breakers({ breakers }: { breakers: readonly BreakerView[] }) {
  return (
    <section aria-labelledby="breakers" className="mt-8">
      <h2 id="breakers" className="mb-3 font-semibold text-kumo-strong">
        Circuit breakers
      </h2>
      {breakers.length === 0 ? (
        <p className="panel p-4 text-sm text-kumo-subtle">All are closed: every dependency is called.</p>
      ) : (
        <ul className="panel">
          {breakers.map((b) => {
            const { Icon, color, text } = BREAKER_LOOK[b.state];
            return (
              <li key={b.name} className="border-t border-kumo-line px-4 py-3 first:border-t-0">
                <h3 className="flex flex-wrap items-center gap-2">
                  <Icon size={18} weight="fill" aria-hidden="true" className={color} />
                  <span className="font-semibold break-words">{breakerName(b.name)}</span>
                  <Badge variant={b.state === 'open' ? 'error' : 'warning'}>
                    {b.state.replace('_', '-')}
                  </Badge>
                </h3>
                <p className="mt-1 text-sm text-kumo-subtle">
                  {text}
                  {b.opened_at && (
                    <>
                      {' '}
                      (since <Ago at={b.opened_at} />)
                    </>
                  )}
                </p>
                {b.last_error && (
                  <p className="mt-1 text-sm break-words text-kumo-danger">
                    {b.last_error.message} <Ago at={b.last_error.at} />
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function Errors() {
  const asked = useResource('errors', () => ags.errors(), { every: ERRORS_EVERY });
  return (
    <section aria-labelledby="errors" className="mt-8">
      <h2 id="errors" className="mb-3 font-semibold text-kumo-strong">
        Errors of pipelines
      </h2>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="errors">
            <Skeleton className="h-32" />
          </Loading>
        )
      ) : asked.data.items.length === 0 ? (
        <p className="panel p-4 text-sm text-kumo-subtle">No step has failed.</p>
      ) : (
        <ul className="panel">
          {asked.data.items.map((e) => (
            <li key={e.fingerprint} className="border-t border-kumo-line px-4 py-3 first:border-t-0">
              <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <Badge variant="secondary">{e.code}</Badge>
                <span className="text-sm text-kumo-subtle">{e.source}</span>
                <span className="ml-auto text-sm text-kumo-subtle tabular">
                  {e.count === 1 ? 'once' : `${exact(e.count)} times, last`} <Ago at={e.last_seen} />
                </span>
              </div>
              <p className="mt-1 break-words">{e.message}</p>
              <p className="mt-1 flex flex-wrap gap-x-3 text-sm">
                {e.pipeline_ids.slice(0, 5).map((id) => (
                  <RunLink key={id} id={id} />
                ))}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const OVERALL: Record<'up' | 'degraded' | 'down', string> = {
  up: 'Everything that the system needs answers.',
  degraded: 'Some of what the system needs is slow or away. Work that needs it waits; nothing is lost.',
  down: 'The system cannot work: its objects do not answer.',
};

/** OPS-1, OBS-4: every hop that the system needs, and what went wrong lately. */
export function HealthPage() {
  const asked = useResource('health', () => ags.health(), { every: HEALTH_EVERY });
  return (
    <>
      <PageHeader title="Health">
        {asked.data ? <span role="status">{OVERALL[asked.data.status]}</span> : 'Every hop is asked.'}
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="health">
            <Skeleton className="h-40" />
          </Loading>
        )
      ) : (
        <section aria-labelledby="hops">
          <h2 id="hops" className="sr-only">
            Dependencies
          </h2>
          <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
            {asked.data.dependencies.map((d) => (
              <Dependency key={d.name} dependency={d} />
            ))}
          </ul>
          <Breakers breakers={asked.data.breakers ?? []} />
        </section>
      )}
      <Errors />
    </>
  );
}
