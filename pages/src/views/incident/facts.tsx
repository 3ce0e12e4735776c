import { Badge } from '@cloudflare/kumo/components/badge';
import {
  CheckCircleIcon,
  CircleNotchIcon,
  type Icon,
  QuestionIcon,
  WarningCircleIcon,
} from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import { timeOfDay } from '../../models/format.ts';
import type { IncidentAction, IncidentReport } from '../../models/incident.ts';

const OUTCOME = {
  running: { label: 'outcome not known yet', variant: 'warning' },
  unknown: { label: 'outcome unknown', variant: 'warning' },
  succeeded: { label: 'done', variant: 'success' },
  failed: { label: 'failed', variant: 'secondary' },
  denied: { label: 'denied', variant: 'error' },
} as const;

export function ActionLine({ action: a, who }: { action: IncidentAction; who: string }) {
  const { label, variant } = OUTCOME[a.outcome];
  return (
    <div className="text-sm">
      <p className="font-mono break-all">
        <span className="font-semibold">{a.tool}</span>
        {a.target && <span className="text-kumo-subtle"> → {a.target}</span>}
      </p>
      <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-kumo-subtle">
        <Badge variant={variant}>{label}</Badge>
        <span className="tabular">
          {who} · {timeOfDay(a.at)}
        </span>
      </p>
      <p className="mt-1 break-words">{a.reason}</p>
    </div>
  );
}

interface ColumnProps {
  title: string;
  empty: string;
  children: ReactNode;
}

const Column = ({ title, empty, children }: ColumnProps) => (
  <section aria-label={title} className="panel min-w-0 p-4">
    <h2 className="mb-2 font-semibold text-kumo-strong">{title}</h2>
    {children || <p className="text-sm text-kumo-subtle">{empty}</p>}
  </section>
);

/** UI-5, by five seconds: where the line was, and what was under way when it was crossed. */
export function Boundary({
  report: { lastAllowed, firstRefused, inFlight },
  roles,
}: {
  report: IncidentReport;
  roles: ReadonlyMap<string, string>;
}) {
  const who = (a: IncidentAction) => roles.get(a.agent_id) ?? a.agent_id;
  return (
    <div className="grid items-start gap-4 md:grid-cols-3">
      <Column title="Last allowed" empty="Nothing had been allowed before.">
        {lastAllowed && <ActionLine action={lastAllowed} who={who(lastAllowed)} />}
      </Column>
      <Column title="First refused" empty="Nothing has been asked for since.">
        {firstRefused && <ActionLine action={firstRefused} who={who(firstRefused)} />}
      </Column>
      <Column title="In flight at that moment" empty="No action was under way.">
        {inFlight.length > 0 && (
          <ul className="flex flex-col gap-3">
            {inFlight.map((a) => (
              <li key={a.action_id}>
                <ActionLine action={a} who={who(a)} />
              </li>
            ))}
          </ul>
        )}
      </Column>
    </div>
  );
}

interface FactProps {
  state: 'done' | 'under_way' | 'open' | 'unclear';
  children: ReactNode;
}

const FACT: Record<FactProps['state'], { Icon: Icon; look: string; says: string }> = {
  done: { Icon: CheckCircleIcon, look: 'text-kumo-success', says: 'Done: ' },
  under_way: { Icon: CircleNotchIcon, look: 'text-kumo-info animate-spin', says: 'Under way: ' },
  open: { Icon: WarningCircleIcon, look: 'text-kumo-danger', says: 'Open: ' },
  unclear: { Icon: QuestionIcon, look: 'text-kumo-warning', says: 'Unclear: ' },
};

function Fact({ state, children }: FactProps) {
  const { Icon, look, says } = FACT[state];
  return (
    <li className="flex items-start gap-2.5">
      <Icon
        size={20}
        weight={state === 'under_way' ? 'bold' : 'fill'}
        aria-hidden="true"
        className={`mt-0.5 shrink-0 ${look}`}
      />
      <span className="min-w-0">
        <span className="sr-only">{says}</span>
        {children}
      </span>
    </li>
  );
}

/** UI-5, by ten seconds: gate closed at T, tokens n of n confirmed gone, outcomes known or unknown. */
export function Containment({ report: { closed, tokens, outcomes } }: { report: IncidentReport }) {
  const whose = closed?.scope === 'agent' ? 'The agent’s gate' : 'The gate';
  const all = tokens.gone === tokens.issued;
  return (
    <ul className="flex flex-col gap-2.5 tabular" aria-live="polite">
      {closed ? (
        <Fact state="done">
          {whose} closed at <time dateTime={closed.at}>{timeOfDay(closed.at)}</time>. Nothing has been
          authorised since.
        </Fact>
      ) : (
        <Fact state="open">The gate is open: the action was refused, and the agent goes on.</Fact>
      )}
      <Fact state={closed === null ? 'open' : all ? 'done' : 'under_way'}>
        {closed === null
          ? 'No token has been revoked.'
          : `${tokens.gone} of ${tokens.issued} tokens confirmed gone: Vault was asked, or their time is over.`}
      </Fact>
      <Fact state={outcomes.unknown === 0 ? 'done' : 'unclear'}>
        {outcomes.unknown === 0
          ? outcomes.known === 0
            ? 'No action was ever allowed, so nothing was done.'
            : `Every outcome is known: ${outcomes.known} of ${outcomes.known} allowed actions.`
          : `${outcomes.known} of ${outcomes.known + outcomes.unknown} outcomes of allowed actions are known; the others are not tried again by themselves.`}
      </Fact>
    </ul>
  );
}
