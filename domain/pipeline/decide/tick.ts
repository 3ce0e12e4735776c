import type { DomainError } from '../../errors.ts';
import { ok, type Result } from '../../result.ts';
import type { Command, Leases } from '../command.ts';
import { CLOCKS } from '../rules.ts';
import { type Timer, timers } from '../timers.ts';
import { expireApproval } from './approvals.ts';
import { holdAtLeaseEnd, lapseAgentToken } from './credentials.ts';
import type { Draft } from './draft.ts';
import { confirmExpired, failPipeline } from './ending.ts';
import { loseStep } from './fail.ts';
import { suspendTokens } from './pause.ts';
import { startRecovery, synthesiseByRule } from './recovery.ts';
import { replaceStuck } from './replace.ts';
import { callMediator, closeRoundAtLimit } from './rounds.ts';

/** Time has passed: whatever is due happens, each timer judged on the state that the ones before it left. */
export function tick(
  draft: Draft,
  { leases }: Extract<Command, { kind: 'tick' }>,
): Result<undefined, DomainError> {
  const { now } = draft.context;
  noticeOutage(draft, leases);
  for (const timer of timers(draft.state, leases).filter((t) => t.at <= now)) {
    const stillDue = timers(draft.state, leases).some((t) => t.kind === timer.kind && t.at === timer.at);
    if (stillDue) fire(draft, timer);
  }
  return ok(undefined);
}

/** ENF-1: a run that waited for a dependency until its deadline says so. */
function waitedFor(draft: Draft): string {
  const held = Object.values(draft.state.steps).flatMap((step) => step.held ?? [])[0];
  return held ? ` Since ${held.since} it waited. ${held.message}` : '';
}

/**
 * REC-6: a run is not to blame for time in which nothing ran, so its deadline and the open round's limit do not count it. The outage is
 * counted from the last thing on record; a ready step says nothing, because it may have waited in a queue.
 */
function noticeOutage(draft: Draft, leases: Leases): void {
  const { state } = draft;
  const { now } = draft.context;
  const clocksRun = state.spawned && !state.outcome && !state.recovery && !state.failure;
  if (!clocksRun || state.clock.stopped_since !== null) return;
  const overdue = timers(state, leases).some((t) => t.kind !== 'step_ready' && now - t.at > CLOCKS.outage);
  if (overdue) draft.emit('outage_noticed', { since: state.updated_at });
}

function fire(draft: Draft, timer: Timer): void {
  switch (timer.kind) {
    case 'step_ready':
      // Announcing steps is the object's work; it changes no state.
      return;
    case 'lease':
      loseStep(draft, timer.step_id);
      return;
    case 'stuck':
      replaceStuck(draft, timer.step_id);
      return;
    case 'recovery_limit':
      synthesiseByRule(draft);
      return;
    case 'idle_tokens':
      suspendTokens(draft, 'a person has been waited for too long');
      return;
    case 'approval_expiry':
      expireApproval(draft, timer.approval_id);
      return;
    case 'round_limit':
      closeRoundAtLimit(draft);
      return;
    case 'stall':
      callMediator(draft, 'no_progress', `no seat made progress for ${CLOCKS.mediation_stall / 1_000} s`);
      return;
    case 'outcome_due':
      draft.emit('action_unreported', {
        action_id: timer.action_id,
        why: `its agent said nothing within ${CLOCKS.outcome_report / 60_000} min`,
      });
      return;
    case 'deadline':
      if (draft.state.spawned?.mode === 'external') {
        failPipeline(draft, 'deadline', 'Nobody ended the pipeline before its deadline.');
        return;
      }
      startRecovery(
        draft,
        'deadline',
        `The deadline of ${draft.state.spawned?.limits.deadline_s} s has passed.${waitedFor(draft)}`,
      );
      return;
    case 'undecided':
      failPipeline(draft, 'consensus_undecided', 'Nobody decided on the failed consensus within 7 days.');
      return;
    case 'token_expiry':
      confirmExpired(draft);
      return;
    case 'lease_end':
      holdAtLeaseEnd(draft);
      return;
    case 'agent_lease_end':
      lapseAgentToken(draft, timer.agent_id);
      return;
    case 'credentials_limit':
      failPipeline(
        draft,
        'credentials_expired',
        draft.state.credential_error ?? 'There was no live token, and no new login in time.',
      );
      return;
  }
}
