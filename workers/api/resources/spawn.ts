import * as z from 'zod';
import { Pipeline } from '#contract/pipeline.ts';
import { MAX_PLAN_BYTES, SpawnRequest } from '#contract/requests.ts';
import { pipelineIdFor, randomId } from '#domain/ids.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { sliceOf } from '#domain/plan/limits.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { resolvePlan } from '../plans.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, must, projectFor } from '../scope.ts';
import { grantedTier } from '../tier.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;

function pipelineIdOfRequest({ request, caller }: Asked): string {
  const key = request.headers.get('idempotency-key');
  if (key === null) return randomId('pl', crypto.getRandomValues(new Uint8Array(13)));
  if (!KEY.test(key))
    throw new ProblemError(
      'validation_failed',
      'The Idempotency-Key has 1 to 200 visible ASCII characters.',
      {
        field: 'Idempotency-Key',
      },
    );
  return pipelineIdFor(caller.tenant, key);
}

export const spawn = endpoint('POST /api/spawn', {
  summary: 'Start a pipeline from a stored plan or from one sent along (PIPE-2, PIPE-9)',
  query: z.strictObject({}),
  body: SpawnRequest,
  bodyLimit: MAX_PLAN_BYTES,
  answers: { 201: Pipeline },
  problems: ['tier_not_permitted', 'idempotency_conflict', 'preflight_failed', 'quota_exceeded', 'not_found'],
  async handle(asked) {
    const { body, caller, env } = asked;
    const tier = grantedTier(caller.role, body.tier);
    const project = projectFor(caller, body.project_id);
    const parsed = await resolvePlan(asked, body, {
      inputs: body.inputs ?? {},
      tier,
      limits: body.limits,
    });
    if (!parsed.ok) {
      const [first] = parsed.error;
      const where = first?.line == null ? '' : ` (line ${first.line}, column ${first.column})`;
      throw new ProblemError('preflight_failed', `${first?.message ?? 'The plan cannot run.'}${where}`, {
        findings: parsed.error,
      });
    }
    const { plan, auto_continue } = parsed.value;

    const pipeline_id = pipelineIdOfRequest(asked);
    // With the project that it means: the same words from a key for another project are another request.
    const request_sha256 = hashJson({ ...body, project_id: project });
    const control = controlOf(asked);
    const admitted = must(
      await control.admit({ pipeline_id, project_id: project, request_sha256, slice: sliceOf(plan.limits) }),
    );
    const abandon = () => control.abandon(pipeline_id, 0);
    let spawned: Awaited<ReturnType<ReturnType<typeof pipelineStub>['spawn']>>;
    try {
      spawned = await pipelineStub(env.PIPELINE, caller.tenant, pipeline_id).spawn({
        pipeline_id,
        tenant: caller.tenant,
        project_id: admitted.project_id,
        number: admitted.number,
        plan,
        mode: 'run',
        tier: plan.tier,
        auto_continue: body.auto_continue ?? auto_continue,
        successor_of: null,
        fork: null,
        request_sha256,
        actor: actorOf(caller),
      });
    } catch (error) {
      // It may have started all the same: only the object knows, and the cron asks it before the slot is taken back.
      asked.log('error', 'a pipeline’s object did not answer its spawn', { pipeline_id, error });
      throw error;
    }
    if (!spawned.ok) {
      if (!admitted.replayed) await abandon();
      throw problemOf(spawned.error);
    }
    const { pipeline, replayed } = spawned.value;
    return json(201, pipeline, replayed || admitted.replayed ? { 'Idempotency-Replayed': 'true' } : {});
  },
});
