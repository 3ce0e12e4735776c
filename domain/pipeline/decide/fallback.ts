import type { DomainError } from '../../errors.ts';
import { TIERS, type Tier } from '../../governance/tier.ts';
import { approvalId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import { err, ok, type Result } from '../../result.ts';
import { type Command, isoTime, isPerson } from '../command.ts';
import { CLOCKS } from '../rules.ts';
import { latestProposals, type PipelineState, pendingApproval } from '../state.ts';
import type { Fallback } from '../states.ts';
import { type Draft, wrongState } from './draft.ts';
import { complete } from './ending.ts';
import { budgetsLeft } from './recovery.ts';

type FallbackCommand = Extract<Command, { kind: 'fallback' }>;

/** REC-1: why a fallback does not fit the state; null when it may be taken. The one source for API, dashboard and decision. */
export function whyNot(state: PipelineState, action: Fallback): string | null {
  if (action === 'download_log') return null;
  if (state.outcome) return `The pipeline has ended: ${state.outcome.reason}.`;
  if (!state.failure) return 'Consensus has not failed.';
  if (pendingApproval(state)) return 'An approval is pending; decide on it first.';
  if (Object.values(state.actions).some((a) => a.unknown && !a.outcome && !a.request.outside))
    return 'The outcome of an action is unknown; say what became of it first.';
  if (action === 'accept_partial')
    return latestProposals(state).length > 0 ? null : 'There is no proposal to accept.';
  if (action === 'escalate_tier' && state.tier === TIERS.at(-1))
    return 'The pipeline already has the highest tier.';
  const budgets = budgetsLeft(state);
  if (budgets.tokens === 0) return 'The token limit is used up, and budgets continue through reruns.';
  if ((state.spawned?.limits.cost_microusd ?? 0) > 0 && budgets.cost_microusd === 0)
    return 'The cost limit is used up.';
  return null;
}

/** REC-1. */
export function fallback(draft: Draft, command: FallbackCommand): Result<undefined, DomainError> {
  const { action, reason } = command;
  const refusal = whyNot(draft.state, action);
  if (refusal !== null) {
    return wrongState(
      draft.state,
      refusal.replace(/\.$/, ''),
      ['ORCHESTRATING'],
      'look at what fits: GET /api/pipeline/consensus/status, `ags pipeline show`',
    );
  }
  switch (action) {
    case 'download_log':
      // It changes nothing; that somebody took everything away, who and why, is on record like any other choice.
      draft.emit('fallback_chosen', { action, reason, proposal_id: null, revision: null });
      return ok(undefined);
    case 'accept_partial':
      return acceptPartial(draft, command);
    case 'escalate_tier':
      return escalate(draft, reason);
    case 'rerun_same':
    case 'rerun_gamma':
      draft.emit('fallback_chosen', { action, reason, proposal_id: null, revision: null });
      startGeneration(draft, draft.state.tier, action === 'rerun_gamma');
      return ok(undefined);
  }
}

/** New agents, tokens, votes and rounds; budgets continue. */
function startGeneration(draft: Draft, tier: Tier, mediator: boolean): void {
  draft.emit('generation_started', { generation: draft.state.generation + 1, tier, mediator });
  draft.schedule({ kind: 'credentials_login' });
}

/** Named, confirmed, and by a person: nobody completes a run without consensus by accident. */
function acceptPartial(draft: Draft, command: FallbackCommand): Result<undefined, DomainError> {
  const { proposal_id, revision, reason } = command;
  if (!isPerson(draft.context.actor)) {
    return err({ code: 'person_needed', detail: 'Only a person can accept a partial result.' });
  }
  const proposal = draft.state.proposals.find(
    (p) => p.proposal_id === proposal_id && p.revision === revision,
  );
  if (!command.confirm && proposal_id === null) {
    return err({
      code: 'confirmation_required',
      detail:
        'This completes the pipeline with a proposal that did not reach consensus. Name it by proposal_id and revision, and send confirm: true.',
    });
  }
  if (!proposal) {
    return err({
      code: 'invalid',
      field: 'proposal_id',
      detail: 'Name the proposal and the revision that are accepted; they are on the blackboard.',
    });
  }
  if (!command.confirm) {
    return err({
      code: 'confirmation_required',
      detail: `This completes the pipeline with “${proposal.title}”, which did not reach consensus. Send confirm: true.`,
    });
  }
  const accepted = { proposal_id: proposal.proposal_id, revision: proposal.revision, reason };
  draft.emit('fallback_chosen', { action: 'accept_partial', ...accepted });
  draft.emit('partial_accepted', accepted);
  complete(draft, 'partial_accepted');
  return ok(undefined);
}

/** One tier up and again; the highest tier takes another person's approval. */
function escalate(draft: Draft, reason: string): Result<undefined, DomainError> {
  const tier = (draft.state.tier + 1) as Tier;
  if (tier < 2) {
    escalated(draft, tier, reason);
    return ok(undefined);
  }
  const requested_by = draft.context.actor;
  const asked = { action: 'escalate_tier' as const, tier, reason, requested_by };
  const generation = draft.state.generation;
  draft.emit('approval_requested', {
    approval_id: approvalId(draft.pipelineId, draft.state.counts.approvals + 1),
    ...asked,
    sha256: hashJson({ pipeline_id: draft.pipelineId, generation, ...asked }),
    expires_at: isoTime(draft.context.now + CLOCKS.approval_expiry),
  });
  return ok(undefined);
}

/** REC-1: another person has approved the highest tier. */
export function escalated(draft: Draft, tier: Tier, reason: string): void {
  draft.emit('fallback_chosen', { action: 'escalate_tier', reason, proposal_id: null, revision: null });
  startGeneration(draft, tier, false);
}
