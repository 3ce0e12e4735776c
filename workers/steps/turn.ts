import type * as z from 'zod';
import { OUTPUT_SCHEMAS, type OutputSchemaName } from '#domain/agents/output.ts';
import { buildPrompt } from '#domain/agents/prompts/index.ts';
import { isOurs } from '#domain/agents/roles.ts';
import { redactionFor } from '#domain/governance/redaction.ts';
import type { StepResult, ToolCall, TurnAssignment } from '#domain/pipeline/assignment.ts';
import { modelDependency } from '#domain/pipeline/dependencies.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import { callModel, isOutage, type ModelError, type RequestedCall } from '#workers/models/index.ts';
import { credentialScope, type StepContext } from './context.ts';
import { textsOf } from './documents.ts';
import { credentialFailure, done, failed, malformed, modelFailure, type StepOutcome } from './outcome.ts';
import { TOOLS, toolsFor } from './tools/index.ts';

type Output<N extends OutputSchemaName> = ReturnType<(typeof OUTPUT_SCHEMAS)[N]['parse']>;

/** What differs between the roles' turns: the schema they fill, and what becomes of it. */
export interface Turn<N extends OutputSchemaName> {
  schema: N;
  result(output: Output<N>, usage: Usage): StepResult;
}

/** AGENT-2: read with the agent's own token and for this call only, so that a revoked agent reaches no model. */
async function modelKey({ assignment, deps }: StepContext, agent: string, provider: string) {
  const accessor = assignment.agent_accessor;
  return deps.credentials.readSecret({
    ...credentialScope(assignment),
    agent,
    path: `models/${provider}`,
    ...(accessor ? { accessor } : {}),
  });
}

/** OPS-1: an answer counts, whatever it is worth; a refusal says nothing about the model's health. */
const modelSeen =
  ({ assignment, deps }: StepContext, provider: string) =>
  (model: string, error: ModelError | null): void => {
    if (error === null || isOutage(error))
      deps.seen.note(assignment.tenant, modelDependency(provider, model), error);
  };

const noKey = (provider: string): StepOutcome =>
  failed({
    code: 'model_key_missing',
    message: `Vault has no api_key at models/${provider} for this tenant.`,
    cause: 'dependency',
    retryable: false,
  });

/** What a call would touch. For what is no tool, the model's own word for it, so that the gate can judge that too. */
export function toToolCall({ call_id, tool, arguments: args }: RequestedCall): ToolCall {
  const named = [args.target, args.resource, args.name].find((value) => typeof value === 'string');
  const target = TOOLS.get(tool)?.rule.target(args) ?? named ?? '';
  return { call_id, tool: tool.slice(0, 80), arguments: args, target: String(target).slice(0, 500) };
}

const embeddedSwitches = (turn: TurnAssignment, seat: string, round: number, attempt: number) => ({
  misbehave: turn.misbehave,
  seat,
  round,
  attempt,
});

/** One model call of a turn (PIPE-8): prompt, key, call, and either tool calls or the role's output, without secrets. */
export async function runTurn<N extends OutputSchemaName>(
  context: StepContext,
  turn: TurnAssignment,
  { schema, result }: Turn<N>,
): Promise<StepOutcome> {
  const { assignment, deps } = context;
  const { agent, work } = assignment;
  if (agent === null || !isOurs(agent.role) || (work.kind !== 'agent_turn' && work.kind !== 'synthesis'))
    return malformed('A turn step names no agent.');
  const round = work.kind === 'agent_turn' ? work.round : (turn.blackboard?.round ?? 0);
  const { provider } = turn.model;
  const [secret, texts] = await Promise.all([
    modelKey(context, agent.agent_id, provider),
    textsOf(context, turn.documents),
  ]);
  if (!secret.ok)
    return secret.error.kind === 'not_found' ? noKey(provider) : credentialFailure(secret.error);
  const apiKey = secret.value.api_key;
  if (!apiKey) return noKey(provider);

  const tools = toolsFor(agent.tier, agent.role);
  const answer = await callModel<Output<N>>({
    choice: turn.model,
    apiKey,
    baseUrls: deps.models.baseUrls,
    messages: buildPrompt({ role: agent.role, tier: agent.tier, turn, texts, tools }),
    tools,
    allowTools: turn.tools_allowed && tools.length > 0,
    schemaName: schema,
    schema: OUTPUT_SCHEMAS[schema] as unknown as z.ZodType<Output<N>>,
    ...(provider === 'embedded'
      ? { embedded: embeddedSwitches(turn, agent.role, round, assignment.attempt) }
      : {}),
    prices: deps.models.prices,
    budget: turn.budget,
    ...(deps.models.timeouts ? { timeouts: deps.models.timeouts } : {}),
    avoid: assignment.avoid ?? [],
    // RUN-5: what the plan asked for is not an outage.
    ...(turn.misbehave.length === 0 ? { onOutcome: modelSeen(context, provider) } : {}),
    fetch: deps.fetch,
    signal: context.signal,
    onProgress: context.progress,
  });
  if (!answer.ok) return modelFailure(answer.error);
  // The key is a secret of this call as much as what the documents held: an endpoint that echoes it must not put it on record.
  const redaction = redactionFor(Object.values(texts), [apiKey]);
  const { usage } = answer.value;
  return answer.value.kind === 'tool_calls'
    ? done({ kind: 'tool_calls', calls: redaction.value(answer.value.calls).map(toToolCall), usage })
    : done(result(redaction.value(answer.value.value), usage));
}
