import type { Finding } from '#contract/pipeline.ts';
import { severityRank } from '#domain/governance/severity.ts';
import { Citations } from '../../components/citation.tsx';
import { Prose, ProseLine } from '../../components/prose.tsx';
import { SeverityBadge } from '../../components/severity-badge.tsx';
import { UntrustedNote } from '../../components/untrusted-note.tsx';

/** The gravest first; among equals, the order in which they were found. */
export function FindingsTab({ findings }: { findings: Finding[] }) {
  if (findings.length === 0)
    return <p className="text-kumo-subtle">The agents have not found anything yet.</p>;
  const sorted = findings.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity));
  return (
    <ul className="flex flex-col gap-4">
      {sorted.map((f) => (
        <li key={f.finding_id} className="border-b border-kumo-line pb-4 last:border-b-0 last:pb-0">
          <div className="flex flex-wrap items-center gap-2">
            <SeverityBadge severity={f.severity} />
            <h3 className="min-w-0 font-medium break-words">
              <ProseLine text={f.title} />
            </h3>
            <span className="text-sm text-kumo-subtle">
              {f.author} · round {f.round}
              <UntrustedNote origin={f.origin} />
            </span>
          </div>
          {f.body && (
            <div className="mt-1 text-sm text-kumo-subtle">
              <Prose text={f.body} />
            </div>
          )}
          <div className="mt-2">
            <Citations citations={f.citations} />
          </div>
        </li>
      ))}
    </ul>
  );
}
