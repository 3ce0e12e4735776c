import type { DomainError } from '../../errors.ts';
import type { Permit } from '../../governance/permit.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import { asksWithoutToken, mayStart, type StepState } from '../state.ts';
import type { Draft } from './draft.ts';
import { failPipeline } from './ending.ts';
import { hold, holdForDependency, isTroubled, release, stopsForErrors, usedUp } from './hold.ts';
import { needsPermit, refusedByPermit } from './kill.ts';
import { synthesiseByRule } from './recovery.ts';
import { callBound, fits, fitsSlice, stepFits } from './reserve.ts';

export const stale = (why: string): Result<never, DomainError> =>
  err({
    code: 'wrong_state',
    detail: why,
    allowed: [],
    remedy: 'drop the result; the step goes on without it',
  });

/** PIPE-8: only the holder of the current claim may speak for a step. */
export function claimed(draft: Draft, step_id: string, epoch: number): Result<StepState, DomainError> {
  const step = draft.state.steps[step_id];
  if (!step) return stale('the step is finished or was cancelled');
  if (step.status !== 'claimed' || step.epoch !== epoch)
    return stale(`epoch ${epoch} no longer holds the step`);
  return ok(step);
}

export function claim(
  draft: Draft,
  { step_id, worker, permit, slice, trouble }: Extract<Command, { kind: 'claim' }>,
): Result<undefined, DomainError> {
  const step = draft.state.steps[step_id];
  if (!step) return stale('the step is finished or was cancelled');
  if (step.status === 'claimed') return stale('another worker holds the step');
  if (step.ready_at > draft.at) return stale('the step is waiting for its next try');
  const waitsWithoutToken = asksWithoutToken(draft.state, step);
  if (!mayStart(draft.state, step) && !waitsWithoutToken)
    return stale('the pipeline holds, or the agent has no token');
  const refusal = needsPermit(step.work.kind) ? refusedByPermit(draft, permit) : null;
  if (refusal !== null) return draft.state.outcome ? ok(undefined) : stale(refusal);
  const room = stepFits(draft.state, step.work);
  if (room === 'wait') return stale('the steps that are left of the limit are under way');
  if (room === 'never') {
    if (step.work.kind === 'synthesis') synthesiseByRule(draft);
    else failPipeline(draft, 'limit_reached', 'The limit of steps is used up.');
    return ok(undefined);
  }
  if (trouble) return holdForDependency(draft, step, trouble);
  const spent = stopsForErrors(draft.state, step.work, permit);
  if (spent) return hold(draft, step, 'error_budget', spent);
  const reserved = callBound(draft.state, step.work);
  const fit = reserved ? fits(draft.state, reserved) : 'fits';
  const drawn = reserved && slice ? fitsSlice(draft.state, reserved, slice) : 'fits';
  if (fit === 'wait') return stale('what is left of the budget is reserved by calls under way');
  if (fit === 'fits' && drawn === 'wait') return stale('the tenant’s budget has to be drawn from first');
  if ((fit === 'never' || drawn === 'never') && step.work.kind === 'synthesis') {
    synthesiseByRule(draft);
    return ok(undefined);
  }
  if (fit === 'never') {
    failPipeline(draft, 'limit_reached', 'The next model call could exceed the limit of tokens or cost.');
    return ok(undefined);
  }
  if (drawn === 'never') return hold(draft, step, 'budget', usedUp(slice));
  if (waitsWithoutToken) return release(draft, step);
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

/**
 * A queue hop and a transaction are saved when a worker goes on with what its step led to: the same agent's next step first, then others that
 * are ready, `most` in all. What is left over is announced on the queues.
 */
export function goOn(
  draft: Draft,
  finished: StepState['work'],
  how: Pick<Extract<Command, { kind: 'claim' }>, 'worker' | 'slice'> & { permit: Permit | null },
  most = 1,
): void {
  const agentOf = (work: StepState['work']): string | null => ('agent_id' in work ? work.agent_id : null);
  const own = agentOf(finished);
  const first = (step: StepState): number => Number(own === null || agentOf(step.work) !== own);
  const ready = Object.values(draft.state.steps)
    .filter((s) => s.status === 'ready' && s.ready_at <= draft.at && mayStart(draft.state, s))
    // Whoever needs what does not work has to ask first (OPS-1).
    .filter((s) => s.held === null && !isTroubled(draft.state, s.work, how.permit))
    .sort((a, b) => first(a) - first(b));
  for (const { step_id } of ready.slice(0, most)) {
    // A claim can end the run, or hold it.
    const step = draft.state.steps[step_id];
    if (step?.status !== 'ready' || !mayStart(draft.state, step)) continue;
    claim(draft, { kind: 'claim', step_id, ...how });
    if (draft.state.steps[step_id]?.status === 'claimed') draft.claimed.push(step_id);
  }
}
