import type { StepKind } from './event/steps.ts';

/** Times in milliseconds. Every number of the pipeline's clockwork, once. */
export const CLOCKS = {
  /** PIPE-2: how long Vault may stay silent before a spawn fails. */
  credentials_window: 120_000,
  /** CRED-6: how long Vault may stay away once nobody has a lease any more. */
  credentials_hold: 3_600_000,
  /** CRED-6: how long steps may wait while leases can still be extended: something else than silence is wrong then. */
  credentials_wait: 3 * 3_600_000,
  /** CRED-3: parts of a lease. From the first on the cron renews a token; at the second the pipeline asks for itself. */
  renew_due: 1 / 5,
  renew_late: 2 / 5,
  /** CRED-3: a request for renewal that had no effect is made again. */
  renew_again: 30_000,
  /** PIPE-8: a claimed step that is not heard of for this long has lost its worker (workers report every 5 s). */
  lease: 20_000,
  /** After the object woke up it has forgotten heartbeats; workers get this long to be heard again. */
  lease_grace: 7_000,
  /** REC-6: what is due this much earlier than it is looked at was due while the system was down. Alarms may be late by some seconds. */
  outage: 60_000,
  /** A ready step that nobody claimed is announced again after this long, then after twice as long, and so on. */
  redispatch: 15_000,
  redispatch_max: 600_000,
  /** CONS-5: no progress by any seat. */
  mediation_stall: 30_000,
  /** CONS-9: an undecided consensus failure ends after this long. */
  undecided: 7 * 86_400_000,
  /** ENF-2: a claimed step that showed progress and then none for this long. */
  stuck: 60_000,
  /**
   * AGENT-4: before the first token a model has 120 s. Its worker ends the call itself then, which is the model's time-out and not the
   * agent's doing (ENF-1), and has this much in all to tell.
   */
  first_progress: 130_000,
  /** REC-2: GAMMA's synthesis must be there by then, or it is put together without a model. */
  recovery_window: 60_000,
  /** PIPE-10: tokens of a pipeline that waits for a person this long are revoked. */
  idle_tokens: 30 * 60_000,
  /** GOV-5: an approval that nobody decides on. */
  approval_expiry: 24 * 3_600_000,
  /** GOV-7: an outside agent that was let through tells the outcome by then. */
  outcome_report: 10 * 60_000,
  /** PERF-3: progress goes to the log at most this often for each step. */
  progress_every: 10_000,
} as const;

/** How often a step is executed before its error stands. Delays in ms, doubled each time, spread by jitter. */
export interface RetryPolicy {
  attempts: number;
  first_delay: number;
  max_delay: number;
}

/** PIPE-8. Vault conversations end by their window instead of by count; revocation is never given up (CRED-4). */
export const RETRIES: Record<StepKind, RetryPolicy> = {
  credentials_login: { attempts: Number.POSITIVE_INFINITY, first_delay: 500, max_delay: 15_000 },
  agent_bootstrap: { attempts: Number.POSITIVE_INFINITY, first_delay: 500, max_delay: 15_000 },
  agent_turn: { attempts: 5, first_delay: 1_000, max_delay: 30_000 },
  action: { attempts: 3, first_delay: 500, max_delay: 10_000 },
  synthesis: { attempts: 3, first_delay: 1_000, max_delay: 5_000 },
  store_context: { attempts: 10, first_delay: 1_000, max_delay: 60_000 },
  // REC-3: a full quota makes the successor wait, however long.
  spawn_successor: { attempts: Number.POSITIVE_INFINITY, first_delay: 1_000, max_delay: 30_000 },
  spawn_diagnostic: { attempts: Number.POSITIVE_INFINITY, first_delay: 1_000, max_delay: 30_000 },
  revoke: { attempts: Number.POSITIVE_INFINITY, first_delay: 500, max_delay: 60_000 },
};

/** Exponential backoff with jitter of ±50 %; a Retry-After is a lower bound. `random` in [0, 1). */
export function retryDelay(
  policy: RetryPolicy,
  failures: number,
  random: number,
  retryAfterS: number | null,
): number {
  const doubled = Math.min(policy.max_delay, policy.first_delay * 2 ** Math.min(failures, 20));
  return Math.max((retryAfterS ?? 0) * 1_000, Math.round(doubled * (0.5 + random)));
}

/**
 * PIPE-8: a step that loses its worker this often in a row of claims is taken for the cause of it; the loss then stands as its failure.
 * Conversations with Vault, the store and the tenant go on instead: nobody else would end what they began.
 */
export const MAX_LOSSES: Record<StepKind, number> = {
  credentials_login: Number.POSITIVE_INFINITY,
  agent_bootstrap: Number.POSITIVE_INFINITY,
  agent_turn: 5,
  action: 5,
  synthesis: 5,
  store_context: Number.POSITIVE_INFINITY,
  spawn_successor: Number.POSITIVE_INFINITY,
  spawn_diagnostic: Number.POSITIVE_INFINITY,
  revoke: Number.POSITIVE_INFINITY,
};

/** CRED-6: how often a step that waits for Vault or the store looks; the spread paces those that come back together. */
export const AWAY: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  first_delay: 1_000,
  max_delay: 60_000,
};

/** CRED-2: how often a step's tokens may be found lost before that stands as its error. */
export const STORE_LOSSES = 5;

/** Model calls in one turn; the last one must answer instead of calling tools, so that loops end. */
export const MAX_LEGS = 8;

/** CONS-5. */
export const MEDIATION = { conflicts_above: 3, complexity_above: 80, idle_rounds: 3 } as const;

/** REC-3: attempts in a lineage, counting the first. */
export const MAX_ATTEMPTS = 3;

/** ENF-2: replacements of a seat's agent; after them the seat is silent. */
export const MAX_REPLACEMENTS = 2;

/** CONS-9: how long the failure context stays in the Redis store, in seconds. */
export const FAILURE_CONTEXT_TTL_S = 7 * 86_400;

/** PIPE-11: what a prompt has besides its data, in tokens: instructions, tools, schema. */
export const PROMPT_OVERHEAD_TOKENS = 8_000;
