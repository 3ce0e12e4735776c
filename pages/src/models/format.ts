const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en');
const dollars = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const count = (n: number): string => (Math.abs(n) < 10_000 ? whole.format(n) : compact.format(n));
export const exact = (n: number): string => whole.format(n);

/** Integer micro-USD as dollars: whole cents from a dollar up, four digits below, so that a cheap run is not "$0.00". */
export function money(microusd: number): string {
  const usd = microusd / 1_000_000;
  if (microusd === 0) return '$0';
  if (Math.abs(usd) < 0.0001) return '< $0.0001';
  return Math.abs(usd) < 1 ? `$${usd.toFixed(4)}` : `$${dollars.format(usd)}`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A length of time in its two largest units, e.g. "2 min 5 s". */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0) parts.push(`${n} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0 s';
}

/** How long ago, in one unit; "now" below 5 s. */
export function ago(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1_000);
  if (seconds < 5) return 'now';
  const [unit, size] = UNITS.find(([, s]) => seconds >= s) ?? UNITS[3];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const stamp = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const timeOfDay = (at: string): string => clock.format(new Date(at));
export const dateTime = (at: string): string => stamp.format(new Date(at));

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** RUN-5: the embedded model must never pass for an LLM. */
export const providerName = (provider: string): string =>
  provider === 'embedded' ? 'embedded (not an LLM)' : provider;

/** `ag_xxxx_3` is long and says little: keep both ends. */
export const shortId = (id: string): string => (id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id);
