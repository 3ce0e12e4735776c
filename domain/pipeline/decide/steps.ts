import { isSeat } from '../../agents/roles.ts';
import type { DomainError } from '../../errors.ts';
import { logId } from '../../ids.ts';
import { err, ok, type Result } from '../../result.ts';
import type { StepResult } from '../assignment.ts';
import type { Command } from '../command.ts';
import { isoTime } from '../command.ts';
import { CLOCKS, MAX_LEGS, RETRIES, retryDelay, STORE_LOSSES } from '../rules.ts';
import { liveToken, mayStart, type StepState } from '../state.ts';
import { requestAction, runWinningActions } from './actions.ts';
import { writeTurn } from './blackboard.ts';
import type { Draft } from './draft.ts';
import { confirmExpired, failPipeline, recordViolation, scheduleRevocation, sealIfClean } from './ending.ts';
import { logInAnew } from './pause.ts';
import { synthesiseByRule, synthesised } from './recovery.ts';
import { callBound, fits } from './reserve.ts';
import { seatOfTurn, takeTurn } from './rounds.ts';
import { agentReady, enterReport, loggedIn } from './stages.ts';
import { loseTurn } from './turns.ts';

const stale = (why: string): Result<never, DomainError> =>
  err({
    code: 'wrong_state',
    detail: why,
    allowed: [],
    remedy: 'drop the result; the step goes on without it',
  });

/** PIPE-8: only the holder of the current claim may speak for a step. */
function claimed(draft: Draft, step_id: string, epoch: number): Result<StepState, DomainError> {
  const step = draft.state.steps[step_id];
  if (!step) return stale('the step is finished or was cancelled');
  if (step.status !== 'claimed' || step.epoch !== epoch)
    return stale(`epoch ${epoch} no longer holds the step`);
  return ok(step);
}

export function claim(
  draft: Draft,
  { step_id, worker }: Extract<Command, { kind: 'claim' }>,
): Result<undefined, DomainError> {
  const step = draft.state.steps[step_id];
  if (!step) return stale('the step is finished or was cancelled');
  if (step.status === 'claimed') return stale('another worker holds the step');
  if (step.ready_at > draft.at) return stale('the step is waiting for its next try');
  if (!mayStart(draft.state, step)) return stale('the pipeline holds, or the agent has no token');
  const reserved = callBound(draft.state, step.work);
  const fit = reserved ? fits(draft.state, reserved) : 'fits';
  if (fit === 'wait') return stale('what is left of the budget is reserved by calls under way');
  if (fit === 'never' && step.work.kind === 'synthesis') {
    synthesiseByRule(draft);
    return ok(undefined);
  }
  if (fit === 'never') {
    failPipeline(draft, 'limit_reached', 'The next model call could exceed the limit of tokens or cost.');
    return ok(undefined);
  }
  draft.emit('step_claimed', { step_id, epoch: step.epoch + 1, worker, reserved });
  return ok(undefined);
}

export function progress(
  draft: Draft,
  { step_id, epoch, note }: Extract<Command, { kind: 'progress' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (held.ok) draft.emit('step_progressed', { step_id, epoch, note });
  return held.ok ? ok(undefined) : held;
}

export function recordLogin(
  draft: Draft,
  { step_id, epoch, login }: Extract<Command, { kind: 'record_login' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) return held;
  draft.emit('credentials_recorded', { generation: draft.state.generation, ...login });
  return ok(undefined);
}

/** GOV-2: admitted only if the facts it was judged on still hold; a denial is final in the same commit. */
export function admit(
  draft: Draft,
  { step_id, epoch, version, decision }: Extract<Command, { kind: 'admit' }>,
): Result<'run' | 'stopped' | 'judge_again', DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) return held;
  const { work } = held.value;
  if (work.kind !== 'action') return stale('only actions pass the gate');
  const action = draft.state.actions[work.action_id];
  if (!action) return stale('there is no such action');
  if (draft.state.gate_closed) return stale('the gate is closed');
  // A retry of an action that was admitted before is judged again too: authority may have shrunk since.
  if (version !== draft.state.facts_seq) return ok('judge_again');
  draft.emit('action_decided', { action_id: work.action_id, decision });
  if (decision.decision === 'allow') return ok('run');
  const refusal = {
    denied: true,
    rule: decision.determining[0] ?? 'default_deny',
    reason: decision.reason,
    remedy: decision.remedy,
  };
  draft.emit('action_finished', {
    action_id: work.action_id,
    status: 'denied',
    result: JSON.stringify(refusal),
    result_sha256: null,
    truncated: false,
    error: decision.reason,
    origin: [],
  });
  draft.emit('step_completed', { step_id, epoch, usage: null });
  if (decision.violation) {
    recordViolation(draft, {
      agent_id: work.agent_id,
      ...decision.violation,
      evidence: `${action.request.tool} on ${action.request.target || 'no target'}: ${decision.reason}`,
    });
  }
  afterAction(draft, work.action_id);
  return ok('stopped');
}

/** When all calls of a leg are answered, the model goes on; when it was the winner's action, the next one runs. */
function afterAction(draft: Draft, action_id: string): void {
  const action = draft.state.actions[action_id];
  if (!action || draft.state.outcome || draft.state.failure || draft.state.recovery) return;
  const { turn_step_id, agent_id } = action.request;
  if (turn_step_id === null) {
    runWinningActions(draft);
    return;
  }
  const agent = draft.state.agents[agent_id];
  const leg = agent?.legs.at(-1) ?? [];
  if (!agent || !leg.includes(action_id)) return;
  // Late outcomes of agents that are gone, or of a turn that is over, are on record and lead to nothing.
  if (agent.status !== 'live' || agent.generation !== draft.state.generation) return;
  if (isSeat(agent.role) && draft.state.round?.spoken.includes(agent.role)) return;
  if (leg.some((id) => draft.state.actions[id]?.outcome === null)) return;
  const round = agent.role === 'PLANNER' ? 0 : (draft.state.round?.round ?? 0);
  scheduleTurn(draft, agent_id, round, agent.legs.length + 1);
}

/** PIPE-11: limits are looked at before the call that would exceed them. */
function scheduleTurn(draft: Draft, agent_id: string, round: number, leg: number): void {
  const { usage, spawned } = draft.state;
  const limits = spawned?.limits;
  if (limits) {
    const spent = {
      steps: usage.steps,
      tokens: usage.tokens_in + usage.tokens_out,
      cost_microusd: usage.cost_microusd,
    };
    for (const [name, value] of Object.entries(spent) as [keyof typeof spent, number][]) {
      if (value >= limits[name] && limits[name] > 0) {
        failPipeline(draft, 'limit_reached', `The limit of ${limits[name]} ${name} is used up.`);
        return;
      }
    }
  }
  draft.schedule({ kind: 'agent_turn', agent_id, round, leg });
}

export function completeStep(
  draft: Draft,
  { step_id, epoch, result, worker }: Extract<Command, { kind: 'complete' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) {
    keepLateOutcome(draft, step_id, result);
    return draft.events.length > 0 ? ok(undefined) : held;
  }
  const { work } = held.value;
  if (!belongs(work.kind, result.kind))
    return stale(`a ${result.kind} result does not belong to a ${work.kind} step`);
  draft.emit('step_completed', { step_id, epoch, usage: 'usage' in result ? result.usage : null });
  apply(draft, held.value, result);
  if (worker) goOn(draft, work, worker);
  return ok(undefined);
}

/**
 * A queue hop and a transaction are saved when a worker goes on with what its step led to: the same agent's next step, or the only step
 * there is when no seat is to take it. Seats otherwise go through their own queues, so that ALPHA and BETA work in parallel (PIPE-5).
 */
function goOn(draft: Draft, finished: StepState['work'], worker: string): void {
  const ready = Object.values(draft.state.steps).filter(
    (s) => s.status === 'ready' && s.ready_at <= draft.at && mayStart(draft.state, s),
  );
  const agentOf = (work: StepState['work']): string | null => ('agent_id' in work ? work.agent_id : null);
  const seated = (id: string | null): boolean =>
    id !== null && isSeat(draft.state.agents[id]?.role ?? 'PLANNER');
  const own = agentOf(finished);
  const next =
    ready.find((s) => own !== null && agentOf(s.work) === own) ??
    (ready.length === 1 ? ready.find((s) => !seated(agentOf(s.work))) : undefined);
  if (!next) return;
  claim(draft, { kind: 'claim', step_id: next.step_id, worker });
  if (draft.state.steps[next.step_id]?.status === 'claimed') draft.claimed = next.step_id;
}

/** REC-6: what a lost worker says later about a `once` action is evidence for the person who decides; it decides nothing. */
function keepLateOutcome(draft: Draft, step_id: string, result: StepResult): void {
  const unknown = Object.values(draft.state.actions).find((a) => a.unknown?.step_id === step_id);
  if (!unknown || result.kind !== 'action') return;
  draft.emit('log_written', {
    log_id: logId(draft.pipelineId, draft.state.counts.log + 1),
    level: 'warn',
    source: 'late outcome',
    message: `A worker reports ${result.status} for ${unknown.action_id}, whose outcome is unknown.`,
    fields: { action_id: unknown.action_id, status: result.status, result_sha256: result.result_sha256 },
  });
}

/** Ends an action and lets the run go on from it. */
export function finishAction(
  draft: Draft,
  action_id: string,
  status: 'succeeded' | 'failed',
  result: string,
  error: string | null,
): void {
  draft.emit('action_finished', {
    action_id,
    status,
    result,
    result_sha256: null,
    truncated: false,
    error,
    origin: [],
  });
  afterAction(draft, action_id);
}

/** The worker is gone. A `once` action that was let through may have happened: it is never tried again by itself (REC-6). */
export function loseStep(draft: Draft, step_id: string): void {
  const step = draft.state.steps[step_id];
  if (!step) return;
  const action = step.work.kind === 'action' ? draft.state.actions[step.work.action_id] : undefined;
  const mayHaveHappened = action?.decision?.decision === 'allow' && action.decision.effect === 'once';
  if (action && mayHaveHappened) {
    draft.emit('action_unknown', {
      action_id: action.action_id,
      why: 'its worker was lost after the action was let through',
    });
    draft.emit('step_cancelled', { step_id, reason: 'a once action is not tried again' });
  } else draft.emit('step_lost', { step_id, epoch: step.epoch });
}

const FITS: Record<StepResult['kind'], StepState['work']['kind']> = {
  credentials_login: 'credentials_login',
  agent_bootstrap: 'agent_bootstrap',
  tool_calls: 'agent_turn',
  planner_report: 'agent_turn',
  turn: 'agent_turn',
  action: 'action',
  store_context: 'store_context',
  spawn_successor: 'spawn_successor',
  revoke: 'revoke',
};
const belongs = (work: StepState['work']['kind'], result: StepResult['kind']): boolean =>
  FITS[result] === work || (result === 'turn' && work === 'synthesis');

function apply(draft: Draft, step: StepState, result: StepResult): void {
  const { work } = step;
  switch (result.kind) {
    case 'credentials_login':
      draft.emit('credentials_extended', { expires_at: result.expires_at });
      loggedIn(draft);
      return;
    case 'agent_bootstrap': {
      if (work.kind !== 'agent_bootstrap') return;
      const { accessor, policies, expires_at } = result;
      draft.emit('agent_token_issued', { agent_id: work.agent_id, accessor, policies, expires_at });
      if (draft.state.suspended) {
        // It is the child of a login that is being revoked; a new one follows with the new login.
        draft.emit('credentials_suspended', { reason: 'issued under a login that is being revoked' });
        scheduleRevocation(draft);
        return;
      }
      agentReady(draft, work.agent_id);
      return;
    }
    case 'tool_calls':
      if (work.kind !== 'agent_turn') return;
      if (work.leg >= MAX_LEGS) loseTurn(draft, work.agent_id, work.round);
      else for (const call of result.calls) requestAction(draft, work.agent_id, step.step_id, call);
      return;
    case 'planner_report':
      if (work.kind !== 'agent_turn') return;
      draft.emit('report_written', { agent_id: work.agent_id, report: result.report });
      enterReport(draft);
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
        for (const { accessor } of work.tokens) scheduleRevocation(draft, accessor);
      sealIfClean(draft);
      return;
  }
}

export function failStep(
  draft: Draft,
  { step_id, epoch, error }: Extract<Command, { kind: 'fail' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) return held;
  const { work, failures } = held.value;
  const policy = RETRIES[work.kind];
  const { now, random } = draft.context;
  const vaultWork = work.kind === 'credentials_login' || work.kind === 'agent_bootstrap';
  const windowOver = vaultWork && now - Date.parse(stepBegan(draft, work)) >= CLOCKS.credentials_window;
  const anew = tokensAreLost(draft, work, error.code) && failures + 1 < STORE_LOSSES;
  const again =
    work.kind === 'revoke' || anew || (error.retryable && failures + 1 < policy.attempts && !windowOver);
  const { code, message, cause, usage } = error;
  draft.emit('step_failed', {
    step_id,
    epoch,
    code,
    message,
    cause,
    retry_at: again ? isoTime(now + retryDelay(policy, failures, random, error.retry_after_s)) : null,
    usage,
  });
  if (again) {
    if (anew) logInAnew(draft);
    confirmExpired(draft);
    return ok(undefined);
  }
  if (draft.state.recovery && (vaultWork || work.kind === 'synthesis')) synthesiseByRule(draft);
  else if (vaultWork) failPipeline(draft, 'credentials_unavailable', message);
  else if (work.kind === 'agent_turn') loseTurn(draft, work.agent_id, work.round, { code, message });
  else if (work.kind === 'action') {
    finishAction(draft, work.action_id, 'failed', JSON.stringify({ error: code, message }), message);
  }
  return ok(undefined);
}

/** CRED-2: the token behind a step is gone from the store, or was revoked while a new one is on its way. */
function tokensAreLost(draft: Draft, work: StepState['work'], code: string): boolean {
  if (!('agent_id' in work) || draft.state.recovery) return false;
  const reissued = draft.state.agents[work.agent_id]?.accessor === null;
  return code === 'credentials_store_lost' || (code === 'token_revoked' && reissued);
}

/** PIPE-2: the window opens with the spawn, the agent, or the login after which a long wait's tokens are issued anew. */
function stepBegan(draft: Draft, work: StepState['work']): string {
  const { agents, last_progress_at } = draft.state;
  const agent = work.kind === 'agent_bootstrap' ? agents[work.agent_id] : undefined;
  // Nothing else makes progress while a login is awaited, and a pipeline that goes on after a wait begins there.
  if (!agent) return last_progress_at;
  return [agent.spawned_at, liveToken(draft.state, null)?.issued_at ?? ''].sort().at(-1) ?? agent.spawned_at;
}
