import type { DomainError } from '../../errors.ts';
import { ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import { isoTime } from '../command.ts';
import type { Trouble } from '../dependencies.ts';
import { MAX_LOSSES, RETRIES, retryDelay, STORE_LOSSES } from '../rules.ts';
import { liveToken, type StepState } from '../state.ts';
import { claimed } from './claims.ts';
import { judgeErrors } from './conduct.ts';
import {
  awaitsCredentials,
  beganBeforeSwitch,
  credentialsAnswered,
  defer,
  revokedOutOfBand,
} from './credentials.ts';
import type { Draft } from './draft.ts';
import { confirmExpired, failPipeline } from './ending.ts';
import { hold, windowIsOver } from './hold.ts';
import { finishAction } from './outcomes.ts';
import { logInAnew } from './pause.ts';
import { synthesiseByRule } from './recovery.ts';
import { loseTurn } from './turns.ts';

export function failStep(
  draft: Draft,
  { step_id, epoch, error, trouble }: Extract<Command, { kind: 'fail' }>,
): Result<undefined, DomainError> {
  const held = claimed(draft, step_id, epoch);
  if (!held.ok) return held;
  if (awaitsCredentials(draft, held.value, error)) {
    defer(draft, held.value, error);
    confirmExpired(draft);
    return ok(undefined);
  }
  if (trouble && error.retryable && isHeldFor(draft, held.value, error, trouble)) {
    hold(draft, held.value, trouble.on, trouble, error.usage);
    credentialsAnswered(draft, held.value);
    return ok(undefined);
  }
  const { work, failures } = held.value;
  const policy = RETRIES[work.kind];
  const { now, random } = draft.context;
  const windowOver = isVaultWork(work) && windowIsOver(draft, held.value);
  const anew = tokensAreLost(draft, work, error.code) && failures + 1 < STORE_LOSSES;
  const switched = error.code === 'token_revoked' && beganBeforeSwitch(draft, held.value);
  const again =
    work.kind === 'revoke' ||
    anew ||
    switched ||
    (error.retryable && failures + 1 < policy.attempts && !windowOver);
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
  if (cause === 'agent' && 'agent_id' in work && judgeErrors(draft, work.agent_id, code))
    return ok(undefined);
  if (!error.code.startsWith('credentials_')) credentialsAnswered(draft, held.value);
  if (again) {
    if (anew && (draft.state.suspended || isLost(code))) logInAnew(draft);
    confirmExpired(draft);
    return ok(undefined);
  }
  giveUp(draft, work, { code, message });
  return ok(undefined);
}

/** ENF-1: the failure opened a breaker, or was a probe of one: that is a dependency's outage and counts as no try. */
const isHeldFor = (draft: Draft, { work }: StepState, { code }: { code: string }, { on }: Trouble): boolean =>
  !draft.state.recovery && (on === 'model' ? code.startsWith('model_') : work.kind === 'store_context');

const isVaultWork = ({ kind }: StepState['work']): boolean =>
  kind === 'credentials_login' || kind === 'agent_bootstrap';

/** What follows from a step that is not tried again. */
function giveUp(draft: Draft, work: StepState['work'], error: { code: string; message: string }): void {
  const { code, message } = error;
  if (code === 'token_revoked' && !draft.state.recovery && 'agent_id' in work) {
    revokedOutOfBand(draft, work.kind === 'agent_bootstrap' ? null : work.agent_id);
  } else if (draft.state.recovery && (isVaultWork(work) || work.kind === 'synthesis'))
    synthesiseByRule(draft);
  else if (isVaultWork(work)) failPipeline(draft, 'credentials_unavailable', message);
  else if (work.kind === 'agent_turn') loseTurn(draft, work.agent_id, work.round, error);
  else if (work.kind === 'action') {
    finishAction(draft, work.action_id, 'failed', JSON.stringify({ error: code, message }), message);
  }
}

/** CRED-2, CRED-5: gone from the store, or sealed by a key that is gone: either way nobody can use it any more. */
const isLost = (code: string): boolean =>
  code === 'credentials_store_lost' || code === 'credentials_unseal_failed';

/** CRED-2, CRED-6: the token behind a step is gone from the store, its lease is over, or it was revoked while a new one is on its way. */
function tokensAreLost(draft: Draft, work: StepState['work'], code: string): boolean {
  if (!('agent_id' in work) || draft.state.recovery) return false;
  if (isLost(code)) return true;
  if (code !== 'token_revoked') return false;
  const holder = work.kind === 'agent_bootstrap' ? null : work.agent_id;
  const reissued = holder === null ? draft.state.suspended : draft.state.agents[holder]?.accessor === null;
  const token = liveToken(draft.state, holder);
  return reissued || (token !== null && token.expires_at <= draft.at);
}

/** The worker is gone, and the step goes to another until too many are (PIPE-8). A `once` action that was let through may have happened: it is never tried again by itself (REC-6). */
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
    return;
  }
  const { work, epoch, losses } = step;
  const { now, random } = draft.context;
  const last = losses + 1 >= MAX_LOSSES[work.kind];
  // After a first loss another worker takes it at once; one that keeps losing them must not take down worker after worker.
  const wait = losses > 0 && !last ? retryDelay(RETRIES[work.kind], losses - 1, random, null) : 0;
  draft.emit('step_lost', { step_id, epoch, ...(wait > 0 && { retry_at: isoTime(now + wait) }) });
  if (!last) return;
  const error = {
    code: 'worker_lost',
    message: `${losses + 1} workers were lost with this step; it is not given to another.`,
  };
  draft.emit('step_failed', { step_id, epoch, ...error, cause: 'dependency', retry_at: null, usage: null });
  giveUp(draft, work, error);
}
