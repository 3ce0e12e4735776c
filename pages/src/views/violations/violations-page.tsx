import { Button } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { ShieldCheckIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { LedgerEntry } from '#contract/ledger.ts';
import { useLedger } from '../../api/use-ledger.ts';
import { Choices } from '../../components/choices.tsx';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { RunLink } from '../../components/run-link.tsx';
import { SeverityBadge } from '../../components/severity-badge.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { dateTime } from '../../models/format.ts';
import { plainRule } from '../../models/rule-text.ts';
import { violationIn } from '../../models/violations.ts';

const SHOWN = { '': 'All', critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' } as const;

function Violation({ entry }: { entry: LedgerEntry }) {
  const v = violationIn(entry);
  if (!v) return null;
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <SeverityBadge severity={v.severity} />
        <h3 className="font-medium first-letter:uppercase">{plainRule(v.rule)}</h3>
        <span className="ml-auto text-sm text-kumo-subtle tabular">{dateTime(entry.at)}</span>
      </div>
      <p className="mt-1 font-mono text-xs break-all text-kumo-subtle">{v.rule}</p>
      <p className="mt-1 break-words">{v.evidence}</p>
      <p className="mt-1 flex flex-wrap gap-x-4 text-sm text-kumo-subtle">
        <span>Consequence: {v.consequence}</span>
        <Link href={`/incidents/${entry.pipeline_id}`} className="text-kumo-link underline">
          What happened
        </Link>
        <RunLink id={entry.pipeline_id} />
      </p>
    </li>
  );
}

/** ENF-7: every broken rule with its evidence and what followed, from the ledger. */
export function ViolationsPage() {
  const [severity, setSeverity] = useState<keyof typeof SHOWN>('');
  const { found, failure, more, older, again } = useLedger({
    type: 'violation_recorded',
    ...(severity && { severity }),
  });
  return (
    <>
      <PageHeader title="Violations">
        Every rule that an agent broke, with its evidence and what followed. They count against promotion.
      </PageHeader>
      <Choices label="Severity" options={SHOWN} value={severity} onChange={setSeverity} />
      <section aria-labelledby="violations" className="mt-4">
        <h2 id="violations" className="sr-only">
          {SHOWN[severity]}
        </h2>
        <StaleNote failure={failure} loadedAt={null} onRetry={again} />
        {found === null ? (
          failure === null && (
            <Loading what="violations">
              <Skeleton className="h-64" />
            </Loading>
          )
        ) : found.entries.length === 0 ? (
          <Empty
            className="text-center"
            icon={<ShieldCheckIcon size={48} aria-hidden="true" />}
            title={severity ? `No ${severity} violation` : 'No rule was broken'}
            description="Refusals that are no violation stand on their pipeline’s page, under Actions."
          />
        ) : (
          <>
            <ul className="panel">
              {found.entries.map((e) => (
                <Violation key={`${e.pipeline_id} ${e.seq}`} entry={e} />
              ))}
            </ul>
            {found.cursor !== null && (
              <div className="mt-3">
                <Button loading={more} onClick={() => void older(found.cursor!)}>
                  Load older
                </Button>
              </div>
            )}
          </>
        )}
      </section>
    </>
  );
}
