import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { CheckIcon, MedalIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import type { AgentIdentity } from '#client/index.ts';
import { TIER_NAMES } from '#domain/governance/tier.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useResource } from '../../api/use-resource.ts';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime } from '../../models/format.ts';
import { progressText, stepsOf } from '../../models/promotion.ts';
import { type Change, ChangeDialog } from './change-dialog.tsx';
import { Story } from './story.tsx';

const EVERY = 30_000;

interface IdentityProps {
  identity: AgentIdentity;
  /** null for who may not. */
  onChange: ((change: Change) => void) | null;
}

function Identity({ identity: a, onChange }: IdentityProps) {
  const [open, setOpen] = useState(false);
  return (
    <li className="panel p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="font-semibold break-words">
            {a.template} {a.version} · {a.role}
          </h2>
          <p className="text-sm wrap-anywhere text-kumo-subtle">
            {a.model} · since {dateTime(a.since)}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {a.suspended && <Badge variant="error">suspended</Badge>}
          <Badge variant="info">
            T{a.tier} {TIER_NAMES[a.tier]}
          </Badge>
        </div>
      </div>
      <p className="mt-2">{progressText(a)}</p>
      <ul className="mt-2 flex flex-wrap gap-x-6 gap-y-1 text-sm tabular">
        {stepsOf(a).map((s) => (
          <li key={s.label} className="flex items-center gap-1.5">
            {s.done && <CheckIcon weight="bold" aria-hidden="true" className="text-kumo-success" />}
            <span className="font-medium">
              {s.have} of {s.need}
            </span>{' '}
            <span className="text-kumo-subtle">{s.label}</span>
          </li>
        ))}
      </ul>
      {onChange && (
        <div className="mt-3 flex flex-wrap gap-2">
          {a.progress.met && a.progress.to !== null && !a.suspended && (
            <Button size="sm" variant="primary" onClick={() => onChange('promote')}>
              Promote to T{a.progress.to}…
            </Button>
          )}
          {(a.tier > 0 || !a.suspended) && (
            <Button size="sm" onClick={() => onChange('demote')}>
              Demote…
            </Button>
          )}
          <Button size="sm" onClick={() => onChange('grant')}>
            Grant a tier…
          </Button>
        </div>
      )}
      <details className="mt-2" onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary className="min-h-6 text-sm text-kumo-link">Runs and changes</summary>
        {open && <Story identity={a} />}
      </details>
    </li>
  );
}

/** UI-1, PROM-1: what each agent has earned, by what, and what it lacks. */
export function PromotionsPage() {
  const caller = useCaller();
  const asked = useResource('identities', () => ags.agentIdentities(), { every: EVERY });
  const [changing, setChanging] = useState<{ identity: AgentIdentity; change: Change } | null>(null);
  const may = caller.role === 'admin' && caller.subject_kind === 'person';
  return (
    <>
      <PageHeader title="Tiers and promotion">
        An agent is a template with its prompt, tools and model. Another prompt is another agent, and begins
        anew. Only runs with a real model that did something count.
      </PageHeader>
      <StaleNote failure={asked.failure} loadedAt={asked.loadedAt} onRetry={asked.reload} />
      {asked.data === null ? (
        asked.failure === null && (
          <Loading what="agents">
            <Skeleton className="h-64" />
          </Loading>
        )
      ) : asked.data.items.length === 0 ? (
        <Empty
          className="text-center"
          icon={<MedalIcon size={48} aria-hidden="true" />}
          title="No agent has ended a run yet"
          description="After its first run an agent shows here with its tier and what the next one takes."
        />
      ) : (
        <ul className="flex flex-col gap-3">
          {asked.data.items.map((a) => (
            <Identity
              key={a.identity_id}
              identity={a}
              onChange={may ? (change) => setChanging({ identity: a, change }) : null}
            />
          ))}
        </ul>
      )}
      {changing && <ChangeDialog {...changing} onClose={() => setChanging(null)} onChanged={asked.reload} />}
    </>
  );
}
