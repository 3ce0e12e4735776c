import { badRequest } from './wire.ts';

const UNIT_SECONDS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

/** Seconds from what Vault takes as a duration: a number, `"90"`, `"1h30m"`, `"7d"`. Absent or empty is 0. */
export function parseDuration(value: unknown, field: string): number {
  if (value === undefined || value === null || value === '') return 0;
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value);
  if (typeof value === 'string') {
    if (/^-?\d+$/.test(value)) return Number(value);
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)/g)];
    if (parts.length > 0 && parts.map((part) => part[0]).join('') === value) {
      const seconds = parts.reduce(
        (sum, part) => sum + Number(part[1]) * (UNIT_SECONDS[part[2] ?? ''] ?? 0),
        0,
      );
      return Math.trunc(seconds);
    }
  }
  throw badRequest(`Field validation failed: error converting input for field "${field}": invalid duration`);
}

/** A duration as Vault's warnings print it: `1h30m`, `90s` as `1m30s`, without zero parts. */
export function humanDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([amount, unit]) => (amount > 0 ? `${amount}${unit}` : '')).join('') || '0s';
}
