import { displayWidth, padEnd, padStart, truncate } from './text.ts';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  align?: 'left' | 'right';
  /** Gives way when the table is wider than the terminal; the others keep their width. */
  flexible?: boolean;
}

const GAP = '  ';
const MIN_FLEXIBLE = 12;

/** Rows under faint titles, as wide as their content, within `width` columns. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  heading: (text: string) => string,
): string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, at) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[at]!))),
  );
  const surplus = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  const flexible = columns.findIndex((column) => column.flexible);
  if (surplus > 0 && flexible >= 0) {
    widths[flexible] = Math.max(MIN_FLEXIBLE, widths[flexible]! - surplus);
  }
  const line = (values: readonly string[]) =>
    values
      .map((value, at) => {
        const cut = truncate(value, widths[at]!);
        return columns[at]!.align === 'right' ? padStart(cut, widths[at]!) : padEnd(cut, widths[at]!);
      })
      .join(GAP)
      .trimEnd();
  return [heading(line(columns.map((column) => column.title))), ...cells.map(line)];
}
