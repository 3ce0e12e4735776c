/** ENF-1, ENF-4, ENF-5: the numbers, once. */
export const LIMITS_OF_CONDUCT = {
  /** Length of a sliding window (ms). */
  window: 60_000,
  /** Errors of its agents that a pipeline may have in a window; one more stops it. */
  errors: 5,
  /** Calls that an agent may make in a window; the next one is refused. */
  calls: 100,
  /** Errors that an agent may have before its budget is spent: in all, and of one kind. */
  agent_errors: 8,
  same_errors: 3,
} as const;

/** How many of these moments (ms since the epoch) lie in the window that ends now: less than its length ago. */
export const inWindow = (times: readonly number[], now: number): number =>
  times.filter((t) => now - t < LIMITS_OF_CONDUCT.window).length;

/** A window's memory with one more moment, no longer than anybody looks back. */
export const remember = (times: readonly number[], at: number, most: number): number[] =>
  [...times, at].slice(-most);
