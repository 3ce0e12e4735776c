import * as z from 'zod';
import { Pipeline } from '#contract/pipeline.ts';
import { MAX_PLAN_BYTES, SpawnRequest } from '#contract/requests.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { endpoint } from '../endpoint.ts';
import { resolvePlan } from '../plans.ts';
import { ProblemError } from '../problem.ts';
import { projectFor } from '../scope.ts';
import { startPipeline } from '../start.ts';
import { grantedTier } from '../tier.ts';

export const spawn = endpoint('POST /api/spawn', {
  summary: 'Start a pipeline from a stored plan or from one sent along (PIPE-2, PIPE-9)',
  query: z.strictObject({}),
  body: SpawnRequest,
  bodyLimit: MAX_PLAN_BYTES,
  answers: { 201: Pipeline },
  problems: [
    'tier_not_permitted',
    'idempotency_conflict',
    'preflight_failed',
    'quota_exceeded',
    'not_found',
    'pipeline_halted',
    'agent_suspended',
    'killed',
    'error_budget_spent',
  ],
  async handle(asked) {
    const { body, caller } = asked;
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

    return startPipeline(asked, {
      plan,
      project_id: project,
      mode: body.mode ?? 'run',
      tier: plan.tier,
      auto_continue: body.auto_continue ?? auto_continue,
      fork: null,
      // With the project that it means: the same words from a key for another project are another request.
      request_sha256: hashJson({ ...body, project_id: project }),
    });
  },
});
