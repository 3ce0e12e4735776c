import type * as z from 'zod';
import type { DeclareToolRequest } from '#contract/agents.ts';
import type { DeclaredTool } from '#domain/pipeline/event/actions.ts';
import { TOOL_RULES } from '#workers/steps/index.ts';
import { ProblemError } from './problem.ts';

/** GOV-1: what is not said of a tool is assumed as MCP assumes it of one without annotations: the worse. */
const declared = ({
  name,
  acts = true,
  irreversible = acts,
  effect = acts ? 'once' : 'pure',
  external = true,
  min_tier = acts ? 1 : 0,
}: z.output<typeof DeclareToolRequest>): DeclaredTool => ({
  ...{ name, min_tier, effect, acts, external, irreversible },
});

/** What an agent's own tools are taken for. Refuses a name twice, and one of ours: what those do is known here. */
export function declaredTools(tools: readonly z.output<typeof DeclareToolRequest>[]): DeclaredTool[] {
  const names = new Set<string>();
  for (const [place, { name }] of tools.entries()) {
    const refuse = (detail: string, remedy: string) =>
      new ProblemError('validation_failed', detail, { field: `tools[${place}].name`, remedy });
    if (TOOL_RULES.has(name))
      throw refuse(`${name} is a built-in tool.`, 'Leave it out, or call your own tool by another name.');
    if (names.has(name)) throw refuse(`${name} is declared twice.`, 'Declare each tool once.');
    names.add(name);
  }
  return tools.map(declared);
}
