import { Badge } from '@cloudflare/kumo/components/badge';
import { ProhibitIcon, WrenchIcon } from '@phosphor-icons/react';
import type { ActionRecord, AgentCard } from '#contract/pipeline.ts';
import { Nothing } from '../../components/nothing.tsx';
import { Portion } from '../../components/portion.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { UntrustedNote } from '../../components/untrusted-note.tsx';
import { agentName } from '../../models/agents.ts';
import { timeOfDay } from '../../models/format.ts';
import { UnknownOutcome } from './unknown-outcome.tsx';

const DECISIONS = {
  allow: { label: 'allowed', variant: 'success' },
  deny: { label: 'denied', variant: 'error' },
  require_approval: { label: 'needs approval', variant: 'warning' },
} as const;

const STATUS = {
  requested: 'waiting for the gate',
  allowed: 'running',
  succeeded: 'done',
  failed: 'failed',
  denied: null,
  unknown: 'outcome unknown',
  cancelled: 'cancelled',
} as const;

interface ActionProps {
  action: ActionRecord;
  role: string;
  /** Its outcome is unknown also now, so it can be settled. */
  open: boolean;
}

function Action({ action: a, role, open }: ActionProps) {
  const decision = a.decision && DECISIONS[a.decision];
  const status = STATUS[a.status];
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-1.5">
        {decision && <Badge variant={decision.variant}>{decision.label}</Badge>}
        {status && (
          <Badge variant={a.status === 'failed' || a.status === 'unknown' ? 'warning' : 'secondary'}>
            {status}
          </Badge>
        )}
        <span className="ml-auto text-sm text-kumo-subtle">
          {role} · {timeOfDay(a.at)}
        </span>
      </div>
      <p className="mt-1.5 font-mono text-sm break-all">
        <span className="font-semibold">{a.tool}</span>
        {a.target && <span className="text-kumo-subtle"> → {a.target}</span>}
      </p>
      {a.reason && (
        <p
          className={`mt-1 text-sm break-words ${a.decision === 'deny' ? 'text-kumo-danger' : 'text-kumo-subtle'}`}
        >
          {a.reason}
        </p>
      )}
      {a.determining.length > 0 && (
        <p className="mt-1 text-sm text-kumo-subtle">
          Rule <span className="font-mono text-xs break-all">{a.determining.join(', ')}</span>
          {a.policy_version && ` · policy ${a.policy_version}`}
          <UntrustedNote origin={a.origin} />
        </p>
      )}
      {a.remedy && <p className="mt-1 text-sm break-words">Instead: {a.remedy}</p>}
      {a.error && a.error !== a.reason && (
        <p className="mt-1 text-sm break-words text-kumo-danger">{a.error}</p>
      )}
      {open && <UnknownOutcome action={a} />}
      <details className="mt-1">
        <summary className="min-h-6 text-sm text-kumo-link">
          {a.result ? 'Arguments and result' : 'Arguments'}
        </summary>
        <Raw label={`Arguments and result of ${a.tool}`} className="mt-1 max-h-64 bg-kumo-recessed">
          {JSON.stringify(a.arguments, null, 2)}
          {a.result &&
            `

${a.result}`}
        </Raw>
      </details>
    </li>
  );
}

interface Props {
  actions: ActionRecord[];
  agents: AgentCard[];
  /** Actions of unknown outcome as of now (REC-6). */
  open: ReadonlySet<string>;
}

/** GOV-2: what the agents asked to do, and what the gate said. The newest first. */
export function Actions({ actions, agents, open }: Props) {
  const roles = new Map(agents.map((a) => [a.agent_id, agentName(a)]));
  const denied = actions.filter((a) => a.decision === 'deny').length;
  return (
    <section aria-labelledby="actions-title">
      <div className="mb-2 flex items-baseline justify-between gap-2">
        <h2 id="actions-title" className="font-semibold text-kumo-strong">
          Actions
        </h2>
        {denied > 0 && (
          <p className="flex items-center gap-1 text-sm font-medium text-kumo-danger">
            <ProhibitIcon aria-hidden="true" /> {denied} denied
          </p>
        )}
      </div>
      <div className="panel">
        {actions.length === 0 ? (
          <Nothing icon={WrenchIcon}>No tool call so far. Every one passes the gate and shows here.</Nothing>
        ) : (
          <Portion items={actions.toReversed()} what="actions">
            {(shown) => (
              <ul>
                {shown.map((action) => (
                  <Action
                    key={action.action_id}
                    action={action}
                    open={open.has(action.action_id)}
                    role={roles.get(action.agent_id) ?? action.agent_id}
                  />
                ))}
              </ul>
            )}
          </Portion>
        )}
      </div>
    </section>
  );
}
