import { isSeat, isSolo } from '../../agents/roles.ts';
import type { DomainError } from '../../errors.ts';
import { logId } from '../../ids.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import { withdrawApprovals } from './approvals.ts';
import { type Draft, wrongState } from './draft.ts';
import { dropStep, failPipeline, leaveUnreported, scheduleRevocation } from './ending.ts';
import { finishAction } from './outcomes.ts';
import { loginIfSuspended } from './pause.ts';
import { startRecovery } from './recovery.ts';
import { takeTurn } from './rounds.ts';
import { enterOrchestrating } from './stages.ts';

const LIVE = ['SPAWN', 'RUNNING', 'REPORT', 'ORCHESTRATING'];

function refuseIfEnded(draft: Draft): Result<never, DomainError> | null {
  const { outcome, state } = draft.state;
  return outcome
    ? err({ code: 'pipeline_ended', state, detail: `It ended ${outcome.at}: ${outcome.reason}.` })
    : null;
}

/** PIPE-4. Continuing twice is not an error: the second time there is nothing left to do. */
export function continueRun(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'continue' }>,
): Result<undefined, DomainError> {
  if (draft.state.waiting_for !== 'continue') {
    return wrongState(
      draft.state,
      'only a pipeline that waits after its report can be continued',
      ['REPORT'],
      'look at `waiting_for` (GET /api/pipeline, `ags pipeline show`); spawn with `auto_continue: false` to be asked',
    );
  }
  draft.emit('continued', { reason });
  if (!loginIfSuspended(draft)) enterOrchestrating(draft);
  return ok(undefined);
}

/** PIPE-10: a person stops the run; nothing follows it. */
export function cancel(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'cancel' }>,
): Result<undefined, DomainError> {
  const ended = refuseIfEnded(draft);
  if (ended) return ended;
  failPipeline(draft, 'cancelled', reason);
  return ok(undefined);
}

/** REC-2: a person ends the run early; a successor goes on with what there is. */
export function abort(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'abort' }>,
): Result<undefined, DomainError> {
  const ended = refuseIfEnded(draft);
  if (ended) return ended;
  if (draft.state.failure) {
    const remedy =
      'choose a fallback instead (`ags pipeline fallback`), or cancel it (`ags pipeline cancel`)';
    return wrongState(draft.state, 'consensus has failed', LIVE, remedy);
  }
  if (draft.state.spawned?.mode === 'external') {
    const remedy = 'end it with `ags pipeline end` (POST /api/pipeline/end), or cancel it';
    return wrongState(draft.state, 'an external pipeline has nothing to hand over', [], remedy);
  }
  startRecovery(draft, 'abort', reason);
  return ok(undefined);
}

/** REC-6: a person, or a probe, found out how a `once` action ended. */
export function resolveAction(
  draft: Draft,
  { action_id, status, reason }: Extract<Command, { kind: 'resolve_action' }>,
): Result<undefined, DomainError> {
  const action = draft.state.actions[action_id];
  if (!action) return err({ code: 'not_found', what: `action ${action_id}` });
  if (!action.unknown) {
    return err({
      code: 'outcome_conflict',
      detail: `Its outcome is known: ${action.outcome?.status ?? 'not yet run'}.`,
    });
  }
  draft.emit('action_resolved', { action_id, status, reason });
  finishAction(
    draft,
    action_id,
    status,
    JSON.stringify({ resolved: status, reason }),
    status === 'failed' ? reason : null,
  );
  loginIfSuspended(draft);
  return ok(undefined);
}

/** CRED-5: of one agent, whose seat falls silent; or of the pipeline, which fails with exit code 1. */
export function revoke(
  draft: Draft,
  { agent_id, reason }: Extract<Command, { kind: 'revoke' }>,
): Result<undefined, DomainError> {
  const ended = refuseIfEnded(draft);
  if (ended) return ended;
  if (agent_id === null) {
    failPipeline(draft, 'revoked', reason);
    return ok(undefined);
  }
  if (!draft.state.agents[agent_id]) return err({ code: 'not_found', what: `agent ${agent_id}` });
  revokeAgent(draft, agent_id, reason);
  return ok(undefined);
}

/**
 * One agent's authority ends; its seat is silent in the round that is open. `cause`: for what it did, and then its votes are void where it
 * broke a rule (CONS-4); or because it or its token failed, and then what it said stands.
 */
export function revokeAgent(
  draft: Draft,
  agent_id: string,
  reason: string,
  cause: 'conduct' | 'failure' = 'conduct',
): void {
  const agent = draft.state.agents[agent_id];
  if (agent?.status !== 'live') return;
  const current = agent.generation === draft.state.generation;
  const votes_void = cause === 'conduct' && draft.state.violations.some((v) => v.agent_id === agent_id);
  leaveUnreported(draft, agent_id);
  draft.emit('agent_revoked', { agent_id, reason, votes_void });
  withdrawApprovals(draft, agent_id, 'its agent was revoked');
  for (const step of Object.values(draft.state.steps)) {
    if ('agent_id' in step.work && step.work.agent_id === agent_id) {
      dropStep(draft, step, 'its agent was revoked');
    }
  }
  scheduleRevocation(draft, (token) => token.agent_id === agent_id);
  if (isSolo(agent.role) && !draft.state.report) failPipeline(draft, 'planner_revoked', reason);
  else if (isSeat(agent.role) && draft.state.state === 'ORCHESTRATING' && current && !draft.state.recovery) {
    takeTurn(draft, agent.role, true);
    loseWinningAction(draft, agent_id, reason);
  }
}

/** PIPE-5: the winner's next action must not wait for one whose agent is gone; one that may have happened waits for a person. */
function loseWinningAction(draft: Draft, agent_id: string, reason: string): void {
  const lost = Object.values(draft.state.actions).find(
    (a) => a.request.turn_step_id === null && a.request.agent_id === agent_id && !a.outcome && !a.unknown,
  );
  if (lost)
    finishAction(draft, lost.action_id, 'failed', JSON.stringify({ error: 'revoked', reason }), reason);
}

/** REC-5. */
export function log(
  draft: Draft,
  { kind: _kind, ...line }: Extract<Command, { kind: 'log' }>,
): Result<undefined, DomainError> {
  const ended = refuseIfEnded(draft);
  if (ended) return ended;
  draft.emit('log_written', { log_id: logId(draft.pipelineId, draft.state.counts.log + 1), ...line });
  return ok(undefined);
}

/** PIPE-8: an operator sends a dead-lettered step again. */
export function redrive(
  draft: Draft,
  { step_id }: Extract<Command, { kind: 'redrive' }>,
): Result<undefined, DomainError> {
  const step = draft.state.steps[step_id];
  if (!step) return err({ code: 'not_found', what: `unfinished step ${step_id}` });
  if (step.status !== 'ready') {
    return wrongState(
      draft.state,
      'the step is being worked on',
      LIVE,
      'wait for it, or for its lease to end; GET /api/pipeline/orchestration shows it',
    );
  }
  draft.emit('step_redriven', { step_id });
  return ok(undefined);
}

export function deadLetter(
  draft: Draft,
  { step_id, reason }: Extract<Command, { kind: 'dead_letter' }>,
): Result<undefined, DomainError> {
  if (draft.state.steps[step_id]) draft.emit('step_dead_lettered', { step_id, reason });
  return ok(undefined);
}
