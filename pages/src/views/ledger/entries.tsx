import { Badge } from '@cloudflare/kumo/components/badge';
import { EraserIcon, SealCheckIcon, SealWarningIcon } from '@phosphor-icons/react';
import { memo } from 'react';
import type { Erasure } from '#client/index.ts';
import type { LedgerEntry } from '#contract/ledger.ts';
import { SEVERITIES, type Severity } from '#domain/governance/severity.ts';
import { useActorName } from '../../api/names.tsx';
import { useErasures } from '../../api/use-erasures.ts';
import { RunLink } from '../../components/run-link.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { SeverityBadge } from '../../components/severity-badge.tsx';
import { erasureOf, isErased } from '../../models/erasures.ts';
import { dateTime } from '../../models/format.ts';
import { entryText, isAdministration, matchesHash } from '../../models/ledger.ts';

const isSeverity = (text: string | null): text is Severity => SEVERITIES.includes(text as Severity);

/** LEDG-2, found here: the content, or the commitment that is left of it, is what was hashed, or it is not. */
function Mark({ entry }: { entry: LedgerEntry }) {
  return matchesHash(entry) ? (
    <span title={`Recomputed in this browser: ${entry.hash}`} className="text-kumo-success">
      <SealCheckIcon size={18} weight="fill" aria-hidden="true" />
      <span className="sr-only">
        {isErased(entry) ? 'its commitment matches its hash' : 'content matches its hash'}
      </span>
    </span>
  ) : (
    <span role="alert" className="inline-flex items-center gap-1 font-semibold text-kumo-danger">
      <SealWarningIcon size={18} weight="fill" aria-hidden="true" />
      content does not match its hash
    </span>
  );
}

/** What is missing, since when, and by whose word, where this reader may know that. */
function Erased({ erasure }: { erasure: Erasure | null }) {
  const nameOf = useActorName();
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-kumo-subtle">
      <Badge variant="warning">
        <span className="inline-flex items-center gap-1">
          <EraserIcon size={14} aria-hidden="true" />
          erased
        </span>
      </Badge>
      <span className="min-w-0 break-words">
        {erasure ? (
          <>
            by {nameOf(erasure.asked_by)} on {dateTime(erasure.asked_at)}: {erasure.reason}
          </>
        ) : (
          'What was written here is gone; its place, order and commitment still hold.'
        )}
      </span>
    </p>
  );
}

const Entry = memo(function Entry({ entry: e, erasure }: { entry: LedgerEntry; erasure: Erasure | null }) {
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-kumo-subtle tabular">
        <Mark entry={e} />
        <time dateTime={e.at}>{dateTime(e.at)}</time>
        {isAdministration(e) ? <span>the tenant’s own record</span> : <RunLink id={e.pipeline_id} />}
        <span>event {e.seq}</span>
        <span className="font-mono text-xs">{e.type}</span>
        <span className="break-all">by {e.actor}</span>
        {isSeverity(e.severity) && <SeverityBadge severity={e.severity} />}
      </div>
      <p className="mt-1 line-clamp-3 break-words">{entryText(e)}</p>
      {isErased(e) && <Erased erasure={erasure} />}
      <details className="mt-1">
        <summary className="min-h-6 text-sm text-kumo-link">
          {isErased(e) ? 'What is left of it' : 'Everything that was recorded'}
        </summary>
        <Raw label={`Event ${e.seq} of ${e.pipeline_id}`} className="mt-1 max-h-80 bg-kumo-recessed">
          {JSON.stringify(e, null, 2)}
        </Raw>
      </details>
    </li>
  );
});

/** The newest first. */
export function Entries({ entries }: { entries: readonly LedgerEntry[] }) {
  const erasures = useErasures(entries);
  return (
    <ul className="panel">
      {entries.map((e) => (
        <Entry
          key={`${e.pipeline_id} ${e.seq}`}
          entry={e}
          erasure={isErased(e) ? erasureOf(e, erasures) : null}
        />
      ))}
    </ul>
  );
}
