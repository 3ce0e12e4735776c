import { hashJson } from '#domain/ledger/canonical.ts';
import { sliceOf } from '#domain/plan/limits.ts';
import type { StepContext } from './context.ts';
import { done, failed, malformed, type StepOutcome } from './outcome.ts';

const waits = (code: string, message: string, retry_after_s: number | null = null): StepOutcome =>
  failed({ code, message, cause: 'dependency', retryable: true, retry_after_s });

/**
 * ENF-1: one DIAGNOSTIC pipeline for a run that was stopped for its errors. Its id derives from the run, and both calls are idempotent, so
 * that however often this runs there is one. It has a quota of its own, and waits while that is full.
 */
export async function spawnDiagnostic(context: StepContext): Promise<StepOutcome> {
  const { assignment, deps } = context;
  const { diagnostic, tenant, project_id, pipeline_id: about } = assignment;
  if (diagnostic === null) return malformed('A spawn_diagnostic step carries no run.');
  const { pipeline_id, plan, text } = diagnostic;
  const request_sha256 = hashJson({ diagnostic_of: about });
  const admitted = await deps.control(tenant).admit({
    pipeline_id,
    project_id,
    request_sha256,
    slice: sliceOf(plan.limits),
    diagnostic: true,
  });
  if (!admitted.ok) {
    const { error } = admitted;
    const after = 'retry_after_s' in error ? error.retry_after_s : null;
    return waits(error.code, 'detail' in error ? error.detail : error.code, after);
  }
  const document = {
    name: 'failed-run.json',
    media_type: 'application/json',
    // What agents and tools wrote is in it.
    origin: 'untrusted' as const,
    text,
  };
  const spawned = await deps.spawn(tenant, pipeline_id).spawn({
    pipeline_id,
    tenant,
    project_id: admitted.value.project_id,
    number: admitted.value.number,
    slice: admitted.value.slice,
    plan: { ...plan, documents: [document] },
    mode: 'diagnostic',
    tier: 0,
    auto_continue: true,
    successor_of: null,
    fork: null,
    diagnoses: about,
    request_sha256,
    actor: 'system:supervisor',
  });
  if (!spawned.ok) return waits(spawned.error.code, 'The diagnostic’s object refused the spawn.');
  return done({ kind: 'spawn_diagnostic', number: admitted.value.number });
}
