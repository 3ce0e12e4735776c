import type { StepWork } from '#domain/pipeline/event/steps.ts';
import type { CredentialError } from '#workers/credentials/index.ts';
import type { StepContext } from './context.ts';
import { credentialFailure, done, failed, type StepOutcome } from './outcome.ts';

type Token = Extract<StepWork, { kind: 'revoke' }>['tokens'][number];
type Fate = { token: Token; gone: boolean; error: CredentialError | null };

/** Vault drops a token's leases after it has answered, so the proof may be a moment late. */
const LOOKUPS = 4;
const BETWEEN_LOOKUPS_MS = 150;

/** A revocation counts when a lookup says that the token is gone; one that still lives is revoked by itself, and looked up again. */
async function proven({ deps, signal }: StepContext, token: Token): Promise<Fate> {
  for (let n = 1; n <= LOOKUPS && !signal.aborted; n++) {
    const found = await deps.credentials.lookup(token.accessor);
    if (!found.ok) return { token, gone: false, error: found.error };
    if (!found.value.alive) return { token, gone: true, error: null };
    const revoked = await deps.credentials.revoke(token.accessor);
    if (!revoked.ok) return { token, gone: false, error: revoked.error };
    if (n > 1) await deps.clocks.sleep(BETWEEN_LOOKUPS_MS * n);
  }
  return { token, gone: false, error: null };
}

/**
 * CRED-4 at the least cost: Vault revokes a token's children with it, so the pipeline's own token is revoked, and then each
 * accessor is looked up for itself. A call that failed here shows in the lookups. What is confirmed is reported even when the rest is
 * not; the object asks again for that.
 */
export async function revoke(
  context: StepContext,
  work: Extract<StepWork, { kind: 'revoke' }>,
): Promise<StepOutcome> {
  const { assignment, deps } = context;
  const children = work.tokens.filter(({ agent_id }) => agent_id !== null);
  const parents = work.tokens.filter(({ agent_id }) => agent_id === null);
  const first = parents.length > 0 ? parents : children;
  await Promise.all(first.map(({ accessor }) => deps.credentials.revoke(accessor)));
  const fates = await Promise.all(work.tokens.map((token) => proven(context, token)));
  const gone = fates.filter((fate) => fate.gone).map(({ token }) => token);
  context.progress(`${gone.length} of ${work.tokens.length} tokens confirmed gone`);
  // A newer login of the pipeline may have stored its token under the same keys by now.
  const newest = assignment.login_accessor;
  const outlived = newest !== null && !parents.some(({ accessor }) => accessor === newest);
  if (gone.length === work.tokens.length && parents.length > 0 && !outlived)
    // Sealed values of dead tokens are of no use; that one could not be deleted changes nothing.
    await deps.credentials.forget({
      pipeline: assignment.pipeline_id,
      agents: children.flatMap(({ agent_id }) => agent_id ?? []),
    });
  if (gone.length > 0 || work.tokens.length === 0)
    return done({
      kind: 'revoke',
      gone: gone.map(({ accessor }) => ({ accessor, how: 'lookup' as const })),
    });
  const error = fates.find((fate) => fate.error !== null)?.error;
  const outcome = error ? credentialFailure(error) : null;
  return failed({
    code: outcome?.kind === 'failed' ? outcome.error.code : 'revocation_unconfirmed',
    message: error?.message ?? 'Vault still knows the tokens after their revocation.',
    cause: 'dependency',
    retryable: true,
    retry_after_s: error?.retry_after_s ?? null,
  });
}
