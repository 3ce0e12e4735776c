import type { DeclaredTool, OutsideTool } from '../pipeline/event/actions.ts';
import { forbiddenTarget } from './targets.ts';

/**
 * GOV-7: what a tool of an outside agent is taken for. The names are the agents' own, and so is the truth of them: the gate judges what an
 * agent says it is about to do. What is neither known here nor declared at registration counts as a write that reaches out, cannot be
 * repeated and cannot be taken back, so that a person approves it (GOV-1).
 */
const READS = [
  ...['Read', 'Glob', 'Grep', 'LS', 'LSP', 'NotebookRead', 'BashOutput', 'TaskOutput'],
  ...['TodoRead', 'TodoWrite', 'Task', 'Agent', 'Skill', 'ExitPlanMode', 'EnterPlanMode', 'AskUserQuestion'],
  ...[
    'TaskCreate',
    'TaskGet',
    'TaskList',
    'TaskUpdate',
    'ToolSearch',
    'ListMcpResourcesTool',
    'SlashCommand',
  ],
];
const FETCHES = ['WebFetch', 'WebSearch', 'ReadMcpResourceTool'];
/** They change what the agent itself began: its files, which its host keeps versions of, and its own processes. */
const OWN_WRITES = [...['Edit', 'MultiEdit', 'Write', 'NotebookEdit', 'KillShell', 'KillBash', 'TaskStop']];
/** What a shell does stands in its command, which is looked at ({@link speaksOfDestroying}). */
const SHELLS = ['Bash', 'PowerShell'];

const READ = { min_tier: 0, effect: 'pure', acts: false, external: false, server: null } as const;
const WRITE = { min_tier: 1, effect: 'once', acts: true, external: true, server: null } as const;
const UNKNOWN = { ...WRITE, irreversible: true } as const;

/** The registration's word first: whoever holds a key of the tenant gave it, and the agent itself cannot change it. */
export function outsideTool(name: string, declared: readonly DeclaredTool[] = []): OutsideTool {
  const own = declared.find((tool) => tool.name === name);
  if (own) {
    const { name: _, ...traits } = own;
    return { ...traits, server: null };
  }
  if (READS.includes(name)) return READ;
  if (FETCHES.includes(name)) return { ...READ, external: true };
  if (OWN_WRITES.includes(name)) return { ...WRITE, external: false };
  return SHELLS.includes(name) ? WRITE : UNKNOWN;
}

/** Arguments that say what a call touches, rather than what it writes. */
const SAYS_WHERE =
  /^(cmd|command|script|args|argv|url|uri|host|hostname|server|target|resource|database|db|cluster|namespace|context|environment|env|project|bucket|instance)$/i;
/** Arguments that a program executes. */
const SAYS_WHAT = /^(cmd|command|commands|script|args|argv|sql|query|statement)$/i;

const texts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return [];
};

const spoken = (args: Record<string, unknown>, where: RegExp): string[][] =>
  Object.entries(args)
    .filter(([key]) => where.test(key))
    .map(([, value]) => texts(value));

/**
 * GOV-1: the forbidden name that the arguments speak of, whatever target the agent gave; else that target. Words are looked at, commands
 * are not parsed: a name that is put together only when the command runs is not seen.
 */
export function spokenTarget(given: string, args: Record<string, unknown>): string {
  if (forbiddenTarget(given) !== null) return given;
  const words = spoken(args, SAYS_WHERE)
    .flat()
    .flatMap((text) => text.split(/[\s"'`=()[\]{}<>|&$,;]+/));
  return words.find((word) => word !== '' && forbiddenTarget(word) !== null)?.slice(0, 500) ?? given;
}

/** Of one command, up to where the next one begins. */
const REST = '[^;&|\\n]*';

/** What is known to take away what nobody gives back. Narrow on purpose: each of these words makes a person look. */
const DESTROYS = [
  `(terraform|tofu|pulumi|terragrunt|cdk|vagrant)\\s${REST}\\bdestroy\\b`,
  `(kubectl|oc|gcloud|az|aws|gh|doctl|flyctl|heroku|wrangler|helm)\\s${REST}\\b(delete|destroy|terminate|uninstall|purge|rb)\\b`,
  `vault\\s${REST}\\b(delete|destroy)\\b`,
  `git\\s${REST}\\bpush\\b${REST}(--force|--mirror|--delete|\\s-f\\b|\\s\\+\\S)`,
  `(docker|podman)\\s${REST}\\b(prune|volume\\s+rm)\\b`,
  // Recursively, beyond the folder that the agent works in.
  `rm\\s(?=${REST}\\s?-(-recursive|[a-z]*r))${REST}\\s["']?(/|~|\\$|\\.\\.|\\*)`,
  '(mkfs(\\.\\w+)?|wipefs|shred|dropdb|dropuser)\\s',
  `dd\\s${REST}\\bof=/dev/`,
  'drop\\s+(table|database|schema|index|view|user|role|keyspace|collection)\\b',
  'truncate\\s+(table\\s+)?[\\w"`.[]+\\s*(;|$|cascade)',
  'delete\\s+from\\s',
  '(flushall|flushdb)\\b',
].map((pattern) => new RegExp(`(^|[^\\w-])${pattern}`, 'i'));

/**
 * GOV-1: the arguments hold a command that cannot be taken back, whatever its tool was taken for. It can only tighten: words are looked at,
 * not what they come to when they run.
 */
export const speaksOfDestroying = (args: Record<string, unknown>): boolean =>
  spoken(args, SAYS_WHAT)
    // A list may be the words of one command.
    .flatMap((parts) => [...parts, parts.join(' ')])
    .some((text) => DESTROYS.some((pattern) => pattern.test(text)));
