import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { useState } from 'react';
import type { Project } from '#client/index.ts';
import type { PoliciesInForce } from '#contract/policies.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { dateTime } from '../../models/format.ts';

type Mode = PoliciesInForce['projects'][number];

const Text = ({ title, text, open = false }: { title: string; text: string; open?: boolean }) => (
  <details className="panel p-4" open={open}>
    <summary className="min-h-6 font-medium">{title}</summary>
    <Raw label={title} className="mt-3 max-h-96 bg-kumo-recessed">
      {text}
    </Raw>
  </details>
);

const OTHER = { enforce: 'observe', observe: 'enforce' } as const;
const CHANGE = {
  observe: {
    label: 'Only observe',
    description:
      'What the policies would refuse is recorded and happens all the same. Forbidden actions and kill switches still stop.',
    reason: 'To see what enforcing would refuse',
  },
  enforce: {
    label: 'Enforce',
    description: 'What the policies refuse does not happen, from the next judgement on.',
    reason: 'Observed long enough',
  },
} as const;

function Modes({
  modes,
  projects,
  onChanged,
}: {
  modes: readonly Mode[];
  projects: readonly Project[];
  onChanged(): void;
}) {
  const caller = useCaller();
  const { act } = useAct();
  const [changing, setChanging] = useState<Mode | null>(null);
  const name = (id: string) => projects.find((p) => p.project_id === id)?.name ?? id;
  const next = changing && OTHER[changing.mode];
  return (
    <section aria-labelledby="modes">
      <h2 id="modes" className="mb-3 font-semibold text-kumo-strong">
        Projects
      </h2>
      <ul className="panel">
        {modes.map((m) => (
          <li
            key={m.project_id}
            className="flex flex-wrap items-center gap-3 border-t border-kumo-line px-4 py-2.5 first:border-t-0"
          >
            <span className="font-medium">{name(m.project_id)}</span>
            <Badge variant={m.mode === 'enforce' ? 'success' : 'warning'}>
              {m.mode === 'enforce' ? 'enforces' : 'only observes'}
            </Badge>
            {caller.role === 'admin' && (
              <span className="ml-auto">
                <Button size="sm" onClick={() => setChanging(m)}>
                  {CHANGE[OTHER[m.mode]].label}…
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {changing && next && (
        <ConfirmDialog
          title={`${CHANGE[next].label}: ${name(changing.project_id)}?`}
          description={CHANGE[next].description}
          confirm={CHANGE[next].label}
          reason={CHANGE[next].reason}
          destructive={next === 'observe'}
          onClose={() => setChanging(null)}
          onConfirm={async (reason) => {
            const done = await act(
              () => ags.setProjectMode(changing.project_id, { mode: next, reason }),
              'Changed',
            );
            if (done) onChanged();
            return done;
          }}
        />
      )}
    </section>
  );
}

interface Props {
  inForce: PoliciesInForce;
  projects: readonly Project[];
  onChanged(): void;
}

/** GOV-4: what judges every action now. */
export function InForce({ inForce, projects, onChanged }: Props) {
  const nameOf = useActorName();
  const { own, built_in } = inForce;
  return (
    <div className="flex flex-col gap-6">
      <section aria-labelledby="texts" className="flex flex-col gap-3">
        <div>
          <h2 id="texts" className="font-semibold text-kumo-strong">
            {own ? `Version ${own.version}` : 'The built-in policies alone'}
          </h2>
          <p className="text-sm break-all text-kumo-subtle">
            {own && `${own.note} (${nameOf(own.published_by)}, ${dateTime(own.published_at)}). `}
            Decisions record it as <span className="font-mono text-xs">{inForce.policy_version}</span>
          </p>
        </div>
        {own && <Text title="The tenant’s own policies" text={own.cedar} open />}
        <Text title="Built-in limits, which nothing can loosen" text={built_in.limits} />
        <Text title="Built-in permissions by tier" text={built_in.permits} />
        <Text title="Schema: what policies can speak of" text={built_in.schema} />
      </section>
      <Modes modes={inForce.projects} projects={projects} onChanged={onChanged} />
    </div>
  );
}
