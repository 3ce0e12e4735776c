import { useEffect, useState } from 'react';
import type { LedgerEntry } from '#contract/ledger.ts';
import { ags, type Failure, failureOf } from './client.ts';

/** Rows asked for at a time; each is hashed again in the browser. */
const PAGE = 50;

export interface Found {
  entries: LedgerEntry[];
  cursor: string | null;
}

/** Keyset pages of one question. Another question begins anew. */
export function useLedger(query: Record<string, string>) {
  const [found, setFound] = useState<Found | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [turn, setTurn] = useState(0);
  const [more, setMore] = useState(false);
  const key = JSON.stringify(query);

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
