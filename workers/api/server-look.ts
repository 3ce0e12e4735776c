import type { McpServer } from '#contract/mcp-servers.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Tier } from '#domain/governance/tier.ts';
import { randomId } from '#domain/ids.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { sliceOf } from '#domain/plan/limits.ts';
import { ok, type Result } from '#domain/result.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import { keyedHash } from '#objects/tenant/index.ts';
import type { ControlError } from '#objects/tenant/rpc.ts';
import type { Config, Env } from '#workers/config.ts';
import { askAction } from './asking.ts';
import { externalPlan } from './external-plan.ts';
import { tierFor } from './look-due.ts';
import { ProblemError } from './problem.ts';
import { newSessionToken } from './session-token.ts';

/** One server is waited for this long, the login of the run included (s). */
const WAIT_S = 25;
/** The run is over by then, whatever becomes of who asked (s). */
const TTL_S = 120;
const NAME = 'fronted servers';

export interface Looking {
  env: Env;
  config: Config;
  tenant: string;
  /** `person:ps_…`, or `system:mcp-look` for the clock. */
  actor: string;
}

/** PIPE-2: admitted like any other run, so that quota and kill switches bind it. */
async function openRun(
  { env, config, tenant, actor }: Looking,
  servers: readonly McpServer[],
): Promise<Result<string, DomainError | ControlError>> {
  const pipeline_id = randomId('pl', crypto.getRandomValues(new Uint8Array(13)));
  const control = controlStub(env.CONTROL, tenant);
  const names = servers.map(({ name }) => name);
  const tier = Math.max(...servers.map(tierFor)) as Tier;
  const objective = `Which tools ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'}, and how they describe themselves.`;
  const plan = externalPlan(config, { objective, tier, ttl_s: TTL_S });
  const request_sha256 = hashJson({ look: names });
  const slice = sliceOf(plan.limits);
  const admitted = await control.admit({ pipeline_id, project_id: null, request_sha256, slice });
  if (!admitted.ok) return admitted;
  const spawned = await pipelineStub(env.PIPELINE, tenant, pipeline_id).spawn({
    ...{ plan, pipeline_id, tenant, tier, request_sha256, actor },
    ...{ mode: 'external', auto_continue: true, fork: null, successor_of: null },
    project_id: admitted.value.project_id,
    number: admitted.value.number,
    slice: admitted.value.slice,
  });
  if (!spawned.ok) await control.abandon(pipeline_id, 0);
  return spawned.ok ? ok(pipeline_id) : spawned;
}

/** Asks one server, as an agent of the lowest tier that may. Null: it answered; otherwise why not, for people. */
async function askServer(
  { env, config, tenant, actor }: Looking,
  pipeline_id: string,
  server: McpServer,
): Promise<string | null> {
  // Nobody ever gets this token: the session is used here, by its record.
  const session_hash = keyedHash(config.keyPepper, newSessionToken(tenant, pipeline_id));
  const agent = await pipelineStub(env.PIPELINE, tenant, pipeline_id).registerAgent(tenant, actor, {
    ...{ name: NAME, framework: 'system', tier: tierFor(server), session_hash },
    session_expires_at: new Date(Date.now() + TTL_S * 1_000).toISOString(),
  });
  if (!agent.ok) return 'The run that asks it was stopped.';
  const target = `mcp://${server.name}`;
  const body = { tool: 'mcp_discover', arguments: { server: server.name }, target, wait_s: WAIT_S };
  try {
    const { action } = await askAction({ env, config, agent: agent.value.agent }, body, null);
    if (action.status === 'succeeded') return null;
    if (action.status === 'failed') return action.error ?? 'It failed.';
    return action.reason ?? `It did not answer within ${WAIT_S} s.`;
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
}

/**
 * GOV-9: asks servers which tools they have. It is a run like any other, so the credential is read with an agent's own token (CRED-1), the
 * gate decides (GOV-2), and the ledger has it; what comes of it is kept with each server. Never throws for a server that fails.
 */
export async function lookAtServers(looking: Looking, servers: readonly McpServer[]): Promise<void> {
  if (servers.length === 0) return;
  const { env, tenant, actor } = looking;
  const control = controlStub(env.CONTROL, tenant);
  const run = await openRun(looking, servers);
  if (!run.ok) {
    const why = 'detail' in run.error ? run.error.detail : run.error.code;
    await Promise.all(servers.map(({ name }) => control.noteMcpLook(name, `It was not asked: ${why}`)));
    return;
  }
  const looks = await Promise.allSettled(
    servers.map(async (server) => {
      const error = await askServer(looking, run.value, server);
      if (error !== null) await control.noteMcpLook(server.name, error.slice(0, 500));
    }),
  );
  await pipelineStub(env.PIPELINE, tenant, run.value).operate(tenant, actor, {
    kind: 'end',
    reason: 'looked',
  });
  for (const look of looks) if (look.status === 'rejected') throw look.reason;
}
