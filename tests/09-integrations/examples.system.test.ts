import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Orchestration } from '#client/index.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

const run = promisify(execFile);

let system: TestSystem;
let folder: string;
beforeAll(async () => {
  system = await startSystem();
  folder = mkdtempSync(join(tmpdir(), 'ags-agent-'));
});
afterAll(async () => {
  await system?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Session {
  url: string;
  session_token: string;
  pipeline_id: string;
}

/** `ags connect`, as a person runs it, into a folder of its own. */
async function connect(framework: string, ...more: string[]): Promise<{ dir: string; session: Session }> {
  const dir = mkdtempSync(join(folder, `${framework}-`));
  const env = { ...process.env, AGS_URL: system.url, AGS_KEY: system.keys.requester };
  await run(process.execPath, ['cli/bin/ags.mjs', 'connect', framework, '--dir', dir, ...more], { env });
  const session = JSON.parse(readFileSync(join(dir, '.ags/session.json'), 'utf8')) as Session;
  return { dir, session };
}

/** What the examples' own tools do, as their first lines say. */
const RESTART = ['--tool', 'restart_service=reversible'];
const BOTH = [...RESTART, '--tool', 'write_note=reversible,internal'];

async function example(
  command: string,
  args: string[],
  session: Session,
  more: Record<string, string> = {},
): Promise<string> {
  const env = { ...process.env, ...more, AGS_URL: session.url, AGS_SESSION_TOKEN: session.session_token };
  return (await run(command, args, { env, timeout: 90_000 })).stdout;
}

const shown = (session: Session): Promise<Orchestration> =>
  system.client().orchestration(session.pipeline_id);

/** Feeds the hook one event, as Claude Code does. */
function hook(dir: string, input: unknown): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(dir, '.ags/claude-code-hook.mjs')], { cwd: dir });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.on('close', (code) => resolve({ code, stdout }));
    child.stdin.end(typeof input === 'string' ? input : JSON.stringify(input));
  });
}

const event = (name: string) =>
  JSON.parse(readFileSync(`examples/claude-code/${name}.json`, 'utf8')) as Record<string, unknown>;
const decision = (stdout: string) =>
  (JSON.parse(stdout) as { hookSpecificOutput: Record<string, string> }).hookSpecificOutput;

describe('Claude Code', () => {
  it('GOV-7: ags connect writes hooks beside what was there, and a session for its owner alone', async () => {
    const { dir, session } = await connect('claude-code');
    expect(statSync(join(dir, '.ags/session.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, '.ags/.gitignore'), 'utf8')).toBe('*\n');
    const file = join(dir, '.claude/settings.local.json');
    const settings = JSON.parse(readFileSync(file, 'utf8'));
    const [entry] = settings.hooks.PreToolUse;
    expect(entry).toMatchObject({ matcher: '*', hooks: [{ type: 'command', timeout: 330 }] });
    expect(JSON.stringify(settings)).not.toContain(session.session_token);
    settings.hooks.PreToolUse.push({ matcher: 'Bash', hooks: [{ type: 'command', command: 'mine' }] });
    writeFileSync(file, JSON.stringify({ ...settings, model: 'mine' }));
    const env = { ...process.env, AGS_URL: system.url, AGS_KEY: system.keys.requester };
    await run(process.execPath, ['cli/bin/ags.mjs', 'connect', 'claude-code', '--dir', dir], { env });
    const again = JSON.parse(readFileSync(file, 'utf8'));
    expect(again.model).toBe('mine');
    expect(again.hooks.PreToolUse).toHaveLength(2);
  });

  it('GOV-7: the hook asks before a tool runs and reports after it', async () => {
    const { dir, session } = await connect('claude-code');
    // Silence: Claude Code's own permissions go on to apply.
    expect(await hook(dir, event('pre-tool-use'))).toEqual({ code: 0, stdout: '' });
    expect(await hook(dir, event('post-tool-use'))).toEqual({ code: 0, stdout: '' });
    expect((await shown(session)).actions).toMatchObject([
      {
        tool: 'Bash',
        status: 'succeeded',
        enforcement: 'cooperative',
        result: expect.stringContaining('ok'),
      },
    ]);
    const failing = { ...event('pre-tool-use'), tool_use_id: 'toolu_2' };
    await hook(dir, failing);
    await hook(dir, { ...failing, hook_event_name: 'PostToolUseFailure', error: 'exit code 1' });
    expect((await shown(session)).actions[1]).toMatchObject({ status: 'failed', error: 'exit code 1' });
  });

  it('GOV-7: what the gate refuses is denied with its reason; with --trust-gate its yes is said aloud', async () => {
    const { dir } = await connect('claude-code', '--trust-gate');
    const asked = {
      ...event('pre-tool-use'),
      tool_input: { command: 'psql -h prod-db-1 -c "drop table users"' },
    };
    const { stdout } = await hook(dir, asked);
    expect(decision(stdout)).toMatchObject({ hookEventName: 'PreToolUse', permissionDecision: 'deny' });
    expect(decision(stdout).permissionDecisionReason).toContain('prod-*');
    const allowed = await hook(dir, { ...event('pre-tool-use'), tool_use_id: 'toolu_3' });
    expect(decision(allowed.stdout).permissionDecision).toBe('allow');
  });

  it('GOV-7: gate unreachable, session over, no session, no JSON: denied; it never asks the user', async () => {
    const { dir, session } = await connect('claude-code');
    const file = join(dir, '.ags/session.json');
    writeFileSync(file, JSON.stringify({ ...session, url: 'http://127.0.0.1:1' }));
    const unreachable = decision((await hook(dir, event('pre-tool-use'))).stdout);
    expect(unreachable).toMatchObject({ permissionDecision: 'deny' });
    expect(unreachable.permissionDecisionReason).toContain('cannot be reached');
    writeFileSync(file, JSON.stringify(session));
    await system.client().endPipeline(session.pipeline_id, 'done');
    expect(decision((await hook(dir, event('pre-tool-use'))).stdout).permissionDecision).toBe('deny');
    rmSync(file);
    expect(decision((await hook(dir, event('pre-tool-use'))).stdout).permissionDecision).toBe('deny');
    expect(await hook(dir, 'nonsense')).toEqual({ code: 2, stdout: '' });
  });
});

/** Runs while a policy of the tenant's own asks for a person before a deployment. */
const POLICY = `@id("deploys_need_a_person")
@decision("require_approval")
@reason("A deployment needs a person.")
@remedy("Somebody else approves it.")
forbid (principal, action, resource)
when { resource.name == "sandbox-deploy" };`;

const yes = (action_sha256: string) => ({ decision: 'approve', reason: 'fine', action_sha256 }) as const;

describe('waiting for a person', () => {
  beforeAll(async () => {
    await system.client(system.keys.approver).publishPolicies({ cedar: POLICY, note: 'deployments' });
  });
  afterAll(async () => {
    await system.client(system.keys.approver).publishPolicies({ cedar: '', note: 'over' });
  });

  it('GOV-7 GOV-5: the hook waits, then denies with the approval’s id, and asks its own user nothing', async () => {
    const more = ['--target', 'sandbox-deploy', '--wait-for-person', '2'];
    const { dir, session } = await connect('claude-code', ...more);
    const { stdout, code } = await hook(dir, { ...event('pre-tool-use'), tool_use_id: 'toolu_deploy' });
    expect(code).toBe(0);
    const said = decision(stdout);
    expect(said.permissionDecision).toBe('deny');
    const [approval] = (await shown(session)).approvals;
    expect(said.permissionDecisionReason).toContain('A deployment needs a person.');
    expect(said.permissionDecisionReason).toContain(`approval ${approval?.approval_id}`);
    // A person says yes; the same call is asked again under its own key, and let through once.
    await system
      .client(system.keys.approver)
      .decideApproval(approval!.approval_id, yes(approval!.action_sha256));
    const again = await hook(dir, { ...event('pre-tool-use'), tool_use_id: 'toolu_deploy' });
    expect(again).toEqual({ code: 0, stdout: '' });
    expect((await shown(session)).actions).toMatchObject([{ status: 'allowed' }]);
  });

  it('GOV-7 GOV-5: the hook that waits hears of a yes while it waits', async () => {
    const more = ['--target', 'sandbox-deploy', '--wait-for-person', '60'];
    const { dir, session } = await connect('claude-code', ...more);
    const asked = hook(dir, event('pre-tool-use'));
    await expect
      .poll(async () => (await shown(session)).approvals.length, { timeout: 60_000, interval: 500 })
      .toBe(1);
    const [approval] = (await shown(session)).approvals;
    await system
      .client(system.keys.approver)
      .decideApproval(approval!.approval_id, yes(approval!.action_sha256));
    expect(await asked).toEqual({ code: 0, stdout: '' });
  });
});

describe('examples', () => {
  it('GOV-7 GOV-1: TypeScript: two lines govern a tool; of one that nobody declared a person approves each call', async () => {
    const { session, dir } = await connect('langgraph', ...BOTH);
    expect(readFileSync(join(dir, 'ags-govern.ts'), 'utf8')).toBe(readFileSync('client/govern.ts', 'utf8'));
    const note = join(dir, 'note.txt');
    const out = await example(process.execPath, ['examples/typescript/agent.ts', note], session, {
      WAIT_FOR_PERSON_S: '1',
    });
    expect(out).toContain('8 characters');
    expect(out).toMatch(/denied: prod-web-1 matches prod-\*/);
    expect(out).toMatch(/denied: delete_database cannot be taken back.*approve it: ap_/);
    expect(out).not.toContain('deleted');
    expect(readFileSync(note, 'utf8')).toBe('governed');
    expect((await shown(session)).actions).toMatchObject([
      { tool: 'write_note', status: 'succeeded', result: '"8 characters"' },
      { tool: 'restart_service', status: 'denied', target: 'prod-web-1' },
      { tool: 'delete_database', status: 'requested', target: 'sandbox-orders' },
    ]);
    expect((await shown(session)).approvals).toMatchObject([{ tool: 'delete_database', status: 'pending' }]);
    rmSync(note);
    const dead = { ...session, url: 'http://127.0.0.1:1' };
    await expect(example(process.execPath, ['examples/typescript/agent.ts', note], dead)).rejects.toThrow(
      'cannot be reached',
    );
    expect(existsSync(note)).toBe(false);
  });

  const python = spawnSync('python3', ['--version']).status === 0;
  it.skipIf(!python)('GOV-7: Python: one file, standard library only', async () => {
    const { session, dir } = await connect('openai-agents', ...BOTH);
    expect(readFileSync(join(dir, 'ags_govern.py'), 'utf8')).toBe(
      readFileSync('client/ags_govern.py', 'utf8'),
    );
    const note = join(dir, 'note.txt');
    const out = await example('python3', ['examples/python/agent.py', note], session);
    expect(out).toContain('8 characters');
    expect(out).toMatch(/denied: prod-web-1 matches prod-\*/);
    expect(existsSync(note)).toBe(true);
    expect((await shown(session)).actions.map((a) => a.status)).toEqual(['succeeded', 'denied']);
    const dead = { ...session, url: 'http://127.0.0.1:1' };
    await expect(example('python3', ['examples/python/agent.py', note], dead)).rejects.toThrow(
      'cannot be reached',
    );
  });

  it('GOV-7: LangGraph.js, from its own package', async () => {
    const { session } = await connect('langgraph', ...RESTART);
    const out = await example(process.execPath, ['examples/langgraph/agent.ts'], session);
    expect(out).toContain('restarted sandbox-web-1');
    expect(out).toMatch(/denied: prod-web-1/);
    expect((await shown(session)).actions.map((a) => a.status)).toEqual(['succeeded', 'denied']);
  });

  it('GOV-7: OpenAI Agents SDK, with a scripted model', async () => {
    const { session } = await connect('openai-agents', ...RESTART);
    const out = await example(process.execPath, ['examples/openai-agents/agent.ts'], session);
    expect(out).toContain('restarted sandbox-web-1');
    expect(out).toMatch(/denied: prod-web-1/);
    expect((await shown(session)).actions.map((a) => a.status)).toEqual(['succeeded', 'denied']);
  });

  it('GOV-9: MCP, with the official SDK’s client: a built-in tool runs here with our credential', async () => {
    const { session, dir } = await connect('mcp', '--tier', '0');
    const config = JSON.parse(readFileSync(join(dir, '.mcp.json'), 'utf8'));
    expect(config.mcpServers.ags).toMatchObject({ type: 'http', url: `${system.url}/mcp` });
    expect(JSON.stringify(config)).not.toContain(session.session_token);
    // As a client reads it: the configuration, and the session in its environment.
    const variables = readFileSync(join(dir, '.ags/session.env'), 'utf8').match(/^AGS_SESSION_TOKEN=(.*)$/m);
    const header = String(config.mcpServers.ags.headers.Authorization);
    const connected = new McpClient({ name: 'configured', version: '1' });
    await connected.connect(
      new StreamableHTTPClientTransport(new URL(config.mcpServers.ags.url), {
        requestInit: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what stands in the file.
          headers: { Authorization: header.replace('${AGS_SESSION_TOKEN}', variables?.[1] ?? '') },
        },
      }),
    );
    expect((await connected.listTools()).tools.map((t) => t.name)).toContain('http_get');
    await connected.close();
    const out = await example(process.execPath, ['examples/mcp/agent.ts'], session);
    expect(out).toMatch(/tools: .*http_get/);
    expect(out).toContain('results');
    expect(out).toMatch(/http_get: denied .*private, local or metadata address/);
    expect((await shown(session)).actions).toMatchObject([
      { tool: 'memory_search', status: 'succeeded', enforcement: 'enforced' },
      { tool: 'http_get', status: 'denied' },
    ]);
  });
});
