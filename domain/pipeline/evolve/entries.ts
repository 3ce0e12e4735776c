/** Records that the fold under way made itself, and that nobody outside it has seen. */
let own: WeakSet<object> | null = null;

/**
 * A record with one entry more, or another one. Records that grow with the log go through here: copying thousands of actions for each
 * of 10,000 events took 17 s of CPU (UI-2, PIPE-7). Within {@link folding} each record is copied once and then written in place.
 */
export function withEntry<T>(record: Record<string, T>, key: string, value: T): Record<string, T> {
  if (own?.has(record)) {
    record[key] = value;
    return record;
  }
  const next = { ...record, [key]: value };
  own?.add(next);
  return next;
}

/**
 * Runs a fold over many events whose states in between nobody keeps. What it was given stays as it was, and what it answers is not
 * touched by a later fold: seen from outside it is as pure as folding one by one.
 */
export function folding<T>(fold: () => T): T {
  const outer = own;
  own = new WeakSet();
  try {
    return fold();
  } finally {
    own = outer;
  }
}
