import type { ActionAssignment, GateFacts } from '#domain/pipeline/assignment.ts';
import type { OutsideTool } from '#domain/pipeline/event/actions.ts';
import type { ToolTraits } from '#workers/policy/index.ts';
import { credentialScope, isoIn, type StepContext } from './context.ts';
import { textsOf } from './documents.ts';
import { done, dropped, failed, malformed, type StepOutcome } from './outcome.ts';
import { callFronted } from './tools/fronted.ts';
import { TOOLS } from './tools/index.ts';
import { boundResult } from './tools/result.ts';
import type { Tool, ToolContext, ToolOutcome } from './tools/tool.ts';

/** Facts that change faster than they can be judged: something is wrong, and a no is the safe answer. */
const MAX_JUDGEMENTS = 8;

/** GOV-2: judged here on facts with a version, admitted there only if they still hold, else judged again. */
async function pass({ assignment, deps, ask }: StepContext, first: GateFacts) {
  const { tenant, step_id, epoch } = assignment;
  let facts = first;
  for (let n = 0; n < MAX_JUDGEMENTS; n++) {
    const decision = await deps.gate.judge(facts);
    const { version } = facts;
    const admission = await ask((pipeline) => pipeline.admit(tenant, { step_id, epoch, version, decision }));
    if (admission.kind !== 'judge_again') return { admission, facts };
    facts = admission.facts;
  }
  return null;
}

const toolContext = (
  { assignment, deps, signal }: StepContext,
  { action_id, facts, blackboard, documents }: ActionAssignment,
  texts: Readonly<Record<string, string>>,
): ToolContext => ({
  tenant: assignment.tenant,
  project_id: assignment.project_id,
  pipeline_id: assignment.pipeline_id,
  action_id,
  agent_id: facts.agent_id,
  argument_origin: facts.origin,
  now: () => isoIn(deps.clocks.now(), 0),
  ledger: deps.ledger,
  notes: deps.notes,
  readSecret: (path) =>
    deps.credentials.readSecret({
      ...credentialScope(assignment),
      agent: facts.agent_id,
      path,
      ...(assignment.agent_accessor ? { accessor: assignment.agent_accessor } : {}),
    }),
  blackboard,
  documents,
  readDocument: async ({ sha256 }) => texts[sha256] ?? null,
  memory: deps.memory,
  servers: deps.servers,
  egress: { allow: deps.httpAllow },
  fetch: deps.fetch,
  signal,
});

/** GOV-9: a tool of the tenant's own MCP server, as it was pinned when it was asked for. */
function frontedTool({
  tool: name,
  outside_tool,
}: GateFacts): (Pick<Tool, 'name' | 'run'> & { rule: ToolTraits }) | null {
  const { server } = (outside_tool ?? { server: null }) as Pick<OutsideTool, 'server'>;
  if (!server || !outside_tool) return null;
  return { name, rule: outside_tool, run: (args, context) => callFronted(server, args, context) };
}

/** One tool call: gate, admission, act, report. A refusal is the object's to record, in the same commit that refuses. */
export async function action(context: StepContext, assigned: ActionAssignment): Promise<StepOutcome> {
  const passed = await pass(context, assigned.facts);
  if (passed === null)
    return failed({
      code: 'facts_unstable',
      message: 'The facts of this action kept changing while it was judged.',
      cause: 'dependency',
      retryable: true,
    });
  if (passed.admission.kind === 'no_permit')
    return failed({
      code: 'permit_unavailable',
      message: 'Nobody above the pipeline can be asked whether it may go on.',
      cause: 'dependency',
      retryable: true,
    });
  if (passed.admission.kind === 'stopped') return dropped(passed.admission.why);
  const tool = TOOLS.get(passed.facts.tool) ?? frontedTool(passed.facts);
  if (!tool) return malformed('The gate allowed a tool that does not exist.');
  context.progress(`running ${tool.name}`);
  // Read before the tool runs: their secrets are taken out of every result, whichever tool it comes from.
  const texts = await textsOf(context, assigned.documents);
  const outcome: ToolOutcome = await tool.run(passed.facts.arguments, toolContext(context, assigned, texts));
  if (context.signal.aborted) return dropped('The step was stopped.');
  if (!outcome.ok && outcome.transient && tool.rule.effect !== 'once')
    return failed({ code: outcome.code, message: outcome.message, cause: 'dependency', retryable: true });
  const bounded = boundResult(
    outcome.ok ? outcome.value : { error: outcome.code, message: outcome.message },
    Object.values(texts),
  );
  return done({
    kind: 'action',
    status: outcome.ok ? 'succeeded' : outcome.unknown ? 'unknown' : 'failed',
    result: bounded.text,
    result_sha256: bounded.sha256,
    truncated: bounded.truncated || (outcome.ok && outcome.truncated === true),
    error: outcome.ok ? null : outcome.message,
    origin: outcome.origin,
  });
}
