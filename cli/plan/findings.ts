import type { PlanFinding } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';

/** Columns of a source line that are shown; longer ones (a plan as one line of JSON) are cut around the column. */
const EXCERPT = 100;

/** The source line with a caret below the column. */
function excerpt(source: string, line: number, column: number | null, style: Style): string[] {
  const text = source.split(/\r?\n/)[line - 1];
  if (text === undefined) return [];
  const at = Math.max(0, (column ?? 1) - 1);
  const from = at > EXCERPT - 20 ? at - 20 : 0;
  const shown = printable(text.slice(from, from + EXCERPT).replaceAll('\t', ' '));
  const gutter = `${String(line).padStart(5)} ${style.faint('│')} `;
  const lines = [`${gutter}${from > 0 ? '…' : ''}${shown}`];
  if (column !== null) {
    const indent = ' '.repeat(at - from + (from > 0 ? 1 : 0));
    lines.push(`      ${style.faint('│')} ${indent}${style.bad('^')}`);
  }
  return lines;
}

/** `plan.yaml:LINE:COL  message (expected …)`, as editors and people both read it. */
export function findingLines(
  finding: PlanFinding,
  where: { name: string; source: string | null },
  style: Style,
): string[] {
  const { line, column, expected } = finding;
  const place = [where.name, ...(line === null ? [] : [line, column ?? 1])].join(':');
  const paint =
    { error: style.bad, warning: style.caution, info: style.faint }[finding.severity] ?? style.bad;
  const wanted = expected ? ` (${expected.startsWith('did you mean') ? '' : 'expected '}${expected})` : '';
  return [
    `${style.strong(place)}  ${paint(finding.severity)}  ${printable(finding.message)}${style.faint(printable(wanted))}`,
    ...(line === null || where.source === null ? [] : excerpt(where.source, line, column, style)),
  ];
}

export const isPlanFinding = (value: unknown): value is PlanFinding =>
  typeof value === 'object' && value !== null && 'message' in value && 'line' in value && 'severity' in value;
