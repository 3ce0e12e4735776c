import { Banner } from '@cloudflare/kumo/components/banner';
import { ClockCounterClockwiseIcon } from '@phosphor-icons/react';
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { AgentCard } from '#contract/pipeline.ts';
import { toConsensus, toOrchestration, toTokenStatus } from '#contract/views.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { useRun } from '../../api/use-run.ts';
import { FailureBanner } from '../../components/failure.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { useTitle } from '../../components/use-title.ts';
import { exact } from '../../models/format.ts';
import { NotFoundRoute } from '../../routes/not-found.tsx';
import { Actions } from './actions.tsx';
import { Agents } from './agents.tsx';
import { Approvals } from './approvals.tsx';
import { ConsensusAlert } from './consensus-alert.tsx';
import { Details } from './details.tsx';
import { EvidenceBadge } from './evidence-badge.tsx';
import { Lineage } from './lineage.tsx';
import { Player } from './player.tsx';
import { Proposals } from './proposals.tsx';
import { Ribbon } from './ribbon.tsx';
import { Status } from './status.tsx';
import { useTimeTravel } from './use-time-travel.ts';
import { Violations } from './violations.tsx';

/** The planner's report serves every generation. */
const byGeneration = (agents: AgentCard[], state: PipelineState) =>
  Object.groupBy(agents, (a) =>
    a.role === 'PLANNER' || state.agents[a.agent_id]?.generation === state.generation ? 'now' : 'earlier',
  );

/** UI-4. Everything below the header shows the moment that the player is at; the buttons always act on now. */
export function PipelinePage({ id }: { id: string }) {
  const run = useRun(id);
  const { timeline, stream, version } = run;
  const travel = useTimeTravel(timeline.head);

  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells that the timeline has more events.
  const live = useMemo(() => {
    if (timeline.head === 0) return null;
    const state = timeline.at(timeline.head);
    const now = toOrchestration(state);
    return {
      state,
      run: now,
      pipeline: now.pipeline,
      consensus: toConsensus(state),
      approvals: new Set(now.approvals.filter((a) => a.status === 'pending').map((a) => a.approval_id)),
      unknown: new Set(now.actions.filter((a) => a.status === 'unknown').map((a) => a.action_id)),
    };
  }, [timeline, version]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above; in the past, new events change nothing.
  const shown = useMemo(() => {
    if (travel.seq === 0) return null;
    const state = timeline.at(travel.seq);
    const orchestration = toOrchestration(state);
    return {
      state,
      run: orchestration,
      agents: byGeneration(orchestration.agents, state),
      tokens: toTokenStatus(state),
      consensus: toConsensus(state),
      detail: state.outcome?.detail ?? state.failure?.reason ?? null,
      minority: state.verdict?.minority_report ?? state.failure?.minority_report ?? [],
    };
  }, [timeline, travel.seq, travel.past ? 0 : version]);

  useTitle(live ? `${live.pipeline.plan_name} #${live.pipeline.number}` : 'Pipeline');

  if (run.missing) return <NotFoundRoute />;
  if (!shown || !live) {
    return (
      <>
        <h1 className="sr-only">Pipeline</h1>
        {run.failure ? (
          <FailureBanner failure={run.failure} />
        ) : (
          <Loading what="the pipeline">
            <p className="mb-4 text-sm text-kumo-subtle">
              {stream.status === 'stale'
                ? 'The server cannot be reached; trying again…'
                : 'Opening the event log…'}
            </p>
            <Skeleton className="mb-4 h-32" />
            <Skeleton className="mb-4 h-24" />
            <Skeleton className="h-80" />
          </Loading>
        )}
      </>
    );
  }

  const { pipeline } = shown.run;
  // GOV-7: agents that run elsewhere ask and act; they propose and vote nothing.
  const outside = pipeline.mode === 'external';
  const deciding = !travel.past && live.state.failure !== null && live.state.outcome === null;
  return (
    <div className="flex flex-col gap-4 pb-4">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <nav aria-label="Breadcrumb" className="text-sm text-kumo-subtle">
            <Link href="/" className="inline-block py-0.5 text-kumo-link hover:underline">
              Pipelines
            </Link>{' '}
            / #{pipeline.number}
          </nav>
          <h1 className="truncate text-2xl font-semibold text-kumo-strong">{pipeline.plan_name}</h1>
        </div>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <LiveIndicator stream={stream} over={live.pipeline.sealed} />
          <EvidenceBadge chain={run.chain} head={timeline.head} />
        </div>
      </div>

      {run.failure && <FailureBanner failure={run.failure} />}
      {travel.past && (
        <Banner
          variant="alert"
          icon={<ClockCounterClockwiseIcon weight="fill" />}
          title={`You are looking at the past: event ${exact(travel.seq)} of ${exact(timeline.head)}`}
          description="Everything on this page is as it was then. Buttons act on the pipeline as it is now."
        />
      )}
      <Violations violations={shown.run.violations} />
      <Status shown={shown.run} detail={deciding ? null : shown.detail} live={live.state} />
      {deciding && <ConsensusAlert run={live.run} consensus={live.consensus} />}
      <Lineage pipeline={live.pipeline} />
      <Ribbon pipeline={pipeline} />
      <Agents
        agents={shown.agents.now ?? []}
        earlier={shown.agents.earlier ?? []}
        gamma={shown.run.gamma}
        at={travel.past ? pipeline.updated_at : null}
      />
      <div
        className={`grid items-start gap-4 ${outside ? '' : 'lg:grid-cols-[minmax(0,3fr)_minmax(18rem,1fr)]'}`}
      >
        {!outside && (
          <div className="min-w-0">
            <Proposals
              run={shown.run}
              consensus={shown.consensus}
              minority={deciding ? [] : shown.minority}
            />
          </div>
        )}
        <div className="flex min-w-0 flex-col gap-4">
          <Approvals approvals={shown.run.approvals} open={live.approvals} />
          <Actions actions={shown.run.actions} agents={shown.run.agents} open={live.unknown} />
        </div>
      </div>
      <Details
        run={shown.run}
        state={shown.state}
        consensus={shown.consensus}
        tokens={shown.tokens}
        events={timeline.events}
        version={version}
        seq={travel.seq}
        chain={run.chain}
        onTravel={travel.go}
      />
      <Player pipelineId={id} events={timeline.events} version={version} travel={travel} />
    </div>
  );
}
