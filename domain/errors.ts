import type { PipelineStateName } from './pipeline/states.ts';

/** Every refusal of the core, as one union; `workers/api/problem.ts` maps it to the wire in one place. */
export type DomainError =
  | { code: 'not_found'; what: string }
  | { code: 'wrong_state'; detail: string; allowed: string[]; remedy: string }
  | { code: 'pipeline_ended'; state: PipelineStateName; detail: string }
  | { code: 'idempotency_conflict'; detail: string }
  /** GOV-7: the session of an outside agent has expired, or died with its agent or pipeline. */
  | { code: 'session_over'; detail: string }
  | { code: 'invalid'; field: string; detail: string }
  | { code: 'confirmation_required'; detail: string }
  | { code: 'not_offered'; detail: string }
  /** TEN-5, GOV-5: this takes a person, and another one than who asked. */
  | { code: 'person_needed'; detail: string }
  | { code: 'self_approval'; detail: string }
  | { code: 'already_decided'; detail: string }
  | { code: 'action_changed'; detail: string }
  | { code: 'approval_expired'; detail: string }
  /** ENF-4. */
  | { code: 'rate_limited'; detail: string; retry_after_s: number }
  /** ENF-5: the tenant's budget is spent, so nothing is begun. */
  | { code: 'error_budget_spent'; detail: string; retry_after_s: number }
  /** ENF-6: a kill switch stands on it. */
  | { code: 'killed'; detail: string; kill_id: string }
  | { code: 'outcome_conflict'; detail: string }
  /** LEDG-5: what it was asked for lies in the archive, or is on its way there. */
  | { code: 'archived'; detail: string; pipeline_id: string }
  /** The log has an event version this code does not know: the pipeline halts rather than guess (PIPE-7). */
  | { code: 'halted'; detail: string };

export type DomainErrorCode = DomainError['code'];
