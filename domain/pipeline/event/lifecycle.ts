import type { Role } from '../../agents/roles.ts';
import type { Kill } from '../../governance/permit.ts';
import type { Tier } from '../../governance/tier.ts';
import type { Limits } from '../../plan/limits.ts';
import type { Misbehaviour, ModelChoice, Stage } from '../../plan/plan.ts';
import type { ExitCode, PipelineMode } from '../states.ts';

/** A context document as the log names it; its text lies beside the log under its hash, so that events stay small. */
export interface DocumentRef {
  name: string;
  sha256: string;
  bytes: number;
  media_type: string;
  /** AGENT-5: `trusted` when the plan's author vouches for it. */
  origin: 'trusted' | 'untrusted';
}

/** How a pipeline ended. */
export interface Outcome {
  state: 'COMPLETED' | 'FAILED';
  exit_code: ExitCode;
  /** A stable code, e.g. `consensus_reached`, `credentials_unavailable`. */
  reason: string;
}

/** How a pipeline begins, goes on, waits and ends (PIPE). */
export interface LifecycleEvents {
  pipeline_spawned: {
    pipeline_id: string;
    tenant: string;
    project_id: string;
    number: number;
    plan_id: string;
    plan_name: string;
    plan_version: string;
    plan_sha256: string;
    objective: string;
    documents: DocumentRef[];
    models: Record<Role, ModelChoice>;
    misbehave: Misbehaviour[];
    limits: Limits;
    stages: Stage[];
    /** GOV-5: tools that the plan wants a person to approve; absent: none. */
    approvals?: string[];
    mode: PipelineMode;
    tier: Tier;
    auto_continue: boolean;
    attempt: number;
    predecessor_id: string | null;
    request_sha256: string;
    /** ENF-1: the run that a DIAGNOSTIC reads; absent otherwise. */
    diagnoses?: string;
    /** PROM-1: who takes part, by role; absent where nobody asked. */
    identities?: Record<string, string>;
  };
  state_entered: { state: 'RUNNING' | 'REPORT' | 'ORCHESTRATING' };
  waiting_began: { for: 'continue' };
  continued: { reason: string | null };
  pause_requested: { reason: string };
  paused: { in_flight: number };
  resumed: { reason: string };
  /** REC-6: nothing could happen between `since` and this event, though something was due: the system was down. */
  outage_noticed: { since: string };
  /** ENF-6: a kill switch reached this pipeline; what it stops stops in the same commit. `at` is when it was thrown. */
  kill_switch_thrown: Kill;
  /** A person took it back; what it stopped stays stopped. */
  kill_switch_lifted: { kill_id: string; reason: string };
  log_written: {
    log_id: string;
    level: 'debug' | 'info' | 'warn' | 'error';
    source: string;
    message: string;
    fields: Record<string, unknown>;
  };
  /** The end: the gate is closed from this event on (CRED-4, ENF-3); until `sealed`, tokens are still being revoked. */
  pipeline_ended: Outcome & { detail: string | null };
  /** PIPE-6: every token is confirmed gone or expired. */
  sealed: { tokens: number; by_lookup: number; by_expiry: number };
}
