/** Stable reason codes of an end, for people. A code that is not here shows as itself with its underscores gone. */
const REASONS: Record<string, string> = {
  consensus_reached: 'the agents agreed',
  credentials_unavailable: 'no credentials could be had from Vault',
  credentials_expired: 'its credentials ran out and Vault did not come back in time',
  token_revoked: 'its token was revoked in Vault, and not from here',
  consensus_failed: 'the agents could not agree',
  consensus_undecided: 'nobody decided about the failed consensus in time',
  partial_accepted: 'a person accepted a proposal without consensus',
  recovery_exhausted: 'all attempts are used up',
  round_limit: 'its rounds were used up; a successor goes on',
  abort: 'a person ended it early; a successor goes on',
  revoked: 'a person stopped it',
  cancelled: 'a person cancelled it',
  critical_violation: 'a critical rule was broken',
  killed: 'a kill switch stopped it',
  error_rate: 'its agents caused too many errors',
  ended_by_caller: 'its agents were done',
  deadline: 'its time was used up',
  limit_reached: 'a limit of its plan was used up',
  no_agent_answered: 'no agent answered',
  model_unavailable: 'no model answered',
  planner_failed: 'the planner failed',
  planner_revoked: 'the planner’s authority was taken away',
};

export const reasonText = (code: string | null): string =>
  code === null ? 'no reason was recorded' : (REASONS[code] ?? code.replaceAll('_', ' '));

/** PIPE-1, for people. */
export const EXIT_TEXT: Record<number, string> = {
  0: 'success',
  1: 'error',
  2: 'no consensus',
  3: 'handed over to a successor',
};
