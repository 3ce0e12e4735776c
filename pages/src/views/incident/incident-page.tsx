import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { DownloadSimpleIcon, ShieldCheckIcon, StopIcon } from '@phosphor-icons/react';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { toOrchestration, toPipeline } from '#contract/views.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { ags } from '../../api/client.ts';
import { saveFile } from '../../api/save-file.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useRun } from '../../api/use-run.ts';
import { EvidenceDownload } from '../../components/evidence-download.tsx';
import { FailureBanner } from '../../components/failure.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SeverityBadge } from '../../components/severity-badge.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { agentName } from '../../models/agents.ts';
import { mayOperate } from '../../models/controls.ts';
import { dateTime } from '../../models/format.ts';
import { type IncidentReport, incidentOf } from '../../models/incident.ts';
import { plainRule } from '../../models/rule-text.ts';
import { eventLines } from '../../models/save-events.ts';
import { NotFoundRoute } from '../../routes/not-found.tsx';
import { EvidenceBadge } from '../pipeline/evidence-badge.tsx';
import { UnknownOutcome } from '../pipeline/unknown-outcome.tsx';
import { Boundary, Containment } from './facts.tsx';
import { StopDialog } from './stop-dialog.tsx';

function What({ report, who, target }: { report: IncidentReport; who: string; target: string | null }) {
  const { violation: v } = report;
  const facts: [string, string][] = [
    ['Rule', v.rule],
    ['Agent', who],
    ['Target', target ?? 'none'],
    ['Time', dateTime(v.at)],
  ];
  return (
    <section aria-label="Violation" className="panel border-l-4 border-l-kumo-danger p-4 sm:p-5">
      <div className="flex flex-wrap items-center gap-2">
        <SeverityBadge severity={v.severity} />
        <p className="text-lg font-medium text-kumo-strong first-letter:uppercase">{plainRule(v.rule)}</p>
      </div>
      <p className="mt-1 break-words text-kumo-subtle">{v.evidence}</p>
      <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-2 text-sm sm:flex sm:flex-wrap">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-kumo-subtle">{name}</dt>
            <dd className="font-medium wrap-anywhere tabular">{value}</dd>
          </div>
        ))}
        <div className="col-span-2">
          <dt className="text-kumo-subtle">What followed by itself</dt>
          <dd className="font-medium first-letter:uppercase">{v.consequence}</dd>
        </div>
      </dl>
    </section>
  );
}

/** UI-5: one incident, from what happened to the proof that it is over. */
export function IncidentPage({ id }: { id: string }) {
  const run = useRun(id);
  const caller = useCaller();
  const { act, busy } = useAct();
  const [stopping, setStopping] = useState(false);
  const { timeline, version } = run;

  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells that the timeline has more events.
  const shown = useMemo(() => {
    if (timeline.head === 0) return null;
    const state = timeline.at(timeline.head);
    const orchestration = toOrchestration(state);
    return {
      pipeline: toPipeline(state),
      report: incidentOf(timeline.events, state),
      roles: new Map(orchestration.agents.map((a) => [a.agent_id, agentName(a)])),
      unknown: orchestration.actions.filter((a) => a.status === 'unknown'),
    };
  }, [timeline, version]);

  if (run.missing) return <NotFoundRoute />;
  if (!shown)
    return (
      <>
        <PageHeader title="Incident" />
        {run.failure ? (
          <FailureBanner failure={run.failure} />
        ) : (
          <Loading what="the incident">
            <Skeleton className="mb-4 h-32" />
            <Skeleton className="h-48" />
          </Loading>
        )}
      </>
    );

  const { pipeline, report, roles, unknown } = shown;
  const link = (
    <Link href={`/pipelines/${id}`} className="text-kumo-link underline">
      {pipeline.plan_name} #{pipeline.number}
    </Link>
  );
  if (!report)
    return (
      <>
        <PageHeader title="Incident">{link}</PageHeader>
        <Empty
          className="text-center"
          icon={<ShieldCheckIcon size={48} aria-hidden="true" />}
          title="No rule was broken in this run"
          contents={link}
        />
      </>
    );
  const saveHandoff = async () => {
    const { markdown } = await ags.handoff(id);
    saveFile(`${id}-handoff.md`, markdown, 'text/markdown');
  };
  const saveEvents = () => saveFile(`${id}.jsonl`, eventLines(timeline.events), 'application/jsonl');
  const { agent_id } = report.violation;
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        flush
        title="Incident"
        actions={
          mayOperate(caller) && (
            <Button variant="destructive" icon={<StopIcon weight="fill" />} onClick={() => setStopping(true)}>
              Stop…
            </Button>
          )
        }
      >
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          {link}
          <LiveIndicator stream={run.stream} over={pipeline.sealed} />
        </span>
      </PageHeader>
      {run.failure && <FailureBanner failure={run.failure} />}
      <What
        report={report}
        who={(agent_id && roles.get(agent_id)) || agent_id || 'none'}
        target={report.firstRefused?.target || pipeline.incident?.target || null}
      />
      <Boundary report={report} roles={roles} />
      <section aria-labelledby="contained" className="panel p-4 sm:p-5">
        <h2 id="contained" className="mb-3 font-semibold text-kumo-strong">
          What is certain now
        </h2>
        <Containment report={report} />
        {unknown.map((a) => (
          <UnknownOutcome key={a.action_id} action={a} />
        ))}
      </section>
      <section aria-labelledby="along" className="panel p-4 sm:p-5">
        <h2 id="along" className="mb-3 font-semibold text-kumo-strong">
          Handoff and evidence
        </h2>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <Button
            icon={DownloadSimpleIcon}
            disabled={busy}
            onClick={() => void act(saveHandoff, 'Report saved')}
          >
            Handoff report
          </Button>
          <EvidenceDownload pipelineId={id} ended={isEnded(pipeline.state)} />
          <Button icon={DownloadSimpleIcon} onClick={saveEvents}>
            Event log
          </Button>
          <EvidenceBadge chain={run.chain} head={timeline.head} />
        </div>
      </section>
      {stopping && (
        <StopDialog
          pipeline={pipeline}
          incident={pipeline.incident ?? null}
          onClose={() => setStopping(false)}
        />
      )}
    </div>
  );
}
