import type { StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { CredentialError } from '#workers/credentials/index.ts';
import type { ModelFailure } from '#workers/models/index.ts';

/** How the work on a claimed step ended. `dropped`: there is nothing to report, the object knows better already. */
export type StepOutcome =
  | { kind: 'done'; result: StepResult }
  | { kind: 'failed'; error: StepError }
  | { kind: 'dropped'; why: string };

export const done = (result: StepResult): StepOutcome => ({ kind: 'done', result });
export const dropped = (why: string): StepOutcome => ({ kind: 'dropped', why });

export function failed(
  error: Pick<StepError, 'code' | 'message' | 'cause' | 'retryable'> & {
    retry_after_s?: number | null;
    usage?: Usage | null;
  },
): StepOutcome {
  const { code, message, cause, retryable, retry_after_s = null, usage = null } = error;
  return { kind: 'failed', error: { code, message, cause, retryable, retry_after_s, usage } };
}

/** CRED-6: what Vault or the store could not do is never the agent's fault; a token that is gone was revoked out of band. */
export const credentialFailure = (error: CredentialError): StepOutcome =>
  failed({
    code: error.kind === 'token_dead' ? 'token_revoked' : `credentials_${error.kind}`,
    message: error.message,
    cause: 'dependency',
    retryable: error.retryable,
    retry_after_s: error.retry_after_s ?? null,
  });

export const modelFailure = (error: ModelFailure): StepOutcome =>
  error.code === 'cancelled' ? dropped(error.message) : failed(error);

export const malformed = (what: string): StepOutcome =>
  failed({ code: 'malformed_assignment', message: what, cause: 'dependency', retryable: false });
