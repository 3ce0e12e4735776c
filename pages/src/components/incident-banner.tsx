import { SirenIcon, XIcon } from '@phosphor-icons/react';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useIncidents } from '../api/incidents.tsx';
import { useCaller } from '../api/session.tsx';
import { incidentAgent } from '../models/agents.ts';
import { mayOperate } from '../models/controls.ts';
import { timeOfDay } from '../models/format.ts';
import type { Alarm } from '../models/incident.ts';
import { plainRule } from '../models/rule-text.ts';

const StopDialog = lazy(async () => ({
  default: (await import('../views/incident/stop-dialog.tsx')).StopDialog,
}));

const BUTTON =
  'inline-flex min-h-8 items-center rounded-md px-3 text-sm font-semibold outline-white focus-visible:outline-white!';

/** UI-5: within two seconds, on every page: which rule, which agent, which target, when; and what can be done about it. */
export function IncidentBanner() {
  const { alarms, hide } = useIncidents();
  const caller = useCaller();
  const [stopping, setStopping] = useState<Alarm | null>(null);
  const newest = alarms[0];
  return (
    <>
      {newest && (
        <aside aria-label="Incident" className="z-10 bg-red-700 text-white lg:sticky lg:top-0">
          <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5 sm:px-6">
            <div role="alert" className="flex min-w-0 flex-1 basis-72 items-start gap-2.5">
              <SirenIcon size={22} weight="fill" aria-hidden="true" className="mt-px shrink-0" />
              <p className="min-w-0 break-words">
                <strong className="font-semibold">
                  {newest.incident.severity.toUpperCase()}: {plainRule(newest.incident.rule)}
                </strong>{' '}
                <span className="block text-sm">
                  <span className="font-mono">{newest.incident.rule}</span> · {incidentAgent(newest.incident)}{' '}
                  of {newest.pipeline.plan_name} #{newest.pipeline.number}
                  {newest.incident.target && (
                    <>
                      {' '}
                      on <span className="font-mono">{newest.incident.target}</span>
                    </>
                  )}
                  {' at '}
                  <time dateTime={newest.incident.at}>{timeOfDay(newest.incident.at)}</time>:{' '}
                  {newest.incident.consequence}
                  {alarms.length > 1 && ` (and ${alarms.length - 1} more)`}
                </span>
              </p>
            </div>
            <div className="flex items-center gap-2">
              <Link
                href={`/incidents/${newest.pipeline.pipeline_id}`}
                className={`${BUTTON} bg-white text-red-800 hover:bg-red-50`}
              >
                See what happened
              </Link>
              {mayOperate(caller) && (
                <button
                  type="button"
                  className={`${BUTTON} cursor-pointer border border-white hover:bg-red-800`}
                  onClick={() => setStopping(newest)}
                >
                  Stop…
                </button>
              )}
              <button
                type="button"
                aria-label="Hide this incident"
                className="inline-flex size-8 cursor-pointer items-center justify-center rounded-md hover:bg-red-800 focus-visible:outline-white!"
                onClick={() => hide(newest.incident.violation_id)}
              >
                <XIcon aria-hidden="true" />
              </button>
            </div>
          </div>
        </aside>
      )}
      {stopping && (
        <Suspense>
          <StopDialog
            pipeline={stopping.pipeline}
            incident={stopping.incident}
            onClose={() => setStopping(null)}
          />
        </Suspense>
      )}
    </>
  );
}
