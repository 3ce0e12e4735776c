import type { StepWork } from '#domain/pipeline/event.ts';
import type { CredentialError } from '#workers/credentials/index.ts';
import type { StepContext } from './context.ts';
import { credentialFailure, done, failed, type StepOutcome } from './outcome.ts';

type Token = Extract<StepWork, { kind: 'revoke' }>['tokens'][number];
type Fate = { token: Token; gone: boolean; error: CredentialError | null };

/** Vault drops a token's leases after it has answered, so the proof may be a moment late. */
const LOOKUPS = 4;
const BETWEEN_LOOKUPS_MS = 150;

/** CRED-4: a revocation counts when a lookup says that the token is gone. */
async function revokeOne({ deps, signal }: StepContext, token: Token): Promise<Fate> {
  const revoked = await deps.credentials.revoke(token.accessor);
  if (!revoked.ok) return { token, gone: false, error: revoked.error };
  for (let n = 1; n <= LOOKUPS && !signal.aborted; n++) {
    const found = await deps.credentials.lookup(token.accessor);
    if (!found.ok) return { token, gone: false, error: found.error };
    if (!found.value.alive) return { token, gone: true, error: null };
    await deps.clocks.sleep(BETWEEN_LOOKUPS_MS * n);
  }
  return { token, gone: false, error: null };
}

/**
 * Children first: a parent that dies takes them along, and then their own proof would rest on its. What is confirmed is reported even
 * when the rest is not; the object asks again for that.
 */
export async function revoke(
  context: StepContext,
  work: Extract<StepWork, { kind: 'revoke' }>,
): Promise<StepOutcome> {
  const { assignment, deps } = context;
  const children = work.tokens.filter(({ agent_id }) => agent_id !== null);
  const parents = work.tokens.filter(({ agent_id }) => agent_id === null);
  const fates = [
    ...(await Promise.all(children.map((token) => revokeOne(context, token)))),
    ...(await Promise.all(parents.map((token) => revokeOne(context, token)))),
  ];
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
