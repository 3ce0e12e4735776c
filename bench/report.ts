/** One measured number. `ratio` is against `of`, measured in the same run on the same machine; that is what carries over to another. */
export interface Measurement {
  requirement: string;
  name: string;
  value: number;
  unit: string;
  /** What the number is to be compared with, measured beside it. */
  of?: { name: string; value: number };
  /** How many times slower, larger, dearer than `of`; above 1 is worse. */
  ratio?: number;
  target?: string;
  ok?: boolean;
}

const show = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/**
 * Rate against a faster one; `most` is the largest allowed ratio.
 * @throws when one of the two was not measured: a ratio against nothing would meet any target.
 */
export function rate(
  requirement: string,
  name: string,
  value: number,
  unit: string,
  of: { name: string; value: number },
  most?: number,
): Measurement {
  for (const [what, measured] of [[name, value] as const, [of.name, of.value] as const])
    if (!(measured > 0 && measured < Number.POSITIVE_INFINITY))
      throw new Error(`${what} was not measured: ${measured}`);
  const ratio = of.value / value;
  return {
    ...{ requirement, name, value, unit, of, ratio },
    ...(most === undefined ? {} : { target: `≤ ${most}× ${of.name}`, ok: ratio <= most }),
  };
}

/** A number that may be at most `most`. */
export const atMost = (
  requirement: string,
  name: string,
  value: number,
  unit: string,
  most?: number,
): Measurement => ({
  ...{ requirement, name, value, unit },
  ...(most === undefined ? {} : { target: `≤ ${most} ${unit}`, ok: value <= most }),
});

export function table(list: readonly Measurement[]): string {
  const rows = list.map((m) => [
    m.requirement,
    m.name,
    `${show(m.value)} ${m.unit}`,
    m.of ? `${m.of.name}: ${show(m.of.value)}` : '',
    m.ratio === undefined ? '' : `${m.ratio.toFixed(2)}×`,
    m.target ? `${m.ok ? '✓' : '✗'} ${m.target}` : '',
  ]);
  const all = [['', 'measured', 'value', 'beside', 'ratio', 'target'], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((r) => r[i]?.length ?? 0))) ?? [];
  return all
    .map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The value below which `share` of the sorted list lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
