import type * as z from 'zod';
import { RegisterAgentRequest, RegisteredAgent, SESSION_TTL_S } from '#contract/agents.ts';
import { ROLES } from '#domain/agents/roles.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { DEFAULT_LIMITS, LIMITS } from '#domain/plan/limits.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { keyedHash } from '#objects/tenant/index.ts';
import { toolsFor } from '#workers/steps/index.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { modelDefaults } from '../plans.ts';
import { ProblemError } from '../problem.ts';
import { must, pipelineOf, projectFor } from '../scope.ts';
import { newSessionToken } from '../session-token.ts';
import { startedPipeline } from '../start.ts';
import { grantedTier } from '../tier.ts';

type Registering = Asked<unknown, z.output<typeof RegisterAgentRequest>>;

/** An external pipeline calls no model, so it sets aside as little of the tenant's budget as a plan can. */
const limitsFor = (ttl_s: number) => ({
  ...DEFAULT_LIMITS,
  tokens: LIMITS.tokens.min,
  cost_microusd: LIMITS.cost_microusd.min,
  steps: LIMITS.steps.max,
  actions: LIMITS.actions.max,
  deadline_s: ttl_s,
});

/** What stands for a plan where nobody wrote one: who registered, and for how long. */
function planFor({ body, config }: Registering, tier: ResolvedPlan['tier'], ttl_s: number): ResolvedPlan {
  const { model } = modelDefaults(config);
  const plan = {
    plan_id: 'plan_external',
    name: 'external',
    version: '1.0.0',
    objective: `What ${body.name} (${body.framework}) does under this gate.`,
    tier,
    documents: [],
    models: Object.fromEntries(ROLES.map((role) => [role, model])) as ResolvedPlan['models'],
    misbehave: [],
    limits: limitsFor(ttl_s),
    stages: [],
  };
  return { ...plan, sha256: hashJson({ name: plan.name, version: plan.version, objective: plan.objective }) };
}

/** GOV-7: a pipeline that runs until its caller ends it, or until the first session's time is over. */
async function openPipeline(asked: Registering, ttl_s: number): Promise<string> {
  const { body, caller } = asked;
  const tier = grantedTier(caller.role, body.tier);
  const project_id = projectFor(caller, body.project_id);
  const { pipeline } = await startedPipeline(asked, {
    plan: planFor(asked, tier, ttl_s),
    project_id,
    mode: 'external',
    tier,
    auto_continue: true,
    fork: null,
    request_sha256: hashJson({ ...body, project_id }),
  });
  return pipeline.pipeline_id;
}

/** PROM-3: the least of what the pipeline has and the caller may grant; more than that is refused, for somebody counts on it. */
async function checkTier(asked: Registering, pipelineId: string): Promise<void> {
  grantedTier(asked.caller.role, asked.body.tier);
  const { tier } = must(await (await pipelineOf(asked, pipelineId)).read(asked.caller.tenant));
  if (asked.body.tier > tier)
    throw new ProblemError('tier_not_permitted', `The pipeline has tier ${tier}.`, {
      field: 'tier',
      remedy: `Register with tier ${tier} or lower.`,
    });
}

export const agents = [
  endpoint('POST /api/agents', {
    summary: 'Register an agent that runs elsewhere; its session token is shown this once (GOV-7)',
    body: RegisterAgentRequest,
    answers: { 201: RegisteredAgent },
    problems: ['not_found', 'tier_not_permitted', 'wrong_state', 'pipeline_ended', 'quota_exceeded'],
    async handle(asked) {
      const { body, caller, config, env } = asked;
      const ttl_s = body.ttl_s ?? SESSION_TTL_S.default;
      if (body.pipeline_id !== undefined) await checkTier(asked, body.pipeline_id);
      const pipeline_id = body.pipeline_id ?? (await openPipeline(asked, ttl_s));
      const session_token = newSessionToken(caller.tenant, pipeline_id);
      const { name, framework, tier } = body;
      const agent = must(
        await pipelineStub(env.PIPELINE, caller.tenant, pipeline_id).registerAgent(
          caller.tenant,
          actorOf(caller),
          {
            name,
            framework,
            tier,
            session_hash: keyedHash(config.keyPepper, session_token),
            session_expires_at: new Date(Date.now() + ttl_s * 1_000).toISOString(),
          },
        ),
      );
      const { agent_id, expires_at } = agent;
      const tools = toolsFor(tier, 'OUTSIDE').map(({ name, description, parameters }) => ({
        name,
        description,
        parameters,
      }));
      return json(201, { agent_id, pipeline_id, session_token, tier, tools, expires_at });
    },
  }),
];
