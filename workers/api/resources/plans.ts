import * as z from 'zod';
import { page } from '#contract/primitives.ts';
import {
  MAX_PLAN_BYTES,
  PlanCheckRequest,
  PlanCheckResult,
  PlanSource,
  PlanSummary,
} from '#contract/requests.ts';
import { estimateRun, planJsonSchema } from '#domain/plan/index.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { all, endpoint, json } from '../endpoint.ts';
import { resolvePlan } from '../plans.ts';
import { planDecisions } from '../policies.ts';
import { ProblemError } from '../problem.ts';
import samples from '../samples.generated.json' with { type: 'json' };
import { controlOf, must } from '../scope.ts';

const Sample = z
  .object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    source: z.string(),
    files: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Sample' });

export const plans = [
  endpoint('GET /api/plans/schema.json', {
    summary: 'The JSON Schema of a plan file (DSL-1)',
    answers: { 200: z.unknown() },
    mediaType: 'application/schema+json',
    handle: () =>
      json(200, planJsonSchema(), {
        'content-type': 'application/schema+json',
        'cache-control': 'public, max-age=300',
      }),
  }),
  endpoint('POST /api/plans', {
    summary: 'Store a version of a plan; a version never changes',
    body: PlanSource,
    bodyLimit: MAX_PLAN_BYTES,
    answers: { 201: PlanSummary },
    problems: ['preflight_failed', 'version_exists'],
    async handle(asked) {
      const { source, files = {} } = asked.body;
      const parsed = await resolvePlan(asked, { plan: { source, files } }, { inputs: null });
      if (!parsed.ok)
        throw new ProblemError('preflight_failed', parsed.error[0]?.message ?? 'The plan has errors.', {
          findings: parsed.error,
        });
      const saved = await controlOf(asked).savePlan(actorOf(asked.caller), {
        resolved: parsed.value.plan,
        source,
        files,
      });
      const { replayed, ...summary } = must(saved);
      return json(201, summary, replayed ? { 'Idempotency-Replayed': 'true' } : {});
    },
  }),
  endpoint('GET /api/plans', {
    summary: 'Stored plans, newest first',
    query: z.strictObject({}),
    answers: { 200: page(PlanSummary) },
    handle: async (asked) => json(200, all(await controlOf(asked).listPlans())),
  }),
  endpoint('GET /api/plans/{plan_id}', {
    summary: 'A stored plan with its text and files',
    query: z.strictObject({}),
    answers: {
      200: PlanSummary.extend({ source: z.string(), files: z.record(z.string(), z.string()) }).meta({
        id: 'StoredPlan',
      }),
    },
    problems: ['not_found'],
    async handle(asked) {
      const { summary, source, files } = must(await controlOf(asked).readPlan(asked.params.plan_id ?? ''));
      return json(200, { ...summary, source, files });
    },
  }),
  endpoint('POST /api/plans/check', {
    summary: 'Preflight without a spawn: findings with line and column (PRE-1)',
    body: PlanCheckRequest,
    bodyLimit: MAX_PLAN_BYTES,
    answers: { 200: PlanCheckResult },
    problems: ['not_found'],
    async handle(asked) {
      const { plan_id, source, files, inputs, tier } = asked.body;
      const choice = source === undefined ? { plan_id } : { plan: { source, files } };
      const parsed = await resolvePlan(asked, choice, { inputs: inputs ?? null, tier });
      return json(200, {
        ok: parsed.ok,
        findings: parsed.ok ? [] : parsed.error,
        decisions: parsed.ok ? await planDecisions(asked, parsed.value.plan) : [],
        estimate: parsed.ok ? estimateRun(parsed.value.plan) : null,
      });
    },
  }),
  endpoint('GET /api/samples', {
    summary: 'Plans that come with the system, ready to be spawned as they are (RUN-7)',
    query: z.strictObject({}),
    answers: { 200: page(Sample) },
    handle: () => json(200, all(samples), { 'cache-control': 'private, max-age=300' }),
  }),
];
