import { leastTier } from '#domain/governance/tier.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { sliceOf } from '#domain/plan/limits.ts';
import type { StepContext } from './context.ts';
import { textsOf } from './documents.ts';
import { identitiesOf } from './identity.ts';
import { done, failed, malformed, type StepOutcome } from './outcome.ts';

/** A quota may be raised at any time: however long it takes to free itself, it is asked again after this long. */
const QUOTA_AGAIN_S = 600;

const waits = (code: string, message: string, retry_after_s: number | null = null): StepOutcome =>
  failed({ code, message, cause: 'dependency', retryable: true, retry_after_s });

/**
 * REC-3: admits and spawns the next attempt. Its id derives from predecessor and attempt and both calls are idempotent, so that however
 * often this runs there is exactly one successor. A full quota makes it wait.
 */
export async function spawnSuccessor(context: StepContext): Promise<StepOutcome> {
  const { assignment, deps } = context;
  const { successor, tenant, project_id } = assignment;
  if (successor === null) return malformed('A spawn_successor step carries no successor.');
  const { pipeline_id, predecessor_id, attempt, handoff, sha256, plan, documents } = successor;
  const request_sha256 = hashJson({ predecessor_id, attempt, sha256 });
  const authority = await deps.control(tenant).authorityOf(successor.created_by);
  if (authority === null) {
    return waits('authority_withdrawn', `${successor.created_by} may not spawn pipelines any more.`, 300);
  }
  const joint = await deps.control(tenant).standing(identitiesOf(plan));
  if (joint.suspended.length > 0) return waits('agent_suspended', 'An agent of this plan is suspended.', 300);
  const admitted = await deps.control(tenant).admit({
    pipeline_id,
    project_id,
    request_sha256,
    slice: sliceOf(plan.limits),
  });
  if (!admitted.ok) {
    const { error } = admitted;
    return waits(
      error.code,
      'detail' in error ? error.detail : error.code,
      'retry_after_s' in error ? Math.min(error.retry_after_s, QUOTA_AGAIN_S) : null,
    );
  }
  const texts = await textsOf(context, documents);
  const spawned = await deps.spawn(tenant, pipeline_id).spawn({
    pipeline_id,
    tenant,
    project_id: admitted.value.project_id,
    number: admitted.value.number,
    slice: admitted.value.slice,
    plan: {
      ...plan,
      documents: documents.map(({ name, media_type, origin, sha256: hash }) => ({
        name,
        media_type,
        origin,
        text: texts[hash] ?? '',
      })),
    },
    mode: successor.mode,
    // REC-3, PROM-3: authority is evaluated anew; what its spawner may grant and its agents have earned today is the ceiling.
    tier: leastTier(leastTier(plan.tier, authority), joint.tier),
    identities: joint.identities,
    auto_continue: successor.auto_continue,
    successor_of: { pipeline_id: predecessor_id, attempt, handoff, sha256 },
    fork: null,
    request_sha256,
    actor: successor.created_by,
  });
  if (!spawned.ok) return waits(spawned.error.code, 'The successor’s object refused the spawn.');
  return done({ kind: 'spawn_successor', number: admitted.value.number });
}
