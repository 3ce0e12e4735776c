import { hashJson } from '#domain/ledger/canonical.ts';
import { FAILURE_CONTEXT_TTL_S } from '#domain/pipeline/rules.ts';
import type { StepContext } from './context.ts';
import { credentialFailure, done, malformed, type StepOutcome } from './outcome.ts';

/** Where the failure context of a generation lies in the Redis store (CONS-9). */
export const failureContextKey = (pipelineId: string, generation: number): string =>
  `pipeline:${pipelineId}:failure_context:${generation}`;

/** CONS-9: why consensus failed, kept for the retry. It holds what agents wrote, whose secrets were taken out before. */
export async function storeContext({ assignment, deps }: StepContext): Promise<StepOutcome> {
  const { failure_context, pipeline_id } = assignment;
  if (failure_context === null) return malformed('A store_context step carries no context.');
  const key = failureContextKey(pipeline_id, failure_context.generation);
  const stored = await deps.context.put(key, JSON.stringify(failure_context), FAILURE_CONTEXT_TTL_S);
  if (!stored.ok) return credentialFailure(stored.error);
  return done({
    kind: 'store_context',
    key,
    sha256: hashJson(failure_context),
    ttl_s: FAILURE_CONTEXT_TTL_S,
  });
}
