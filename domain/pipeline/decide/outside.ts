import type { DomainError } from '../../errors.ts';
import { isCurrent } from '../../governance/permit.ts';
import { actionId, agentId, logId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import type { ActionState, AgentState } from '../state.ts';
import { admitCall } from './conduct.ts';
import { type Draft, wrongState } from './draft.ts';
import { complete } from './ending.ts';
import { type Admitted, admitAction } from './gate.ts';

/** ENF-5: counts lie by the minute, so that sooner nothing changes. */
const SPENT_RETRY_S = 60;

/** GOV-7: agents that run elsewhere register, ask, act and report; the pipeline runs until its caller ends it. */

function refuseUnlessExternal(draft: Draft): Result<never, DomainError> | null {
  const { outcome, state, spawned } = draft.state;
  if (outcome)
    return err({ code: 'pipeline_ended', state, detail: `It ended ${outcome.at}: ${outcome.reason}.` });
  if (spawned?.mode === 'external') return null;
  return wrongState(
    draft.state,
    'its agents run here',
    [],
    'open an external pipeline: POST /api/agents with a project_id, `ags connect`',
  );
}

export function register(
  draft: Draft,
  { kind: _kind, ...asked }: Extract<Command, { kind: 'register' }>,
): Result<undefined, DomainError> {
  // API-2: a session's hash is random or derives from the request, so that the same hash is the same request again.
  if (Object.values(draft.state.agents).some(({ session }) => session?.hash === asked.session_hash))
    return ok(undefined);
  const refused = refuseUnlessExternal(draft);
  if (refused) return refused;
  const agent_id = agentId(draft.pipelineId, draft.state.counts.agents + 1);
  draft.emit('agent_registered', { agent_id, ...asked });
  // Its own child token stays here: what we do for the agent is done with it (GOV-8), and without it the gate says no (GOV-2).
  draft.schedule({ kind: 'agent_bootstrap', agent_id });
  return ok(undefined);
}

/** The caller is done: what is under way is stopped, tokens are revoked, exit code 0. */
export function endRun(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'end' }>,
): Result<undefined, DomainError> {
  const refused = refuseUnlessExternal(draft);
  if (refused) return refused;
  complete(draft, 'ended_by_caller', reason);
  return ok(undefined);
}

function liveOutside(draft: Draft, agent_id: string): Result<AgentState, DomainError> {
  const agent = draft.state.agents[agent_id];
  if (agent?.status !== 'live' || !agent.session || draft.state.outcome)
    return err({ code: 'session_over', detail: 'The agent or its pipeline was ended or revoked.' });
  if (agent.session.expires_at <= draft.at)
    return err({ code: 'session_over', detail: 'The session has expired.' });
  return ok(agent);
}

/** GOV-8: the same key and request again is the same action; nothing is written. */
export function ask(
  draft: Draft,
  { kind: _kind, agent_id, ...asked }: Extract<Command, { kind: 'ask' }>,
): Result<undefined, DomainError> {
  const agent = liveOutside(draft, agent_id);
  if (!agent.ok) return agent;
  const { tool, target, outside, origin } = asked;
  const action_sha256 = hashJson({ agent_id, tool, arguments: outside.arguments_sha256, target });
  const before = askedBefore(Object.values(draft.state.actions), agent_id, outside.idempotency_key);
  if (before) {
    return before.request.action_sha256 === action_sha256
      ? ok(undefined)
      : err({
          code: 'idempotency_conflict',
          detail: `This Idempotency-Key already asked for ${before.action_id} with another body.`,
        });
  }
  if (draft.state.pause !== 'none')
    return wrongState(
      draft.state,
      'it holds',
      ['RUNNING'],
      'have it resumed (`ags pipeline resume`), then ask again',
    );
  const allowed = admitCall(draft, agent_id);
  if (!allowed.ok) {
    draft.refused = allowed.error;
    return ok(undefined);
  }
  draft.emit('action_requested', {
    action_id: actionId(draft.pipelineId, draft.state.counts.actions + 1),
    agent_id,
    turn_step_id: null,
    call_id: null,
    tool,
    arguments: asked.arguments,
    target,
    action_sha256,
    origin: originsOf(Object.values(draft.state.actions), agent_id, origin),
    outside,
  });
  return ok(undefined);
}

export const askedBefore = (
  actions: ActionState[],
  agent_id: string,
  key: string | null,
): ActionState | undefined =>
  key === null
    ? undefined
    : actions.find((a) => a.request.agent_id === agent_id && a.request.outside?.idempotency_key === key);

/** AGENT-5: we cannot see what an outside agent read elsewhere, so what it asks for is never taken for trusted. */
const originsOf = (actions: ActionState[], agent_id: string, said: string[]): string[] => {
  const shown = actions
    .filter((a) => a.request.agent_id === agent_id)
    .flatMap((a) => a.outcome?.origin ?? []);
  return [...new Set(['outside', 'untrusted', ...said, ...shown])].sort();
};

/** GOV-2: admitted by the same door as our own. What we hold the credential for becomes a step of ours, judged again there. */
export function judge(
  draft: Draft,
  { action_id, version, decision, permit }: Extract<Command, { kind: 'judge' }>,
): Result<Admitted, DomainError> {
  const action = draft.state.actions[action_id];
  if (!action?.request.outside) return err({ code: 'not_found', what: `action ${action_id}` });
  const agent = liveOutside(draft, action.request.agent_id);
  if (!agent.ok) return agent;
  const spent = isCurrent(permit, draft.context.now) && !permit.killed ? permit.budget_spent : null;
  // ENF-5: asked for and not judged: the agent's next look has it judged, when the budget is restored.
  if (spent)
    return err({
      code: 'error_budget_spent',
      detail: `The tenant’s error budget is spent: ${spent.detail}`,
      retry_after_s: SPENT_RETRY_S,
    });
  const admitted = admitAction(draft, action_id, version, decision, permit);
  if (admitted.ok && admitted.value === 'run' && action.request.outside.enforcement === 'enforced')
    draft.schedule({ kind: 'action', agent_id: action.request.agent_id, action_id });
  return admitted;
}

/**
 * GOV-7: once, and only of what was let through; the same again changes nothing. ENF-6: an agent that was stopped while it acted may still
 * say how that ended; it is evidence and nothing more.
 */
export function report(
  draft: Draft,
  { agent_id, action_id, outcome }: Extract<Command, { kind: 'report' }>,
): Result<undefined, DomainError> {
  const action = draft.state.actions[action_id];
  if (action?.request.agent_id !== agent_id) return err({ code: 'not_found', what: `action ${action_id}` });
  const agent = liveOutside(draft, agent_id);
  if (!agent.ok) return reportTooLate(draft, action, outcome.status, agent.error);
  const conflict = (detail: string) => err({ code: 'outcome_conflict', detail } as const);
  if (action.request.outside?.enforcement !== 'cooperative')
    return conflict('We ran this action ourselves; its outcome is ours to tell.');
  if (action.outcome)
    return action.outcome.status === outcome.status
      ? ok(undefined)
      : conflict(`Its outcome is on record: ${action.outcome.status}.`);
  if (action.decision?.decision !== 'allow') return conflict('It was not let through.');
  if (action.unknown) {
    if (outcome.status !== 'unknown') keepAsEvidence(draft, action_id, outcome.status);
    return ok(undefined);
  }
  if (outcome.status === 'unknown')
    draft.emit('action_unreported', { action_id, why: outcome.error ?? 'its agent cannot tell' });
  else {
    const origin = ['outside', 'untrusted', `tool:${action.request.tool}`];
    draft.emit('action_finished', { action_id, ...outcome, status: outcome.status, origin });
  }
  return ok(undefined);
}

/** Of an act that was under way when the agent was stopped, its session expired or the run ended; nobody reports anything else then. */
function reportTooLate(
  draft: Draft,
  { action_id, request, decision, outcome }: ActionState,
  status: 'succeeded' | 'failed' | 'unknown',
  over: DomainError,
): Result<undefined, DomainError> {
  const wasUnderWay = decision?.decision === 'allow' && request.outside?.enforcement === 'cooperative';
  if (!wasUnderWay || outcome) return err(over);
  if (status !== 'unknown') keepAsEvidence(draft, action_id, status);
  return ok(undefined);
}

const LATE = 'late outcome';

/** REC-6: what comes late decides nothing, and helps whoever decides. */
function keepAsEvidence(draft: Draft, action_id: string, status: string): void {
  const told = draft.state.log.some((l) => l.source === LATE && l.fields.action_id === action_id);
  if (told) return;
  draft.emit('log_written', {
    log_id: logId(draft.pipelineId, draft.state.counts.log + 1),
    level: 'warn',
    source: LATE,
    message: `Its agent reports ${status} for ${action_id}, whose outcome counts as unknown.`,
    fields: { action_id, status },
  });
}
