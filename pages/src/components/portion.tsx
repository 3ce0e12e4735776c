import { Button } from '@cloudflare/kumo/components/button';
import { type ReactNode, useState } from 'react';
import { count } from '../models/format.ts';

/** Rows of a kind whose heights differ, so that they cannot be told by arithmetic what is on the screen. */
const STEP = 50;

interface Props<T> {
  /** In the order in which they are shown. */
  items: readonly T[];
  /** What they are, as in "Show 50 more of 1,200 actions". */
  what: string;
  children(shown: readonly T[]): ReactNode;
}

/** UI-2: the first rows of a long list, and more on request: 5,000 rows nobody reads would be rendered again with every event. */
export function Portion<T>({ items, what, children }: Props<T>) {
  const [limit, setLimit] = useState(STEP);
  const rest = items.length - limit;
  return (
    <>
      {children(rest > 0 ? items.slice(0, limit) : items)}
      {rest > 0 && (
        <div className="flex flex-wrap items-center justify-between gap-2 border-t border-kumo-line px-4 py-2">
          <p className="text-sm text-kumo-subtle tabular">
            {count(limit)} of {count(items.length)} {what} shown
          </p>
          <Button size="sm" onClick={() => setLimit(limit + STEP)}>
            Show {Math.min(STEP, rest)} more
          </Button>
        </div>
      )}
    </>
  );
}
