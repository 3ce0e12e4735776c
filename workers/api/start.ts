import type { Pipeline } from '#contract/pipeline.ts';
import { leastTier } from '#domain/governance/tier.ts';
import { pipelineIdFor, randomId } from '#domain/ids.ts';
import { sliceOf } from '#domain/plan/limits.ts';
import { actorOf, type SpawnCommand } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import type { JointStanding } from '#objects/tenant/rpc.ts';
import { identitiesOf } from '#workers/steps/index.ts';
import { type Asked, json } from './endpoint.ts';
import { idempotencyKey } from './idempotency.ts';
import { ProblemError, problemOf } from './problem.ts';
import { controlOf, must } from './scope.ts';

/** PIPE-9: with an Idempotency-Key the id derives from tenant and key, so that the same request meets the same pipeline. */
function pipelineIdOfRequest({ request, caller }: Asked): string {
  const key = idempotencyKey(request);
  return key === null
    ? randomId('pl', crypto.getRandomValues(new Uint8Array(13)))
    : pipelineIdFor(caller.tenant, key);
}

type Wanted = Omit<
  SpawnCommand,
  'pipeline_id' | 'tenant' | 'number' | 'project_id' | 'successor_of' | 'actor' | 'identities' | 'slice'
> & {
  /** null: the tenant's first. */
  project_id: string | null;
};

/** PROM-3: the run's agents have a say in its tier; one that is suspended does not run. Outside agents bring sessions of their own. */
async function jointStanding(asked: Asked, { plan, mode }: Wanted): Promise<JointStanding | null> {
  if (mode !== 'run') return null;
  const joint = await controlOf(asked).standing(identitiesOf(plan));
  const [first] = joint.suspended;
  if (!first) return joint;
  throw new ProblemError(
    'agent_suspended',
    `The ${first.role} of this plan (${first.identity_id}) is suspended.`,
    {
      remedy: `An admin can look into it and lift it: \`ags agents show ${first.identity_id}\`, \`ags agents grant\`.`,
    },
  );
}

/**
 * Admission, then the pipeline's own object (PIPE-2, PIPE-9). A repeated request answers as the first one did; a slot is given back only
 * when the object has said that it refuses.
 */
export async function startedPipeline(
  asked: Asked,
  wanted: Wanted,
): Promise<{ pipeline: Pipeline; replayed: boolean }> {
  const { caller, env } = asked;
  const { plan, request_sha256 } = wanted;
  const pipeline_id = pipelineIdOfRequest(asked);
  const control = controlOf(asked);
  const joint = await jointStanding(asked, wanted);
  const admitted = must(
    await control.admit({
      pipeline_id,
      project_id: wanted.project_id,
      request_sha256,
      slice: sliceOf(plan.limits),
    }),
  );
  let spawned: Awaited<ReturnType<ReturnType<typeof pipelineStub>['spawn']>>;
  try {
    spawned = await pipelineStub(env.PIPELINE, caller.tenant, pipeline_id).spawn({
      ...wanted,
      ...(joint && { tier: leastTier(wanted.tier, joint.tier), identities: joint.identities }),
      pipeline_id,
      tenant: caller.tenant,
      project_id: admitted.project_id,
      number: admitted.number,
      slice: admitted.slice,
      successor_of: null,
      actor: actorOf(caller),
    });
  } catch (error) {
    // It may have started all the same: only the object knows, and the cron asks it before the slot is taken back.
    asked.log('error', 'a pipeline’s object did not answer its spawn', { pipeline_id, error });
    throw error;
  }
  if (!spawned.ok) {
    if (!admitted.replayed) await control.abandon(pipeline_id, 0);
    throw problemOf(spawned.error);
  }
  const { pipeline, replayed } = spawned.value;
  return { pipeline, replayed: replayed || admitted.replayed };
}

/** {@link startedPipeline} as an answer. */
export async function startPipeline(asked: Asked, wanted: Wanted): Promise<Response> {
  const { pipeline, replayed } = await startedPipeline(asked, wanted);
  return json(201, pipeline, replayed ? { 'Idempotency-Replayed': 'true' } : {});
}
