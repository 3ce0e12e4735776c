import type { ReactNode } from 'react';
import { ScrollRegion } from './scroll-region.tsx';

export interface Column<T> {
  title: string;
  cell(row: T): ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
}

interface Props<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  /** What stands there when there is no row. */
  empty: string;
}

/** A plain table; the first column names the row. A phone shows each row as a card, so that no button is out of sight. */
export function DataTable<T>({ label, columns, rows, keyOf, empty }: Props<T>) {
  if (rows.length === 0) return <p className="panel p-4 text-sm text-kumo-subtle">{empty}</p>;
  return (
    <ScrollRegion label={`Table: ${label}`} className="panel">
      <table className="stacking w-full text-left text-sm sm:min-w-150">
        <caption className="sr-only">{label}</caption>
        <thead className="text-kumo-subtle">
          <tr>
            {columns.map(({ title, right }) => (
              <th
                key={title}
                scope="col"
                className={`px-4 py-2 font-medium whitespace-nowrap ${right ? 'text-right' : ''}`}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="tabular">
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-t border-kumo-line align-top">
              {columns.map(({ title, cell, right }, i) => {
                const Cell = i === 0 ? 'th' : 'td';
                return (
                  <Cell
                    key={title}
                    scope={i === 0 ? 'row' : undefined}
                    data-title={i === 0 ? undefined : title}
                    className={`px-4 py-2.5 font-normal ${right ? 'text-right' : ''}`}
                  >
                    <div>{cell(row)}</div>
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
