import { Badge } from '@cloudflare/kumo/components/badge';
import { KeyIcon } from '@phosphor-icons/react';
import type { AgentCard, Orchestration } from '#contract/pipeline.ts';
import { TIER_NAMES } from '#domain/governance/tier.ts';
import { Ago } from '../../components/clock.tsx';
import { Portion } from '../../components/portion.tsx';
import { agentName } from '../../models/agents.ts';
import { count, money, plural, providerName, shortId, timeOfDay } from '../../models/format.ts';

const ROLE_PURPOSE = {
  OUTSIDE: 'runs elsewhere, under this gate',
  PLANNER: 'analyses the objective',
  ALPHA: 'researches',
  BETA: 'synthesises',
  GAMMA: 'mediates',
  DIAGNOSTIC: 'examines a failed run',
} as const;

const TOKEN_LABEL = {
  none: 'no token yet',
  active: 'token active',
  revoking: 'token being revoked',
  revoked: 'token gone',
  failed: 'token failed',
} as const;

function Card({ agent: a, at }: { agent: AgentCard; at: string | null }) {
  const over = a.phase === 'EXIT' || a.phase === 'REVOKED' || a.replaced_by !== null;
  const phase = a.phase === 'REVOKED' ? 'error' : over ? 'secondary' : 'info';
  return (
    <li className="panel flex min-w-0 flex-col gap-2 p-4">
      <div className="flex items-start justify-between gap-2">
        <div>
          <h3 className="font-semibold text-kumo-strong">{agentName(a)}</h3>
          <p className="text-sm text-kumo-subtle">{ROLE_PURPOSE[a.role]}</p>
        </div>
        <Badge variant={phase}>{a.phase}</Badge>
      </div>
      <p className="line-clamp-2 min-h-5 text-sm leading-5" title={a.step ?? undefined}>
        {a.replaced_by ? `Replaced by ${shortId(a.replaced_by)}` : (a.step ?? (over ? 'Finished' : 'Idle'))}
        {a.last_progress_at && a.step && (
          <span className="text-kumo-subtle">
            {' · '}
            {at ? timeOfDay(a.last_progress_at) : <Ago at={a.last_progress_at} />}
          </span>
        )}
      </p>
      <dl className="flex flex-wrap gap-x-4 gap-y-1 text-sm tabular">
        <div className="flex gap-1">
          <dt className="text-kumo-subtle">Tokens</dt>
          <dd>{count(a.tokens)}</dd>
        </div>
        <div className="flex gap-1">
          <dt className="text-kumo-subtle">Cost</dt>
          <dd>{money(a.cost_microusd)}</dd>
        </div>
        <div className="flex gap-1">
          <dt className="sr-only">Errors</dt>
          <dd className={a.errors > 0 ? 'font-medium text-kumo-danger' : 'text-kumo-subtle'}>
            {plural(a.errors, 'error')}
          </dd>
        </div>
      </dl>
      <div className="mt-auto border-t border-kumo-line pt-2 text-sm text-kumo-subtle">
        <p className="truncate" title={`${providerName(a.provider)} · ${a.model}`}>
          {providerName(a.provider)} · {a.model}
        </p>
        <p className="flex items-center gap-1" title={`${a.agent_id}: ${a.spawned_because}`}>
          <KeyIcon aria-hidden="true" /> {TOKEN_LABEL[a.token_status]} · T{a.tier} {TIER_NAMES[a.tier]}
        </p>
      </div>
    </li>
  );
}

interface Props {
  agents: AgentCard[];
  /** Agents of generations that failed before (REC-1). */
  earlier: AgentCard[];
  gamma: Orchestration['gamma'];
  /** The moment shown when it is in the past; relative times would mislead then. */
  at: string | null;
}

export function Agents({ agents, earlier, gamma, at }: Props) {
  return (
    <section aria-labelledby="agents-title">
      <h2 id="agents-title" className="sr-only">
        Agents
      </h2>
      {agents.length === 0 ? (
        <p className="panel p-4 text-kumo-subtle">No agent has been spawned yet: credentials come first.</p>
      ) : (
        <Portion items={agents} what="agents">
          {(shown) => (
            <ul
              className={`grid gap-3 sm:grid-cols-2 ${agents.length > 3 ? 'xl:grid-cols-4' : 'lg:grid-cols-3'}`}
            >
              {shown.map((agent) => (
                <Card key={agent.agent_id} agent={agent} at={at} />
              ))}
            </ul>
          )}
        </Portion>
      )}
      {earlier.length > 0 && (
        <details className="mt-2">
          <summary className="min-h-6 text-sm text-kumo-link">
            Agents of earlier generations ({earlier.length})
          </summary>
          <ul className="mt-2 grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
            {earlier.map((agent) => (
              <Card key={agent.agent_id} agent={agent} at={at} />
            ))}
          </ul>
        </details>
      )}
      {gamma.spawned && (
        <p className="mt-2 text-sm text-kumo-subtle">
          The mediator was called: {gamma.detail ?? gamma.reason?.replaceAll('_', ' ')}
        </p>
      )}
    </section>
  );
}
