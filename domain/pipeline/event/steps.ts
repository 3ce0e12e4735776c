export interface Usage {
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  /** Integer micro-USD. */
  cost_microusd: number;
  provider: string;
  /** AGENT-6: the model that answered, which may differ from the one asked. */
  model: string;
  latency_ms: number;
}

/** What a step does. One step is one model call, one action, or one conversation with Vault (PIPE-8). */
export type StepWork =
  | { kind: 'credentials_login' }
  | { kind: 'agent_bootstrap'; agent_id: string }
  /** `round` 0 is the planner's; `leg` counts the model calls within one turn (the tool loop). */
  | { kind: 'agent_turn'; agent_id: string; round: number; leg: number }
  | { kind: 'action'; agent_id: string; action_id: string }
  /** REC-2: GAMMA puts together what there is before a run ends early. */
  | { kind: 'synthesis'; agent_id: string }
  /** CONS-9: the failure context goes to the Redis store, for the retry. */
  | { kind: 'store_context' }
  /** REC-3: the next attempt is admitted and spawned; a full quota makes it wait. */
  | { kind: 'spawn_successor'; pipeline_id: string }
  /** ENF-1: a DIAGNOSTIC reads why the run was stopped. */
  | { kind: 'spawn_diagnostic'; pipeline_id: string }
  | { kind: 'revoke'; tokens: { accessor: string; agent_id: string | null }[] };
export type StepKind = StepWork['kind'];

/** What a step is held for: a dependency's breaker is open (OPS-1), nothing is left of the tenant's month (PIPE-11), or of its error budget (ENF-5). */
export const HELD_ON = ['vault', 'redis', 'model', 'budget', 'error_budget'] as const;
export type HeldOn = (typeof HELD_ON)[number];

export interface Reservation {
  tokens: number;
  cost_microusd: number;
}

/** Each step from its schedule to its end (PIPE-8). */
export interface StepEvents {
  step_scheduled: { step_id: string; work: StepWork };
  /** `reserved` (PIPE-11): the most this call can use; settled when it ends, charged when it is lost. */
  step_claimed: { step_id: string; epoch: number; worker: string; reserved: Reservation | null };
  /** At most one in 10 s and step (PERF-3). */
  step_progressed: { step_id: string; epoch: number; note: string };
  step_completed: { step_id: string; epoch: number; usage: Usage | null };
  /** `retry_at` null: the step's retries are spent. `cause` tells an agent's error from a dependency's (ENF-1). */
  step_failed: {
    step_id: string;
    epoch: number;
    code: string;
    message: string;
    cause: 'agent' | 'dependency';
    retry_at: string | null;
    usage: Usage | null;
  };
  /** CRED-6: Vault or the store did not answer. No error of anybody's: the step waits, and the pipeline with it. */
  step_deferred: { step_id: string; epoch: number; code: string; message: string; retry_at: string };
  /** ENF-1, PIPE-11: what the step needs is not to be had now. No error of anybody's and no try: the step waits, and says for what. */
  step_held: {
    step_id: string;
    epoch: number;
    on: HeldOn;
    code: string;
    message: string;
    /** Of a call that was made to see whether it works again. */
    usage: Usage | null;
  };
  /** What it was held for is to be had again; tokens that a long wait has ended come before its next try (PIPE-10). */
  step_released: { step_id: string };
  /** The worker that held the claim is gone; the step is ready again under a new epoch, at once when `retry_at` is absent. */
  step_lost: { step_id: string; epoch: number; retry_at?: string };
  step_cancelled: { step_id: string; reason: string };
  /** The queue gave up on the step's message (PIPE-8); the step itself may still be ready. */
  step_dead_lettered: { step_id: string; reason: string };
  step_redriven: { step_id: string };
}
