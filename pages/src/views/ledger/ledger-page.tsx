import { Button, LinkButton } from '@cloudflare/kumo/components/button';
import { Empty } from '@cloudflare/kumo/components/empty';
import { BooksIcon, DownloadSimpleIcon } from '@phosphor-icons/react';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { LedgerEntry } from '#contract/ledger.ts';
import { ags, type Failure, failureOf } from '../../api/client.ts';
import { PageHeader, StaleNote } from '../../components/page-header.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { plural } from '../../models/format.ts';
import { exportAddress, filterOf, type LedgerFilter, queryOf } from '../../models/ledger.ts';
import { Entries } from './entries.tsx';
import { LedgerFilters } from './filters.tsx';
import { LedgerState } from './status.tsx';

/** Rows asked for at a time; each is hashed again in the browser. */
const PAGE = 50;

interface Found {
  entries: LedgerEntry[];
  cursor: string | null;
}

/** Keyset pages of one question. Another question begins anew. */
function useLedger(filter: LedgerFilter) {
  const [found, setFound] = useState<Found | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [turn, setTurn] = useState(0);
  const [more, setMore] = useState(false);
  const key = JSON.stringify(queryOf(filter));

  // biome-ignore lint/correctness/useExhaustiveDependencies: the turn asks the same again.
  useEffect(() => {
    const asked = new AbortController();
    setFound(null);
    setFailure(null);
    ags.ledger({ ...JSON.parse(key), limit: PAGE }, asked.signal).then(
      ({ items, next_cursor }) => setFound({ entries: items, cursor: next_cursor }),
      (error) => asked.signal.aborted || setFailure(failureOf(error)),
    );
    return () => asked.abort();
  }, [key, turn]);

  const older = async (cursor: string) => {
    setMore(true);
    try {
      const { items, next_cursor } = await ags.ledger({ ...JSON.parse(key), limit: PAGE, cursor });
      setFound((known) => known && { entries: [...known.entries, ...items], cursor: next_cursor });
      setFailure(null);
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setMore(false);
    }
  };
  return { found, failure, more, older, again: () => setTurn(turn + 1) };
}

/** UI-1, LEDG-4: everything that was recorded, searched, taken away, and checked against its hash here. */
export function LedgerPage() {
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const { found, failure, more, older, again } = useLedger(filter);
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
    </>
  );
}
