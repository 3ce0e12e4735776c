import { Badge } from '@cloudflare/kumo/components/badge';
import { useState } from 'react';
import type { PolicyVersion } from '#contract/policies.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { useResource } from '../../api/use-resource.ts';
import { StaleNote } from '../../components/page-header.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime, plural } from '../../models/format.ts';

function Source({ version }: { version: number }) {
  const asked = useResource(`policies ${version}`, () => ags.policyVersion(version));
  if (asked.failure) return <StaleNote {...asked} onRetry={asked.reload} />;
  if (!asked.data)
    return (
      <Loading what="the text">
        <Skeleton className="h-24" />
      </Loading>
    );
  return (
    <Raw label={`Text of version ${version}`} className="mt-2 max-h-96 bg-kumo-recessed">
      {asked.data.cedar}
    </Raw>
  );
}

function Version({ version: v }: { version: PolicyVersion }) {
  const nameOf = useActorName();
  const [open, setOpen] = useState(false);
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="font-semibold">Version {v.version}</h3>
        {v.current && <Badge variant="success">in force</Badge>}
        <span className="text-sm text-kumo-subtle">{plural(v.policies, 'policy', 'policies')}</span>
        <span className="ml-auto text-sm text-kumo-subtle tabular">{dateTime(v.published_at)}</span>
      </div>
      <p className="mt-1 break-words">{v.note}</p>
      <p className="mt-1 text-sm break-all text-kumo-subtle">
        by {nameOf(v.published_by)} · <span className="font-mono text-xs">sha256 {v.sha256}</span>
      </p>
      <details className="mt-1" onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary className="min-h-6 text-sm text-kumo-link">Its text</summary>
        {open && <Source version={v.version} />}
      </details>
    </li>
  );
}

/** GOV-4: versions never change and never go; the newest first. */
export function Versions() {
  const asked = useResource('policy versions', () => ags.policies());
  if (asked.failure) return <StaleNote {...asked} onRetry={asked.reload} />;
  if (!asked.data)
    return (
      <Loading what="versions">
        <Skeleton className="h-40" />
      </Loading>
    );
  const { items } = asked.data;
  return (
    <section aria-labelledby="versions">
      <h2 id="versions" className="sr-only">
        Versions
      </h2>
      {items.length === 0 ? (
        <p className="panel p-4 text-sm text-kumo-subtle">
          No version of your own yet. The built-in policies judge alone; write a draft to add to them.
        </p>
      ) : (
        <ul className="panel">
          {items.map((v) => (
            <Version key={v.version} version={v} />
          ))}
        </ul>
      )}
    </section>
  );
}
