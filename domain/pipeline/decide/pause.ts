import type { DomainError } from '../../errors.ts';
import { ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import { isHeldUp } from '../state.ts';
import { type Draft, wrongState } from './draft.ts';
import { scheduleRevocation } from './ending.ts';

const PAUSABLE = ['SPAWN', 'RUNNING', 'REPORT', 'ORCHESTRATING'];

/** PIPE-10: steps in flight finish, then the pipeline holds. */
export function pause(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'pause' }>,
): Result<undefined, DomainError> {
  const { outcome, failure, recovery } = draft.state;
  if (outcome || failure || recovery) {
    const remedy = 'only what works can hold; look at its state: GET /api/pipeline, `ags pipeline show`';
    return wrongState(draft.state, 'there is nothing to hold', PAUSABLE, remedy);
  }
  if (draft.state.pause !== 'none') return ok(undefined);
  draft.emit('pause_requested', { reason });
  return ok(undefined);
}

const inFlight = (draft: Draft): number =>
  Object.values(draft.state.steps).filter((s) => s.status === 'claimed' && 'agent_id' in s.work).length;

/** Called after every command: the last step in flight completes the pause, however it ended. */
export function holdIfIdle(draft: Draft): void {
  if (draft.state.pause !== 'requested' || draft.state.outcome) return;
  const working = inFlight(draft);
  if (working === 0) draft.emit('paused', { in_flight: working });
}

export function resume(
  draft: Draft,
  { reason }: Extract<Command, { kind: 'resume' }>,
): Result<undefined, DomainError> {
  if (draft.state.outcome || draft.state.pause === 'none') {
    const remedy =
      'only a paused pipeline can be resumed; look at its state: GET /api/pipeline, `ags pipeline show`';
    return wrongState(draft.state, 'it is not paused', PAUSABLE, remedy);
  }
  draft.emit('resumed', { reason });
  loginIfSuspended(draft);
  return ok(undefined);
}

/** PIPE-10: nobody acts for a pipeline that waits; half an hour of it ends its tokens. So does a store that has lost them (CRED-2). */
export function suspendTokens(draft: Draft, reason: string): void {
  if (draft.state.suspended || draft.state.tokens.every((t) => t.confirmed_at !== null)) return;
  draft.emit('credentials_suspended', { reason });
  scheduleRevocation(draft);
}

/** CRED-2: accessors are here, so what the store has lost is revoked by them, and a new login follows. */
export function logInAnew(draft: Draft): void {
  const underWay = Object.values(draft.state.steps).some((s) => s.work.kind === 'credentials_login');
  if (underWay) return;
  suspendTokens(draft, 'the store no longer has the sealed tokens');
  loginIfSuspended(draft);
}

/** A suspended pipeline that goes on begins with a login of its own; the rest follows from that. */
export function loginIfSuspended(draft: Draft): boolean {
  const { suspended, outcome } = draft.state;
  if (!suspended || outcome || isHeldUp(draft.state)) return false;
  const underWay = Object.values(draft.state.steps).some((s) => s.work.kind === 'credentials_login');
  if (!underWay) draft.schedule({ kind: 'credentials_login' });
  return true;
}
