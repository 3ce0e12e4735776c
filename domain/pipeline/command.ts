import type { Kill, Permit } from '../governance/permit.ts';
import type { Tier } from '../governance/tier.ts';
import type { ResolvedPlan } from '../plan/plan.ts';
import type { Admit, StepError, StepResult } from './assignment.ts';
import type { Trouble } from './dependencies.ts';
import type { DeclaredTool, GateDecision, OutsideRequest } from './event/actions.ts';
import type { DocumentRef } from './event/lifecycle.ts';
import type { ForkSeed, Handoff } from './event/recovery.ts';
import type { Reservation } from './event/steps.ts';
import type { Renewals } from './renewal.ts';
import type { Fallback, PipelineMode } from './states.ts';

/** What can be asked of a pipeline. Time, randomness and the asker come in a {@link Context} beside it. */
export type Command =
  | {
      kind: 'spawn';
      pipeline_id: string;
      tenant: string;
      project_id: string;
      number: number;
      plan: Omit<ResolvedPlan, 'documents'>;
      documents: DocumentRef[];
      mode: PipelineMode;
      tier: Tier;
      auto_continue: boolean;
      request_sha256: string;
      /** PROM-1: the agents' identities by role. */
      identities?: Record<string, string>;
      /** REC-3: set for the next attempt of a lineage. */
      successor_of: { pipeline_id: string; attempt: number; handoff: Handoff; sha256: string } | null;
      /** PIPE-7: set for a fork. */
      fork: ForkSeed | null;
      /** ENF-1: the run that a DIAGNOSTIC reads. */
      diagnoses?: string;
    }
  | { kind: 'continue'; reason: string | null }
  | { kind: 'cancel'; reason: string }
  | { kind: 'abort'; reason: string }
  | { kind: 'pause'; reason: string }
  | { kind: 'resume'; reason: string }
  | { kind: 'revoke'; agent_id: string | null; reason: string }
  /** ENF-6: `kill` comes from above; null is a switch of this pipeline, or of one of its agents. */
  | { kind: 'kill'; kill: Kill | null; agent_id: string | null; reason: string }
  | { kind: 'lift'; kill_id: string; reason: string }
  | {
      kind: 'fallback';
      action: Fallback;
      reason: string;
      proposal_id: string | null;
      revision: number | null;
      confirm: boolean;
    }
  | {
      kind: 'decide_approval';
      approval_id: string;
      decision: 'approve' | 'deny';
      reason: string;
      /** What the person saw (GOV-5); another hash than the one on record is refused. */
      sha256: string;
    }
  | { kind: 'resolve_action'; action_id: string; status: 'succeeded' | 'failed'; reason: string }
  | {
      kind: 'log';
      level: 'debug' | 'info' | 'warn' | 'error';
      source: string;
      message: string;
      fields: Record<string, unknown>;
    }
  /** GOV-7: the caller of an external pipeline is done with it. */
  | { kind: 'end'; reason: string }
  | {
      kind: 'register';
      name: string;
      framework: string;
      tier: Tier;
      session_hash: string;
      session_expires_at: string;
      tools?: DeclaredTool[];
    }
  | {
      kind: 'ask';
      agent_id: string;
      tool: string;
      /** Secrets removed, long texts cut. */
      arguments: Record<string, unknown>;
      target: string;
      /** AGENT-5: what the agent says its arguments derive from. */
      origin: string[];
      outside: OutsideRequest;
    }
  /** GOV-2: the gate's word on what an outside agent asked for. */
  | { kind: 'judge'; action_id: string; version: number; decision: GateDecision; permit: Permit | null }
  /** GOV-7: how it ended, in the agent's own words. */
  | { kind: 'report'; agent_id: string; action_id: string; outcome: ReportedOutcome }
  | { kind: 'redrive'; step_id: string }
  /** `permit` (ENF-6): null when none is to be had; what agents do then waits. */
  /** `trouble` (OPS-1): the breaker of what the step needs is open. */
  | {
      kind: 'claim';
      step_id: string;
      worker: string;
      permit: Permit | null;
      slice?: TenantSlice;
      trouble?: Trouble | null;
    }
  | { kind: 'progress'; step_id: string; epoch: number; note: string }
  | ({ kind: 'record_renewals' } & Renewals)
  | ({ kind: 'admit'; permit: Permit | null } & Admit)
  /** `worker`: it would go on at once with what follows, if that is its to take; without one the queue has it. */
  | {
      kind: 'complete';
      step_id: string;
      epoch: number;
      result: StepResult;
      worker?: string | null;
      /** How many steps the worker takes along at most; absent: one. */
      most?: number;
      permit?: Permit | null;
      slice?: TenantSlice;
    }
  | { kind: 'fail'; step_id: string; epoch: number; error: StepError; trouble?: Trouble | null }
  | { kind: 'dead_letter'; step_id: string; reason: string }
  /** Time has passed; `leases` says when each claimed step was last heard of. */
  | { kind: 'tick'; leases: Leases };

export interface ReportedOutcome {
  status: 'succeeded' | 'failed' | 'unknown';
  /** JSON text, secrets removed, bounded. */
  result: string | null;
  result_sha256: string | null;
  truncated: boolean;
  error: string | null;
}

/**
 * PIPE-11: what of the tenant's budget this pipeline may have used in all, as drawn so far. `used_up`: the tenant's month has no more to
 * give; otherwise a step that does not fit waits until more is drawn.
 */
export interface TenantSlice extends Reservation {
  used_up: boolean;
  /** The month that was asked, `2026-11`. */
  month?: string;
}

/** What the object remembers of claimed steps between events, in ms since the epoch. */
export type Leases = Readonly<Record<string, { heard_at: number; progress_at: number }>>;

export interface Context {
  /** ms since the epoch. */
  now: number;
  actor: string;
  /** In [0, 1): spreads retries (jitter). */
  random: number;
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** TEN-5: only persons approve, accept partial results, lift kill switches. */
export const isPerson = (actor: string): boolean => actor.startsWith('person:');
