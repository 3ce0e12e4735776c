/** PIPE-1. */
export const PIPELINE_STATES = [
  'SPAWN',
  'RUNNING',
  'REPORT',
  'ORCHESTRATING',
  'COMPLETED',
  'FAILED',
] as const;
export type PipelineStateName = (typeof PIPELINE_STATES)[number];

export const ENDED_STATES = ['COMPLETED', 'FAILED'] as const satisfies readonly PipelineStateName[];
export const isEnded = (state: PipelineStateName): boolean => state === 'COMPLETED' || state === 'FAILED';

/** PIPE-1: what a live pipeline waits for; null while it works. */
export const WAITING_FOR = ['continue', 'approval', 'fallback', 'credentials', 'resume', 'queue'] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];

/** PIPE-1, fixed. */
export const EXIT_CODES = { success: 0, error: 1, consensus_failure: 2, handed_over: 3 } as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** `run`: planner and consensus run here. `external`: its agents run elsewhere (GOV-7). `diagnostic`: reads a failed run (ENF-1). */
export const PIPELINE_MODES = ['run', 'external', 'diagnostic'] as const;
export type PipelineMode = (typeof PIPELINE_MODES)[number];

export const CONSENSUS_STATUSES = ['pending', 'reached', 'failed', 'partial_accepted'] as const;
export type ConsensusStatus = (typeof CONSENSUS_STATUSES)[number];

/** REC-1. */
export const FALLBACKS = [
  'rerun_same',
  'rerun_gamma',
  'escalate_tier',
  'accept_partial',
  'download_log',
] as const;
export type Fallback = (typeof FALLBACKS)[number];

/** CRED-5: the life of a pipeline's or an agent's token as shown; never the token itself. */
export const TOKEN_STATUSES = ['none', 'active', 'revoking', 'revoked', 'failed'] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];
