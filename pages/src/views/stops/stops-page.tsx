import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { PowerIcon, StopIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { KillSwitch, Project } from '#client/index.ts';
import { pipelineIdOf } from '#domain/ids.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { RunLink } from '../../components/run-link.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { mayOperate } from '../../models/controls.ts';
import { plural } from '../../models/format.ts';
import { wideChoices } from '../../models/stop.ts';
import { AskStop } from '../incident/stop-dialog.tsx';

const EVERY = 5_000;

const SCOPE: Record<KillSwitch['scope'], string> = {
  agent: 'Agent',
  pipeline: 'Pipeline',
  project: 'Project',
  tenant: 'Tenant',
  system: 'The whole deployment',
};

function What({ kill: k, projects }: { kill: KillSwitch; projects: readonly Project[] }) {
  if (k.scope === 'system') return <>{SCOPE.system}</>;
  const pipelineId = k.scope === 'agent' ? pipelineIdOf(k.id) : k.scope === 'pipeline' ? k.id : null;
  const name = projects.find((p) => p.project_id === k.id)?.name ?? k.id;
  return (
    <>
      {SCOPE[k.scope]}{' '}
      {pipelineId ? (
        <>
          {k.scope === 'agent' && <span className="font-mono text-sm break-all">{k.id} of </span>}
          <RunLink id={pipelineId} />
        </>
      ) : (
        name
      )}
    </>
  );
}

interface SwitchProps {
  kill: KillSwitch;
  projects: readonly Project[];
  onLift: (() => void) | null;
}

function Switch({ kill: k, projects, onLift }: SwitchProps) {
  const nameOf = useActorName();
  return (
    <li className={`panel p-4 ${k.lifted_at ? '' : 'border-l-4 border-l-kumo-danger'}`}>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h3 className="min-w-0 font-semibold break-words">
          <What kill={k} projects={projects} />
        </h3>
        <Badge variant={k.lifted_at ? 'secondary' : 'error'}>{k.lifted_at ? 'lifted' : 'stopped'}</Badge>
      </div>
      <p className="mt-1 break-words">{k.reason}</p>
      <p className="mt-1 text-sm text-kumo-subtle">
        Thrown by {nameOf(k.by)} <Ago at={k.at} />
        {k.lifted_at && (
          <>
            , lifted by {nameOf(k.lifted_by ?? '')} <Ago at={k.lifted_at} />: {k.lift_reason}
          </>
        )}
      </p>
      {k.unacknowledged.length > 0 && !k.lifted_at && (
        <p className="mt-1 text-sm text-kumo-warning">
          {plural(k.unacknowledged.length, 'pipeline')} not heard of yet; without a permit, nothing of them is
          authorised: <span className="break-all">{k.unacknowledged.join(', ')}</span>
        </p>
      )}
      {onLift && (
        <div className="mt-3">
          <Button size="sm" onClick={onLift}>
            Lift
          </Button>
        </div>
      )}
    </li>
  );
}

const LIFT: Record<KillSwitch['scope'], string> = {
  agent: 'The agent stays stopped; its seat is given to a new one.',
  pipeline: 'The pipeline stays ended; it may be forked again.',
  project: 'New pipelines of the project may start. What was stopped stays stopped.',
  tenant: 'New pipelines may start. What was stopped stays stopped.',
  system: 'Only the platform’s key lifts it.',
};

/** ENF-6: what is stopped now, by whom and why; thrown and lifted here. */
export function StopsPage() {
  const caller = useCaller();
  const { act } = useAct();
  const asked = useResource('kill switches', () => ags.killSwitches(), { every: EVERY });
  const known = useResource('projects', () => ags.projects());
  const [project, setProject] = useState<Project | null>(null);
  const [lifting, setLifting] = useState<KillSwitch | null>(null);
  const projects = known.data?.items ?? [];
  const all = asked.data?.items ?? [];
  const parts = [
    { title: 'Standing', items: all.filter((k) => k.lifted_at === null) },
    { title: 'Lifted', items: all.filter((k) => k.lifted_at !== null) },
  ].filter(({ items }) => items.length > 0);
  const mayLift = (k: KillSwitch) =>
    mayOperate(caller) && caller.subject_kind === 'person' && k.scope !== 'system' && k.lifted_at === null;
  return (
    <>
      <PageHeader
        title="Kill switches"
        actions={
          mayOperate(caller) &&
          projects.map((p) => (
            <Button
              key={p.project_id}
              variant="secondary-destructive"
              icon={<StopIcon weight="fill" />}
              onClick={() => setProject(p)}
            >
              Stop {p.name}…
            </Button>
          ))
        }
      >
        From the moment a switch is thrown, nothing in its scope is authorised. Agents and pipelines are
        stopped on their own pages; a person lifts what anybody has stopped.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="kill switches">
            <Skeleton className="h-40" />
          </Loading>
        )
      ) : parts.length === 0 ? (
        <Empty
          className="text-center"
          icon={<PowerIcon size={48} aria-hidden="true" />}
          title="Nothing is stopped"
          description="When a person or a rule throws a switch, it stands here until somebody lifts it."
        />
      ) : (
        parts.map(({ title, items }) => (
          <section key={title} aria-labelledby={`kills-${title}`} className="mb-8">
            <h2 id={`kills-${title}`} className="mb-3 font-semibold text-kumo-strong">
              {title}
            </h2>
            <ul className="flex flex-col gap-3">
              {items.map((k) => (
                <Switch
                  key={k.kill_id}
                  kill={k}
                  projects={projects}
                  onLift={mayLift(k) ? () => setLifting(k) : null}
                />
              ))}
            </ul>
          </section>
        ))
      )}
      {project && (
        <AskStop
          choices={wideChoices({ id: project.project_id, name: project.name }, caller)}
          reason="Stopped from the dashboard"
          onClose={() => setProject(null)}
          onStopped={asked.reload}
        />
      )}
      {lifting && (
        <ConfirmDialog
          title="Lift this switch?"
          description={LIFT[lifting.scope]}
          confirm="Lift it"
          reason="The cause is gone"
          onClose={() => setLifting(null)}
          onConfirm={async (reason) => {
            const done = await act(() => ags.liftKillSwitch(lifting.kill_id, reason), 'Lifted');
            if (done) asked.reload();
            return done;
          }}
        />
      )}
    </>
  );
}
