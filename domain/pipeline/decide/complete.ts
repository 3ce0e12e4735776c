import type { DomainError } from '../../errors.ts';
import { ok, type Result } from '../../result.ts';
import type { StepResult } from '../assignment.ts';
import type { Command } from '../command.ts';
import { MAX_LEGS } from '../rules.ts';
import { liveToken, type StepState } from '../state.ts';
import { requestCalls } from './actions.ts';
import { writeTurn } from './blackboard.ts';
import { claimed, goOn, stale } from './claims.ts';
import { credentialsAnswered, tokensInUse } from './credentials.ts';
import type { Draft } from './draft.ts';
import { scheduleRevocation, sealIfClean } from './ending.ts';
import { afterAction, keepLateOutcome } from './outcomes.ts';
import { synthesiseByRule, synthesised } from './recovery.ts';
import { seatOfTurn, takeTurn } from './rounds.ts';
import { agentReady, diagnosed, enterReport, loggedIn } from './stages.ts';
import { loseTurn } from './turns.ts';

export function completeStep(
  draft: Draft,
  { step_id, epoch, result, worker, most, permit, slice }: Extract<Command, { kind: 'complete' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) {
    if (isOnRecord(draft, result)) return ok(undefined);
    keepLateOutcome(draft, step_id, result);
    return draft.events.length > 0 ? ok(undefined) : held;
  }
  const { work } = held.value;
  if (!belongs(work.kind, result.kind))
    return stale(`a ${result.kind} result does not belong to a ${work.kind} step`);
  draft.emit('step_completed', { step_id, epoch, usage: 'usage' in result ? result.usage : null });
  credentialsAnswered(draft, held.value);
  apply(draft, held.value, result);
  if (worker) goOn(draft, work, { worker, permit: permit ?? null, slice }, most);
  return ok(undefined);
}

/** A worker that did not hear the answer tells again of a token that was recorded the first time; it must not take it for refused. */
const isOnRecord = (draft: Draft, result: StepResult): boolean =>
  'accessor' in result && draft.state.tokens.some((t) => t.accessor === result.accessor);

const FITS: Record<StepResult['kind'], StepState['work']['kind']> = {
  credentials_login: 'credentials_login',
  agent_bootstrap: 'agent_bootstrap',
  tool_calls: 'agent_turn',
  planner_report: 'agent_turn',
  turn: 'agent_turn',
  action: 'action',
  store_context: 'store_context',
  spawn_successor: 'spawn_successor',
  spawn_diagnostic: 'spawn_diagnostic',
  revoke: 'revoke',
};
const belongs = (work: StepState['work']['kind'], result: StepResult['kind']): boolean =>
  FITS[result] === work || (result === 'turn' && work === 'synthesis');

function apply(draft: Draft, step: StepState, result: StepResult): void {
  const { work } = step;
  switch (result.kind) {
    case 'credentials_login': {
      const { kind: _kind, ...login } = result;
      const accessors = tokensInUse(draft);
      draft.emit('credentials_recorded', { generation: draft.state.generation, ...login });
      if (accessors.length > 0)
        draft.emit('credentials_superseded', { accessors, reason: 'a new login takes over' });
      loggedIn(draft);
      return;
    }
    case 'agent_bootstrap': {
      if (work.kind !== 'agent_bootstrap') return;
      const { accessor, policies, expires_at } = result;
      const before = draft.state.agents[work.agent_id]?.accessor ?? null;
      const ofOldLogin = step.claimed_with !== (liveToken(draft.state, null)?.accessor ?? null);
      draft.emit('agent_token_issued', { agent_id: work.agent_id, accessor, policies, expires_at });
      if (draft.state.suspended) {
        // It is the child of a login that is being revoked; a new one follows with the new login.
        draft.emit('credentials_suspended', { reason: 'issued under a login that is being revoked' });
        scheduleRevocation(draft);
        return;
      }
      // An agent whose token was replaced goes on with what it does.
      if (before === null) agentReady(draft, work.agent_id);
      if (ofOldLogin && !draft.state.outcome) {
        // The login changed while this child was on its way: it serves until the next one is there.
        draft.emit('credentials_superseded', {
          accessors: [accessor],
          reason: 'issued under an older login',
        });
        draft.schedule({ kind: 'agent_bootstrap', agent_id: work.agent_id });
      }
      return;
    }
    case 'tool_calls':
      if (work.kind !== 'agent_turn') return;
      if (work.leg >= MAX_LEGS) loseTurn(draft, work.agent_id, work.round);
      else requestCalls(draft, work.agent_id, step.step_id, result.calls);
      return;
    case 'planner_report':
      if (work.kind !== 'agent_turn') return;
      draft.emit('report_written', { agent_id: work.agent_id, report: result.report });
      if (draft.state.spawned?.mode === 'diagnostic') diagnosed(draft, work.agent_id, result.report);
      else enterReport(draft);
      return;
    case 'turn': {
      if (work.kind === 'synthesis') {
        if ('taken' in result.output) synthesised(draft, work.agent_id, result.output);
        else synthesiseByRule(draft);
        return;
      }
      if (work.kind !== 'agent_turn') return;
      const seat = seatOfTurn(draft.state, work.agent_id, work.round);
      if (!seat) return;
      writeTurn(draft, work.agent_id, seat, result.output);
      takeTurn(draft, seat, false);
      return;
    }
    case 'action': {
      if (work.kind !== 'action') return;
      const { kind: _kind, ...outcome } = result;
      if (outcome.status === 'unknown') {
        draft.emit('action_unknown', {
          action_id: work.action_id,
          why: outcome.error ?? 'no outcome was seen',
        });
        return;
      }
      draft.emit('action_finished', { action_id: work.action_id, ...outcome });
      afterAction(draft, work.action_id);
      return;
    }
    case 'store_context': {
      const { kind: _kind, ...stored } = result;
      draft.emit('failure_context_stored', stored);
      return;
    }
    case 'spawn_successor':
    case 'spawn_diagnostic':
      return;
    case 'revoke':
      for (const { accessor, how } of result.gone) {
        const token = draft.state.tokens.find((t) => t.accessor === accessor);
        if (token && token.confirmed_at === null) {
          draft.emit('token_confirmed_gone', { accessor, agent_id: token.agent_id, how });
        }
      }
      // What is not confirmed is asked for again: a token that was condemned while the gate is open stays condemned (CRED-5).
      if (draft.state.gate_closed) scheduleRevocation(draft);
      else if (work.kind === 'revoke')
        scheduleRevocation(draft, (token) => work.tokens.some((t) => t.accessor === token.accessor));
      sealIfClean(draft);
      return;
  }
}
