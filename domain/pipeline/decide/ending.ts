import type { Severity } from '../../governance/severity.ts';
import { violationId } from '../../ids.ts';
import type { StepKind } from '../event/steps.ts';
import { isOpen, type StepState, type TokenState } from '../state.ts';
import { EXIT_CODES } from '../states.ts';
import type { Draft } from './draft.ts';

const SUCCESS = { state: 'COMPLETED', exit_code: EXIT_CODES.success } as const;
const HANDED_OVER = { state: 'FAILED', exit_code: EXIT_CODES.handed_over } as const;
const ERROR = { state: 'FAILED', exit_code: EXIT_CODES.error } as const;

/** Work that a pipeline's end does not stop: it belongs to the end. */
export const OUTLIVES: readonly StepKind[] = [
  'revoke',
  'store_context',
  'spawn_successor',
  'spawn_diagnostic',
];

export function cancelSteps(draft: Draft, reason: string): void {
  for (const step of Object.values(draft.state.steps)) {
    if (!OUTLIVES.includes(step.work.kind)) dropStep(draft, step, reason);
  }
}

/** REC-6: a `once` action that was let through may have happened, whoever stops waiting for it and why. */
export function dropStep(draft: Draft, { step_id, status, work }: StepState, reason: string): void {
  const action = work.kind === 'action' ? draft.state.actions[work.action_id] : undefined;
  const { decision, effect } = action?.decision ?? {};
  if (action && status === 'claimed' && decision === 'allow' && effect === 'once') {
    const why = `nobody waited for it after it was let through: ${reason}`;
    draft.emit('action_unknown', { action_id: action.action_id, why });
  }
  draft.emit('step_cancelled', { step_id, reason });
}

/** CRED-4: every recorded token that is not confirmed gone and that no scheduled step is already revoking. */
export function scheduleRevocation(draft: Draft, only: (token: TokenState) => boolean = () => true): void {
  const underWay = new Set(
    Object.values(draft.state.steps).flatMap((s) =>
      s.work.kind === 'revoke' ? s.work.tokens.map((t) => t.accessor) : [],
    ),
  );
  const tokens = draft.state.tokens
    .filter((t) => t.confirmed_at === null && !underWay.has(t.accessor))
    .filter(only)
    .map(({ accessor, agent_id }) => ({ accessor, agent_id }));
  if (tokens.length > 0) draft.schedule({ kind: 'revoke', tokens });
}

/** GOV-7: a session dies with its pipeline, so what it has not told by then nobody tells. */
export function leaveUnreported(draft: Draft, agent_id?: string): void {
  for (const action of Object.values(draft.state.actions)) {
    if (!isOpen(action) || (agent_id !== undefined && action.request.agent_id !== agent_id)) continue;
    const why = 'its agent’s session ended before it told the outcome';
    draft.emit('action_unreported', { action_id: action.action_id, why });
  }
}

function end(
  draft: Draft,
  outcome: typeof SUCCESS | typeof ERROR | typeof HANDED_OVER,
  reason: string,
  detail: string | null,
): void {
  if (draft.state.outcome) return;
  leaveUnreported(draft);
  draft.emit('pipeline_ended', { ...outcome, reason, detail });
  cancelSteps(draft, 'the pipeline ended');
  scheduleRevocation(draft);
  sealIfClean(draft);
}

export const complete = (draft: Draft, reason: string, detail: string | null = null): void =>
  end(draft, SUCCESS, reason, detail);
export const failPipeline = (draft: Draft, reason: string, detail: string | null): void =>
  end(draft, ERROR, reason, detail);

/** REC-2: the run is over, and its successor goes on. */
export const handOver = (draft: Draft, reason: string, detail: string): void =>
  end(draft, HANDED_OVER, reason, detail);

/** How each token was confirmed gone; what comes after a first seal is sealed again. */
export function seal(draft: Draft): void {
  const { tokens } = draft.state;
  draft.emit('sealed', {
    tokens: tokens.length,
    by_lookup: tokens.filter((t) => t.how === 'lookup').length,
    by_expiry: tokens.filter((t) => t.how === 'expired').length,
  });
}

/** PIPE-6: sealed once every token is confirmed gone or expired. */
export function sealIfClean(draft: Draft): void {
  const { outcome, sealed, tokens } = draft.state;
  if (!outcome || sealed || tokens.some((t) => t.confirmed_at === null)) return;
  seal(draft);
}

/** A lease that ran out needs no revocation: Vault itself ended the token (PIPE-6 "gone or expired"). */
export function confirmExpired(draft: Draft): void {
  for (const token of draft.state.tokens) {
    const over = draft.state.gate_closed || token.superseded;
    if (over && token.confirmed_at === null && token.expires_at <= draft.at) {
      draft.emit('token_confirmed_gone', {
        accessor: token.accessor,
        agent_id: token.agent_id,
        how: 'expired',
      });
    }
  }
  sealIfClean(draft);
}

/** CONS-9: the pipeline stays ORCHESTRATING with exit code 2 until a person decides; nobody may act meanwhile. */
export function failConsensus(
  draft: Draft,
  reason: string,
  minority: Parameters<typeof emitFailure>[2],
): void {
  emitFailure(draft, reason, minority);
  cancelSteps(draft, 'consensus failed');
  draft.schedule({ kind: 'store_context' });
  scheduleRevocation(draft);
}

function emitFailure(
  draft: Draft,
  reason: string,
  minority_report: { seat: 'ALPHA' | 'BETA' | 'GAMMA'; vote: 'reject' | 'abstain'; reason: string }[],
): void {
  draft.emit('consensus_failed', { round: draft.state.round?.round ?? 0, reason, minority_report });
}

/** ENF-7; a CRITICAL one ends the pipeline in the same commit (ENF-3). */
export function recordViolation(
  draft: Draft,
  violation: {
    agent_id: string | null;
    rule: string;
    severity: Severity;
    evidence: string;
    /** Where it is another than a refusal. */
    consequence?: string;
  },
): void {
  const critical = violation.severity === 'critical';
  draft.emit('violation_recorded', {
    violation_id: violationId(draft.pipelineId, draft.state.counts.violations + 1),
    ...violation,
    consequence: critical
      ? 'pipeline stopped, all tokens revoked'
      : (violation.consequence ?? 'action refused'),
  });
  if (critical) failPipeline(draft, 'critical_violation', `${violation.rule}: ${violation.evidence}`);
}
