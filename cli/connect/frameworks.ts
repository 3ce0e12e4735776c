import type { RegisteredAgent } from '#client/index.ts';
import { type ProjectFolder, shipped } from './files.ts';

export const FRAMEWORKS = ['claude-code', 'langgraph', 'openai-agents', 'mcp'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export interface Connected {
  url: string;
  agent: RegisteredAgent;
  /** What the agent's tools touch unless they say otherwise. */
  target: string;
  /** How long a person is waited for, in seconds. */
  wait_s: number;
  /** The gate's yes stands for the agent's own permission prompt. */
  trust_gate: boolean;
}

/** Longer than the hook itself waits for a person. */
const HOOK_MARGIN_S = 30;
const HOOK = '.ags/claude-code-hook.mjs';

type Hooks = Record<string, { hooks?: { command?: string }[] }[]>;

/** The session, readable by its owner alone, and kept out of version control with all that stands beside it. */
function session(folder: ProjectFolder, { url, agent, target, wait_s, trust_gate }: Connected): void {
  const { session_token, agent_id, pipeline_id, expires_at } = agent;
  const file = { url, session_token, agent_id, pipeline_id, expires_at, target, wait_s, trust_gate };
  folder.write('.ags/session.json', `${JSON.stringify(file, null, 2)}\n`, true);
  folder.write('.ags/session.env', `AGS_URL=${url}\nAGS_SESSION_TOKEN=${session_token}\n`, true);
  folder.write('.ags/.gitignore', '*\n');
}

function claudeCode(folder: ProjectFolder, connected: Connected): string[] {
  folder.write(HOOK, shipped('cli/connect/claude-code-hook.mjs'));
  const command = `node "$CLAUDE_PROJECT_DIR"/${HOOK}`;
  const entry = (timeout: number) => ({ matcher: '*', hooks: [{ type: 'command', command, timeout }] });
  folder.merge('.claude/settings.local.json', (before) => {
    const hooks = (before.hooks ?? {}) as Hooks;
    // Connecting again replaces our own entry and leaves others alone.
    const others = (event: string) =>
      (hooks[event] ?? []).filter((e) => !e.hooks?.some((h) => h.command?.includes(HOOK)));
    return {
      ...before,
      hooks: {
        ...hooks,
        PreToolUse: [...others('PreToolUse'), entry(connected.wait_s + HOOK_MARGIN_S)],
        PostToolUse: [...others('PostToolUse'), entry(HOOK_MARGIN_S)],
        PostToolUseFailure: [...others('PostToolUseFailure'), entry(HOOK_MARGIN_S)],
      },
    };
  });
  return ['Start Claude Code in this folder: every tool call asks the gate first.'];
}

function wrapper(folder: ProjectFolder): void {
  folder.write('ags-govern.ts', shipped('client/govern.ts'));
  folder.write('ags_govern.py', shipped('client/ags_govern.py'));
}

const USE = [
  'TypeScript:  import { governor } from "./ags-govern.ts"; const govern = governor();',
  'Python:      from ags_govern import governed',
  'Run your agent with the session: set -a; . .ags/session.env; set +a',
];

function langgraph(folder: ProjectFolder): string[] {
  wrapper(folder);
  return [...USE, 'Wrap what a tool node runs: tool(govern("name", run), { name, schema }).'];
}

function openaiAgents(folder: ProjectFolder): string[] {
  wrapper(folder);
  return [...USE, 'Wrap what a tool executes: tool({ name, parameters, execute: govern("name", run) }).'];
}

/** The token stays out of the file, which belongs into version control: clients fill in `${…}` from the environment. */
function mcp(folder: ProjectFolder, { url }: Connected): string[] {
  folder.merge('.mcp.json', (before) => ({
    ...before,
    mcpServers: {
      ...((before.mcpServers ?? {}) as object),
      ags: {
        type: 'http',
        url: `${url}/mcp`,
        headers: { Authorization: `Bearer \${AGS_SESSION_TOKEN}` },
      },
    },
  }));
  return ['Start your MCP client with the session: set -a; . .ags/session.env; set +a'];
}

const WRITERS: Record<Framework, (folder: ProjectFolder, connected: Connected) => string[]> = {
  'claude-code': claudeCode,
  langgraph,
  'openai-agents': openaiAgents,
  mcp,
};

/** Writes a working configuration; answers what the person does next. */
export function writeConfiguration(
  framework: Framework,
  folder: ProjectFolder,
  connected: Connected,
): string[] {
  session(folder, connected);
  return WRITERS[framework](folder, connected);
}
