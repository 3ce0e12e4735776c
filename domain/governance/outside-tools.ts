import type { OutsideTool } from '../pipeline/event.ts';
import { forbiddenTarget } from './targets.ts';

/**
 * GOV-7: what a tool of an outside agent is taken for. The names are the agents' own, and so is the truth of them: the gate judges what an
 * agent says it is about to do. What is not known here counts as a write that cannot be repeated and that reaches out.
 */
const READS = [
  ...['Read', 'Glob', 'Grep', 'LS', 'NotebookRead', 'BashOutput', 'TaskOutput'],
  ...['TodoRead', 'TodoWrite', 'Task', 'Agent', 'Skill', 'ExitPlanMode', 'EnterPlanMode'],
  ...['TaskCreate', 'TaskGet', 'TaskList', 'TaskUpdate', 'ToolSearch', 'ListMcpResourcesTool'],
];
const FETCHES = ['WebFetch', 'WebSearch', 'ReadMcpResourceTool'];
const FILE_WRITES = ['Edit', 'MultiEdit', 'Write', 'NotebookEdit'];

const READ = { min_tier: 0, effect: 'pure', acts: false, external: false, server: null } as const;
const UNKNOWN = { min_tier: 1, effect: 'once', acts: true, external: true, server: null } as const;

export function outsideTool(name: string): OutsideTool {
  if (READS.includes(name)) return READ;
  if (FETCHES.includes(name)) return { ...READ, external: true };
  if (FILE_WRITES.includes(name)) return { ...UNKNOWN, external: false };
  return UNKNOWN;
}

/** Arguments that say what a call touches, rather than what it writes. */
const SAYS_WHERE =
  /^(cmd|command|script|args|argv|url|uri|host|hostname|server|target|resource|database|db|cluster|namespace|context|environment|env|project|bucket|instance)$/i;

const texts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return [];
};

/**
 * GOV-1: the forbidden name that the arguments speak of, whatever target the agent gave; else that target. Words are looked at, commands
 * are not parsed: a name that is put together only when the command runs is not seen.
 */
export function spokenTarget(given: string, args: Record<string, unknown>): string {
  if (forbiddenTarget(given) !== null) return given;
  const words = Object.entries(args)
    .filter(([key]) => SAYS_WHERE.test(key))
    .flatMap(([, value]) => texts(value))
    .flatMap((text) => text.split(/[\s"'`=()[\]{}<>|&$,;]+/));
  return words.find((word) => word !== '' && forbiddenTarget(word) !== null)?.slice(0, 500) ?? given;
}
