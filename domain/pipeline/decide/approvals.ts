import type { DomainError } from '../../errors.ts';
import { approvalId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import { err, ok, type Result } from '../../result.ts';
import { type Command, isoTime, isPerson } from '../command.ts';
import type { GateDecision } from '../event/actions.ts';
import { CLOCKS } from '../rules.ts';
import type { ActionState, Approval, PipelineState } from '../state.ts';
import { type Draft, wrongState } from './draft.ts';
import { escalated } from './fallback.ts';
import { finishAction } from './outcomes.ts';
import { loginIfSuspended } from './pause.ts';

/** The approval that an action waits for. */
export const approvalOf = (state: PipelineState, action_id: string): Approval | undefined =>
  state.approvals.findLast((a) => a.action === 'run_action' && a.action_id === action_id);

/** GOV-5: the action is parked: it holds no worker and survives everything that the log does. */
export function askForApproval(
  draft: Draft,
  action: ActionState,
  decision: GateDecision,
  runs_here: boolean,
): void {
  const { action_id, request } = action;
  const { agent_id, tool, target } = request;
  const policy_sha256 = decision.policy_sha256 ?? decision.policy_version;
  const bound = { agent_id, tool, arguments: request.arguments, target, policy_sha256 };
  draft.emit('action_approval_requested', {
    approval_id: approvalId(draft.pipelineId, draft.state.counts.approvals + 1),
    action: 'run_action',
    action_id,
    ...bound,
    reason: decision.reason,
    // The agent acts for whoever started the run: that person's own word is not a second one.
    requested_by: draft.state.created_by,
    policies: decision.determining,
    policy_version: decision.policy_version,
    sha256: hashJson({ pipeline_id: draft.pipelineId, action_id, ...bound }),
    expires_at: isoTime(draft.context.now + CLOCKS.approval_expiry),
    runs_here,
  });
}

/** GOV-5: by a person, never by who asked, whichever key they use; once, in time, for exactly what was asked. */
export function decideApproval(
  draft: Draft,
  { approval_id, decision, reason, sha256 }: Extract<Command, { kind: 'decide_approval' }>,
): Result<undefined, DomainError> {
  const approval = draft.state.approvals.find((a) => a.approval_id === approval_id);
  if (!approval) return err({ code: 'not_found', what: `approval ${approval_id}` });
  const { actor } = draft.context;
  if (!isPerson(actor)) return err({ code: 'person_needed', detail: 'Only persons approve.' });
  if (actor === approval.requested_by) {
    return err({ code: 'self_approval', detail: 'Nobody approves what they asked for themselves.' });
  }
  if (approval.status === 'expired')
    return err({ code: 'approval_expired', detail: 'The approval has expired.' });
  if (approval.status !== 'pending') {
    return err({
      code: 'already_decided',
      detail: `It was decided: ${approval.status}, by ${approval.decided_by}.`,
    });
  }
  if (sha256 !== approval.sha256) {
    return err({ code: 'action_changed', detail: 'What is to be approved is not what was asked for.' });
  }
  if (draft.state.outcome || draft.state.recovery)
    return wrongState(
      draft.state,
      'nothing waits for this decision any more',
      [],
      'start a new run: POST /api/spawn, `ags run`',
    );
  draft.emit('approval_decided', { approval_id, decision, reason });
  if (approval.action === 'escalate_tier') {
    if (decision === 'approve') escalated(draft, approval.tier, approval.reason);
    return ok(undefined);
  }
  if (decision === 'deny')
    refused(draft, approval.action_id, 'approval_denied', `A person denied it: ${reason}`);
  else if (approval.runs_here) {
    // Judged again before it runs: authority may have shrunk since it was asked for.
    const { agent_id, action_id } = approval;
    draft.schedule({ kind: 'action', agent_id, action_id });
  }
  loginIfSuspended(draft);
  return ok(undefined);
}

/** GOV-5: too late, during a pause too. One that was approved and not used is asked for anew when its turn comes. */
export function expireApproval(draft: Draft, approval_id: string): void {
  const approval = draft.state.approvals.find((a) => a.approval_id === approval_id);
  if (!approval) return;
  const waited = approval.status === 'pending';
  const why = waited ? 'nobody decided in time' : 'it was approved, and not used in time';
  draft.emit('approval_decided', { approval_id, decision: 'expired', reason: why });
  if (waited && approval.action === 'run_action')
    refused(draft, approval.action_id, 'approval_expired', 'Nobody approved it in time.');
  loginIfSuspended(draft);
}

/** What an agent that is gone has asked for needs no decision any more. */
export function withdrawApprovals(draft: Draft, agent_id: string, why: string): void {
  for (const approval of draft.state.approvals) {
    if (approval.action !== 'run_action' || approval.agent_id !== agent_id || approval.status !== 'pending')
      continue;
    draft.emit('approval_decided', { approval_id: approval.approval_id, decision: 'expired', reason: why });
  }
  loginIfSuspended(draft);
}

function refused(draft: Draft, action_id: string, rule: string, reason: string): void {
  const action = draft.state.actions[action_id];
  if (!action || action.outcome) return;
  const remedy = 'Go on without it, or say in the report what is left for a person to do.';
  finishAction(draft, action_id, 'denied', JSON.stringify({ denied: true, rule, reason, remedy }), reason);
}
