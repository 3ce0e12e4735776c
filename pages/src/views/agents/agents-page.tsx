import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { RobotIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { AgentCard, Pipeline } from '#contract/pipeline.ts';
import { TIER_NAMES } from '#domain/governance/tier.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { ags } from '../../api/client.ts';
import { useLivePipelines } from '../../api/live-pipelines.tsx';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { Ago } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { agentName, hasAuthority, isOver } from '../../models/agents.ts';
import { mayOperate } from '../../models/controls.ts';
import { money, plural, providerName } from '../../models/format.ts';

/** Pipelines whose agents are asked for at once: each is a request of its own. */
const PIPELINES = 10;
const EVERY = 5_000;

const TOKEN: Record<AgentCard['token_status'], string> = {
  none: 'no token yet',
  active: 'live token',
  revoking: 'token being revoked',
  revoked: 'token gone',
  failed: 'no token',
};

interface Stopping {
  pipeline: Pipeline;
  agent: AgentCard;
}

function Agent({ agent: a, onStop }: { agent: AgentCard; onStop: (() => void) | null }) {
  return (
    <tr className="border-t border-kumo-line align-top">
      <th scope="row" className="w-2/5 py-2.5 pr-3 pl-4 text-left font-medium wrap-anywhere sm:w-1/5">
        {agentName(a)}
        <span className="block text-sm font-normal text-kumo-subtle">
          T{a.tier} {TIER_NAMES[a.tier]}
        </span>
        <span className="block text-sm font-normal text-kumo-subtle sm:hidden">{TOKEN[a.token_status]}</span>
      </th>
      <td className="py-2.5 pr-3 wrap-anywhere sm:w-3/10">
        {a.step ?? (isOver(a) ? 'Finished' : 'Idle')}
        <span className="block text-sm text-kumo-subtle">
          {a.phase}
          {a.last_progress_at && (
            <>
              {' · '}
              <Ago at={a.last_progress_at} />
            </>
          )}
        </span>
      </td>
      <td className="hidden py-2.5 pr-3 text-sm wrap-anywhere sm:table-cell sm:w-1/4">
        {providerName(a.provider)}
        <span className="block text-kumo-subtle">{a.model}</span>
      </td>
      <td className="hidden py-2.5 pr-3 text-sm tabular sm:table-cell">
        {TOKEN[a.token_status]}
        <span className="block text-kumo-subtle">
          {money(a.cost_microusd)} · {plural(a.errors, 'error')}
        </span>
      </td>
      <td className="w-20 py-2 pr-4 text-right">
        {onStop && (
          <Button
            size="sm"
            variant="secondary-destructive"
            onClick={onStop}
            aria-label={`Stop ${agentName(a)}`}
          >
            Stop
          </Button>
        )}
      </td>
    </tr>
  );
}

function PipelineAgents({ pipeline: p, onStop }: { pipeline: Pipeline; onStop(stop: Stopping): void }) {
  const caller = useCaller();
  const asked = useResource(
    `agents ${p.pipeline_id}`,
    (signal) => ags.orchestration(p.pipeline_id, undefined, signal),
    {
      every: EVERY,
    },
  );
  const agents = (asked.data?.agents ?? []).filter((a) => a.replaced_by === null);
  return (
    <section aria-labelledby={`of-${p.pipeline_id}`} className="panel overflow-hidden">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
        <h2 id={`of-${p.pipeline_id}`} className="font-semibold">
          <Link href={`/pipelines/${p.pipeline_id}`} className="text-kumo-link underline">
            {p.plan_name} #{p.number}
          </Link>
        </h2>
        <StateBadge pipeline={p} />
      </div>
      {asked.failure && (
        <div className="px-4">
          <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
        </div>
      )}
      {asked.data === null ? (
        asked.failure === null && (
          <div className="px-4 pb-4">
            <Loading what="its agents">
              <Skeleton className="h-16" />
            </Loading>
          </div>
        )
      ) : agents.length === 0 ? (
        <p className="px-4 pb-4 text-sm text-kumo-subtle">No agent yet: credentials come first.</p>
      ) : (
        <ScrollRegion label={`Agents of ${p.plan_name} #${p.number}`} className="">
          <table className="w-full table-fixed">
            <thead className="sr-only">
              <tr>
                <th scope="col">Agent</th>
                <th scope="col">Doing</th>
                <th scope="col" className="hidden sm:table-cell">
                  Model
                </th>
                <th scope="col" className="hidden sm:table-cell">
                  Token and cost
                </th>
                <th scope="col">Stop</th>
              </tr>
            </thead>
            <tbody>
              {agents.map((a) => (
                <Agent
                  key={a.agent_id}
                  agent={a}
                  onStop={
                    mayOperate(caller) && hasAuthority(a) ? () => onStop({ pipeline: p, agent: a }) : null
                  }
                />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </section>
  );
}

/** UI-1: who works now, with whose authority, on what. */
export function AgentsPage() {
  const { live, streamed, stream } = useLivePipelines();
  const { act } = useAct();
  const [shown, setShown] = useState(PIPELINES);
  const [stopping, setStopping] = useState<Stopping | null>(null);
  const running = [...live.values()].filter((p) => !isEnded(p.state)).sort((a, b) => b.number - a.number);
  return (
    <>
      <PageHeader title="Agents">
        Who works now, in which run, with which tier and token.
        <span className="mt-1 block">
          <LiveIndicator stream={stream} />
        </span>
      </PageHeader>
      {!streamed && stream.status !== 'closed' ? (
        <Loading what="agents">
          <Skeleton className="h-64" />
        </Loading>
      ) : running.length === 0 ? (
        <Empty
          className="text-center"
          icon={<RobotIcon size={48} aria-hidden="true" />}
          title="No agent is at work"
          description="Agents live as long as their pipeline; those of ended runs stand on the runs’ own pages. An agent that runs elsewhere shows here once it is connected: npx ags connect."
          contents={
            <Link href="/" className="font-medium text-kumo-link underline">
              Go to the pipelines
            </Link>
          }
        />
      ) : (
        <div className="flex flex-col gap-4">
          {running.slice(0, shown).map((p) => (
            <PipelineAgents key={p.pipeline_id} pipeline={p} onStop={setStopping} />
          ))}
          {running.length > shown && (
            <div>
              <Button onClick={() => setShown(shown + PIPELINES)}>
                Show more ({running.length - shown} pipelines)
              </Button>
            </div>
          )}
        </div>
      )}
      {stopping && (
        <ConfirmDialog
          title={`Stop ${agentName(stopping.agent)} of ${stopping.pipeline.plan_name} #${stopping.pipeline.number}?`}
          description="Its token is revoked and nothing of it passes the gate. The other agents go on; its seat stays silent."
          confirm="Stop this agent"
          reason="Stopped from the dashboard"
          destructive
          onClose={() => setStopping(null)}
          onConfirm={(reason) =>
            act(
              () =>
                ags.revoke({
                  pipeline_id: stopping.pipeline.pipeline_id,
                  agent_id: stopping.agent.agent_id,
                  reason,
                }),
              `${agentName(stopping.agent)} is stopped`,
            )
          }
        />
      )}
    </>
  );
}
