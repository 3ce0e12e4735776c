import type * as z from 'zod';
import { RegisterAgentRequest, RegisteredAgent, SESSION_TTL_S } from '#contract/agents.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import { keyedHash } from '#objects/tenant/index.ts';
import { toolsFor } from '#workers/steps/index.ts';
import { declaredTools } from '../declared-tools.ts';
import { type Asked, endpoint, json } from '../endpoint.ts';
import { externalPlan } from '../external-plan.ts';
import { REPLAYED, repeatOf } from '../idempotency.ts';
import { ProblemError } from '../problem.ts';
import { controlOf, must, pipelineOf, projectFor } from '../scope.ts';
import { newSessionToken } from '../session-token.ts';
import { startedPipeline } from '../start.ts';
import { grantedTier } from '../tier.ts';

type Registering = Asked<unknown, z.output<typeof RegisterAgentRequest>>;

/** GOV-7: a pipeline that runs until its caller ends it, or until the first session's time is over. */
async function openPipeline(asked: Registering, ttl_s: number): Promise<string> {
  const { body, caller } = asked;
  const tier = grantedTier(caller.role, body.tier);
  const project_id = projectFor(caller, body.project_id);
  const { pipeline } = await startedPipeline(asked, {
    plan: externalPlan(asked.config, {
      objective: `What ${body.name} (${body.framework}) does under this gate.`,
      tier,
      ttl_s,
    }),
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
    problems: [
      'not_found',
      'tier_not_permitted',
      'wrong_state',
      'pipeline_ended',
      'idempotency_conflict',
      'quota_exceeded',
      'killed',
      'error_budget_spent',
    ],
    async handle(asked) {
      const { body, caller, config, env } = asked;
      const ttl_s = body.ttl_s ?? SESSION_TTL_S.default;
      const own = declaredTools(body.tools ?? []);
      const repeat = repeatOf(asked);
      if (repeat) must(await controlOf(asked).claim(repeat));
      if (body.pipeline_id !== undefined) await checkTier(asked, body.pipeline_id);
      const pipeline_id = body.pipeline_id ?? (await openPipeline(asked, ttl_s));
      const seed = repeat && keyedHash(config.keyPepper, `${repeat.key} session of ${pipeline_id}`);
      const session_token = newSessionToken(caller.tenant, pipeline_id, seed);
      const { name, framework, tier } = body;
      const registered = must(
        await pipelineStub(env.PIPELINE, caller.tenant, pipeline_id).registerAgent(
          caller.tenant,
          actorOf(caller),
          {
            name,
            framework,
            tier,
            session_hash: keyedHash(config.keyPepper, session_token),
            session_expires_at: new Date(Date.now() + ttl_s * 1_000).toISOString(),
            ...(own.length > 0 ? { tools: own } : {}),
          },
        ),
      );
      const { agent_id, expires_at, tools: declared } = registered.agent;
      const tools = toolsFor(tier, 'OUTSIDE').map(({ name, description, parameters }) => ({
        name,
        description,
        parameters,
      }));
      return json(
        201,
        { agent_id, pipeline_id, session_token, tier, tools, declared, expires_at },
        registered.replayed ? REPLAYED : {},
      );
    },
  }),
];
