import type { DomainError } from '../../errors.ts';
import type { Permit } from '../../governance/permit.ts';
import { err, ok, type Result } from '../../result.ts';
import { isoTime, type TenantSlice } from '../command.ts';
import { needsOf, type Trouble } from '../dependencies.ts';
import type { HeldOn, StepWork, Usage } from '../event/steps.ts';
import { CLOCKS } from '../rules.ts';
import type { PipelineState, StepState } from '../state.ts';
import { stepBegan } from './credentials.ts';
import type { Draft } from './draft.ts';
import { failPipeline } from './ending.ts';
import { loginIfSuspended } from './pause.ts';
import { synthesiseByRule } from './recovery.ts';

/** By the permit, something that the step needs has a breaker that is not closed. */
export function isTroubled(state: PipelineState, work: StepWork, permit: Permit | null): boolean {
  const troubled = permit?.troubled ?? [];
  if (troubled.length === 0) return false;
  const { all, any } = needsOf(state, work);
  return [...all, ...any.map(({ name }) => name)].some((name) => troubled.includes(name));
}

const waits = (message: string): Result<never, DomainError> =>
  err({
    code: 'wrong_state',
    detail: message,
    allowed: [],
    remedy: 'the step goes on by itself when it is to be had again',
  });

/**
 * ENF-1: what the step needs is not to be had: it waits, and says for what, once. Waiting again for the same writes nothing, however long
 * it takes.
 */
export function hold(
  draft: Draft,
  { step_id, epoch, held, status }: StepState,
  on: HeldOn,
  { code, message }: { code: string; message: string },
  usage: Usage | null = null,
): Result<undefined, DomainError> {
  if (status === 'ready' && held?.on === on && held.code === code) return waits(message);
  draft.emit('step_held', { step_id, epoch, on, code, message, usage });
  return ok(undefined);
}

/** PIPE-11: a new month or a raised quota brings more; the run waits for it. */
export const usedUp = (slice: TenantSlice | undefined) => ({
  code: 'tenant_budget_used_up',
  message: `The tenant’s budget of ${slice?.month ?? 'this month'} has nothing left for the next model call. The next month, or an admin who raises the quota, lets it go on`,
});

/** ENF-5: what agents of ours would begin; the end of a run, and whoever finds out why runs fail, go on. */
export function stopsForErrors(
  state: PipelineState,
  work: StepWork,
  permit: Permit | null,
): { code: string; message: string } | null {
  const spent = permit?.budget_spent;
  if (!spent || state.spawned?.mode === 'diagnostic' || state.recovery) return null;
  return work.kind === 'agent_turn' || work.kind === 'action'
    ? { code: 'error_budget_spent', message: `The tenant’s error budget is spent: ${spent.detail}` }
    : null;
}

/** Tokens went while it waited (PIPE-10): everything that was held for the same goes on, after a login. */
export function release(draft: Draft, { held }: StepState): Result<undefined, DomainError> {
  for (const step of Object.values(draft.state.steps))
    if (step.held?.on === held?.on) draft.emit('step_released', { step_id: step.step_id });
  loginIfSuspended(draft);
  return ok(undefined);
}

const VAULT_WORK: readonly StepWork['kind'][] = ['credentials_login', 'agent_bootstrap', 'agent_turn'];

/**
 * OPS-1: a claim is refused because a breaker is open. Vault and store are waited for as when they are silent (CRED-6, PIPE-2), a model
 * until the deadline; the supervisor waits for nobody (REC-2).
 */
export function holdForDependency(
  draft: Draft,
  step: StepState,
  trouble: Trouble,
): Result<undefined, DomainError> {
  const { work, deferrals, step_id, epoch } = step;
  const { code, message } = trouble;
  if (draft.state.recovery) {
    synthesiseByRule(draft);
    return ok(undefined);
  }
  if (trouble.on === 'model' || !VAULT_WORK.includes(work.kind))
    return hold(draft, step, trouble.on, { code, message });
  if (draft.state.state === 'SPAWN' && windowIsOver(draft, step)) {
    failPipeline(draft, 'credentials_unavailable', message);
    return ok(undefined);
  }
  if (deferrals > 0 && draft.state.credentials.wait?.code === code) return waits(message);
  draft.emit('step_deferred', { step_id, epoch, code, message, retry_at: isoTime(draft.context.now) });
  return ok(undefined);
}

/** PIPE-2. */
export const windowIsOver = (draft: Draft, { work }: StepState): boolean =>
  draft.context.now - Date.parse(stepBegan(draft, work)) >= CLOCKS.credentials_window;
