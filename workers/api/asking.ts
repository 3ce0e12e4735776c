import type { AgentCaller, AskedAction, AskRequest } from '#contract/agents.ts';
import { outsideTool, speaksOfDestroying, spokenTarget } from '#domain/governance/outside-tools.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { GateFacts } from '#domain/pipeline/assignment.ts';
import type { OutsideRequest, OutsideTool } from '#domain/pipeline/event/actions.ts';
import type { LookedAt } from '#objects/pipeline/rpc.ts';
import { pipelineStub } from '#objects/shared/stubs.ts';
import type { Config, Env } from '#workers/config.ts';
import { gateOf, TOOL_RULES } from '#workers/steps/index.ts';
import { frontedBy } from './fronted.ts';
import { ProblemError } from './problem.ts';
import { recordedArguments } from './recorded.ts';
import { must } from './scope.ts';

/** Facts that change faster than they can be judged: something is wrong. */
const MAX_JUDGEMENTS = 8;
/** An agent that has just registered waits this long for its own token before it is told no (GOV-2). */
const TOKEN_WAIT_MS = 10_000;
const POLL = { first_ms: 25, max_ms: 1_000 } as const;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What an outside agent's questions need; the same for HTTP and MCP. */
export interface Asking {
  env: Env;
  config: Config;
  agent: AgentCaller;
}

const stubOf = ({ env, agent }: Asking) => pipelineStub(env.PIPELINE, agent.tenant, agent.pipeline_id);

/** GOV-8: what we run ourselves must run with what was recorded: an argument that may not be recorded is not run with. */
function outsideRequest(
  { agent }: Asking,
  body: AskRequest,
  key: string | null,
  changed: boolean,
  fronted: OutsideTool | null,
): OutsideRequest {
  const runsHere = TOOL_RULES.has(body.tool) || fronted !== null;
  if (runsHere && changed)
    throw new ProblemError(
      'validation_failed',
      'The arguments hold what looks like a secret, or a text of more than 4,000 characters.',
      { field: 'arguments', remedy: 'Name where the secret lies instead of sending it; split long texts.' },
    );
  if (body.irreversible && TOOL_RULES.has(body.tool))
    throw new ProblemError('validation_failed', `${body.tool} is run here, so what it does is known here.`, {
      field: 'irreversible',
      remedy: 'Leave `irreversible` out for built-in tools.',
    });
  return {
    enforcement: runsHere ? 'enforced' : 'cooperative',
    idempotency_key: key,
    arguments_sha256: hashJson(body.arguments),
    tool: TOOL_RULES.has(body.tool) ? null : tightened(fronted ?? outsideTool(body.tool, agent.tools), body),
  };
}

/** GOV-1: what the call itself says can make it irreversible, and never the other way. */
const tightened = (tool: OutsideTool, body: AskRequest): OutsideTool =>
  body.irreversible || (tool.acts && speaksOfDestroying(body.arguments))
    ? { ...tool, acts: true, irreversible: true }
    : tool;

/** GOV-2: judged here on facts with a version, admitted in the object only if they still hold. */
async function judge(asking: Asking, action_id: string, first: GateFacts): Promise<void> {
  const gate = gateOf(asking.env, asking.config);
  let facts = first;
  for (let n = 0; n < MAX_JUDGEMENTS; n++) {
    const decision = await gate.judge(facts);
    const { version } = facts;
    const admission = must(
      await stubOf(asking).judgeAction(asking.agent.tenant, { action_id, version, decision }),
    );
    if (admission.kind === 'no_permit')
      throw new ProblemError(
        'overloaded',
        'The tenant’s control cannot be asked, so nothing is let through.',
        {
          retry_after_s: 1,
        },
      );
    if (admission.kind !== 'judge_again') return;
    facts = admission.facts;
  }
  throw new ProblemError('overloaded', 'The facts of this action kept changing while it was judged.', {
    retry_after_s: 1,
  });
}

/** Nothing more will become of it, or the next move is the agent's own. */
const settled = ({ status, enforcement }: AskedAction): boolean =>
  status === 'allowed'
    ? enforcement === 'cooperative'
    : status !== 'requested' && status !== 'waiting_approval';

/** Looks until the action is settled, at most `wait_s` seconds; whatever is to be judged meanwhile is judged (GOV-5). */
export async function awaitAction(asking: Asking, action_id: string, wait_s: number): Promise<AskedAction> {
  const { tenant, agent_id } = asking.agent;
  const began = Date.now();
  let delay: number = POLL.first_ms;
  for (;;) {
    const { action, facts, ready }: LookedAt = must(
      await stubOf(asking).lookAtAction(tenant, agent_id, action_id),
    );
    const waited = Date.now() - began;
    if (facts !== null && (ready || waited >= TOKEN_WAIT_MS)) await judge(asking, action_id, facts);
    else if (settled(action) || (waited >= wait_s * 1_000 && facts === null)) return action;
    else {
      await sleep(delay);
      delay = Math.min(delay * 2, POLL.max_ms);
    }
  }
}

/** GOV-7: an outside agent asks; what we hold the credential for runs here as a step. */
export async function askAction(
  asking: Asking,
  body: AskRequest,
  key: string | null,
): Promise<{ action: AskedAction; replayed: boolean }> {
  const { agent } = asking;
  const recorded = recordedArguments(body.arguments);
  const fronted = await frontedBy(asking, body.tool);
  const asked = must(
    await stubOf(asking).askAction(agent.tenant, {
      agent_id: agent.agent_id,
      tool: body.tool,
      arguments: recorded.arguments,
      target: spokenTarget(body.target || (fronted?.target ?? ''), body.arguments),
      origin: body.origin ?? [],
      outside: outsideRequest(asking, body, key, recorded.changed, fronted?.traits ?? null),
    }),
  );
  const action = await awaitAction(asking, asked.action_id, body.wait_s ?? 0);
  return { action, replayed: asked.replayed };
}
