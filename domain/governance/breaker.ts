/**
 * OPS-1: a circuit breaker around one dependency. Pure; times in ms since the epoch, by the clock of the object that keeps it. Calls come in as
 * isolates report them: each failure at once, and with it how many calls went well there since its last report, so that a dependency
 * that works costs no report at all.
 */
export const BREAKER = {
  /** Length of the sliding window. */
  window: 60_000,
  /** It opens at this many failures in the window, when they are at least half of the calls in it. */
  failures: 3,
  /** How long it stays open at first; doubled with each probe that fails, up to the last. */
  open: 5_000,
  open_max: 30_000,
  /** A probe that nobody has told the end of is taken for lost: longer than a conversation with Vault, than a model's first token (AGENT-4). */
  probe: 20_000,
  probe_of_model: 150_000,
} as const;

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface LastError {
  code: string;
  /** Written by us, never taken from an answer: those may quote secrets. */
  message: string;
  at: number;
}

export interface Breaker {
  state: BreakerState;
  /** What was reported within the window, oldest first. */
  calls: readonly { at: number; failed: number; ok: number }[];
  /** When it opened; null while closed. */
  opened_at: number | null;
  /** When a probe may be made; 0 while closed. */
  retry_at: number;
  /** Probes that have failed since it opened. */
  reopened: number;
  /** Who tries, and since when. */
  probe: { by: string; since: number } | null;
  last_error: LastError | null;
}

export const CLOSED: Breaker = {
  state: 'closed',
  calls: [],
  opened_at: null,
  retry_at: 0,
  reopened: 0,
  probe: null,
  last_error: null,
};

const recent = (calls: Breaker['calls'], now: number): Breaker['calls'] =>
  calls.filter(({ at }) => now - at < BREAKER.window);

const total = (calls: Breaker['calls'], of: 'failed' | 'ok'): number =>
  calls.reduce((sum, call) => sum + call[of], 0);

/** Failures in the window that ends now. */
export const failuresOf = (breaker: Breaker, now: number): number =>
  total(recent(breaker.calls, now), 'failed');

function open(breaker: Breaker, now: number, reopened: number, retry_after_ms: number): Breaker {
  const pause = Math.min(BREAKER.open_max, BREAKER.open * 2 ** Math.min(reopened, 10));
  return {
    ...breaker,
    state: 'open',
    calls: [],
    opened_at: breaker.opened_at ?? now,
    retry_at: now + Math.max(pause, Math.min(retry_after_ms, BREAKER.open_max * 5)),
    reopened,
    probe: null,
  };
}

/** A call failed; `ok`: how many went well where it was seen, since the last report. `retry_after_ms`: what the dependency asked for, or 0. */
export function noteFailure(
  breaker: Breaker,
  now: number,
  error: { code: string; message: string },
  { ok = 0, retry_after_ms = 0 }: { ok?: number; retry_after_ms?: number } = {},
): Breaker {
  const noted = { ...breaker, last_error: { ...error, at: now } };
  // What was under way when it opened says nothing new.
  if (breaker.state === 'open') return noted;
  if (breaker.state === 'half_open') return open(noted, now, breaker.reopened + 1, retry_after_ms);
  const calls = [...recent(breaker.calls, now), { at: now, failed: 1, ok }];
  const failed = total(calls, 'failed');
  return failed >= BREAKER.failures && failed >= total(calls, 'ok')
    ? open(noted, now, 0, retry_after_ms)
    : { ...noted, calls };
}

/** A call went well. It closes a breaker that was waiting for that; one that is open was answered by what began before. */
export function noteSuccess(breaker: Breaker): Breaker {
  return breaker.state === 'half_open' ? { ...CLOSED, last_error: breaker.last_error } : breaker;
}

export type Attempt =
  /** `probe`: it is the one call that decides. */
  { kind: 'go'; probe: boolean } | { kind: 'wait'; retry_in_ms: number };

/** May `by` call? While half-open one may, until its end is told or taken for lost. */
export function attempt(
  breaker: Breaker,
  now: number,
  by: string,
  probe_ms: number = BREAKER.probe,
): { breaker: Breaker; answer: Attempt } {
  const go = (probe: boolean, after: Breaker) => ({ breaker: after, answer: { kind: 'go', probe } as const });
  const wait = (ms: number) => ({ breaker, answer: { kind: 'wait', retry_in_ms: Math.max(1, ms) } as const });
  if (breaker.state === 'closed') return go(false, breaker);
  if (breaker.state === 'open' && now < breaker.retry_at) return wait(breaker.retry_at - now);
  const { probe } = breaker;
  const held = probe !== null && probe.by !== by && now - probe.since < probe_ms;
  if (breaker.state === 'half_open' && held) return wait(BREAKER.open);
  return go(true, { ...breaker, state: 'half_open', probe: { by, since: now } });
}

/** The probe came to no call, so it says nothing: the next one may try. */
export const releaseProbe = (breaker: Breaker, by: string): Breaker =>
  breaker.probe?.by === by ? { ...breaker, probe: null } : breaker;

/** Nothing to remember: a closed breaker whose window is empty. */
export const isQuiet = (breaker: Breaker, now: number): boolean =>
  breaker.state === 'closed' && recent(breaker.calls, now).length === 0;
