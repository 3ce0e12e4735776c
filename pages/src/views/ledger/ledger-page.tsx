import { Button, LinkButton } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { BooksIcon, DownloadSimpleIcon } from '@phosphor-icons/react';
import { useSearchParams } from 'wouter';
import { useLedger } from '../../api/use-ledger.ts';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { plural } from '../../models/format.ts';
import { exportAddress, filterOf, type LedgerFilter, queryOf } from '../../models/ledger.ts';
import { Archives } from './archives.tsx';
import { Entries } from './entries.tsx';
import { LedgerFilters } from './filters.tsx';
import { LedgerState } from './status.tsx';

/** UI-1, LEDG-4: everything that was recorded, searched, taken away, and checked against its hash here. */
export function LedgerPage() {
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const { found, failure, more, older, again } = useLedger(queryOf(filter));
  const change = (next: LedgerFilter) =>
    setParams(Object.fromEntries(Object.entries(next).filter(([, v]) => v.trim() !== '')));
  return (
    <>
      <PageHeader
        title="Ledger"
        actions={(['csv', 'jsonl'] as const).map((format) => (
          <LinkButton key={format} icon={DownloadSimpleIcon} href={exportAddress(filter, format)} download>
            {format === 'csv' ? 'CSV' : 'JSON Lines'}
          </LinkButton>
        ))}
      >
        Everything that happened, in all pipelines and in the tenant’s own record, the newest first. Each
        entry is hashed again in this browser; downloads hold what the filters let through.
      </PageHeader>
      <LedgerState />
      <LedgerFilters key={params.toString()} filter={filter} onChange={change} />
      <section aria-labelledby="entries" className="mt-4">
        <h2 id="entries" className="sr-only">
          Entries
        </h2>
        <StaleNote failure={failure} loadedAt={null} onRetry={again} />
        {found === null ? (
          failure === null && (
            <Loading what="the ledger">
              <Skeleton className="h-96" />
            </Loading>
          )
        ) : found.entries.length === 0 ? (
          <Empty
            className="text-center"
            icon={<BooksIcon size={48} aria-hidden="true" />}
            title="Nothing is recorded that fits"
            description="The ledger is a few seconds behind the pipelines. Fewer filters find more; words are found whole."
          />
        ) : (
          <>
            <Entries entries={found.entries} />
            <div className="mt-3 flex items-center gap-3">
              {found.cursor !== null && (
                <Button loading={more} onClick={() => void older(found.cursor!)}>
                  Load older
                </Button>
              )}
              <p className="text-sm text-kumo-subtle" aria-live="polite">
                {plural(found.entries.length, 'entry', 'entries')} shown
                {found.cursor === null && ', and there are no others'}
              </p>
            </div>
          </>
        )}
      </section>
      <Archives />
    </>
  );
}
