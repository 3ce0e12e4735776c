import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The hook as Claude Code runs it, before a gate of the test's own that answers what it is told to. */

const MOMENT_MS = 250;
/** Long enough for more than one question on a busy machine (s). */
const WAIT_S = 8;

/** Of the endpoint, whichever tool is asked for. */
let offered: unknown;

type Answer = { status: string; enforcement?: string; reason?: string; approval_id?: string | null };

let folder: string;
let server: Server;
/** One after another; the last one stays. */
let answers: Answer[];
let asked: { path: string; key: string | undefined }[];
beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    asked.push({ path: request.url ?? '', key: request.headers['idempotency-key'] as string | undefined });
    const answer = request.url === '/mcp' ? undefined : answers.length > 1 ? answers.shift() : answers[0];
    // The real gate holds the request for as long as it is asked to; a moment keeps this one from being asked in a circle.
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
    response.writeHead(200, { 'content-type': 'application/json' });
    if (request.url === '/mcp') {
      response.end(JSON.stringify(offered));
      return;
    }
    response.end(JSON.stringify({ action_id: 'ac_1', enforcement: 'cooperative', ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = mkdtempSync(join(tmpdir(), 'ags-hook-'));
  copyFileSync('cli/connect/claude-code-hook.mjs', join(folder, 'hook.mjs'));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Feeds it one event; `wait_s` is how long it may wait for a person. */
function hook(
  wait_s: number,
  tool_use_id = 'toolu_1',
  call: object = { tool_name: 'Bash', tool_input: { command: 'make deploy' } },
): Promise<{ stdout: string; ms: number }> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const session = { url, session_token: 'agt_x', target: 'localhost', wait_s, trust_gate: false };
  writeFileSync(join(folder, 'session.json'), JSON.stringify(session));
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'hook.mjs')]);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.on('close', () => resolve({ stdout, ms: performance.now() - began }));
    child.stdin.end(
      JSON.stringify({
        ...{ hook_event_name: 'PreToolUse', session_id: 's1', tool_use_id },
        ...call,
      }),
    );
  });
}

const waiting = { status: 'waiting_approval', reason: 'A deployment needs a person.', approval_id: 'ap_7' };
const decision = (stdout: string) =>
  (JSON.parse(stdout) as { hookSpecificOutput: Record<string, string> }).hookSpecificOutput;

describe('a hook that needs a person', () => {
  it('GOV-7: waits for as long as it was told to, then denies with the approval’s id; it never answers “ask”', async () => {
    answers = [waiting];
    const { stdout, ms } = await hook(WAIT_S);
    expect(ms).toBeGreaterThanOrEqual(WAIT_S * 1_000);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked[1]?.path).toMatch(/^\/api\/actions\/ac_1\?wait_s=/);
    expect(decision(stdout)).toMatchObject({ hookEventName: 'PreToolUse', permissionDecision: 'deny' });
    expect(decision(stdout).permissionDecisionReason).toContain('A deployment needs a person.');
    expect(decision(stdout).permissionDecisionReason).toContain('approval ap_7');
  });

  it('GOV-7 GOV-5: goes on as soon as somebody approved while it waited', async () => {
    answers = [waiting, waiting, { status: 'allowed' }];
    expect((await hook(60)).stdout).toBe('');
  });

  it('GOV-7 GOV-8: the same call again is the same action, another call another one', async () => {
    answers = [waiting];
    await hook(0);
    await hook(0);
    await hook(0, 'toolu_2');
    const keys = asked.filter(({ path }) => path === '/api/actions').map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('GOV-7: denied while it waited, or by a gate that answers nonsense, is denied', async () => {
    answers = [waiting, { status: 'denied', reason: 'Somebody said no.' }];
    expect(decision((await hook(60)).stdout)).toMatchObject({
      permissionDecision: 'deny',
      permissionDecisionReason: expect.stringContaining('Somebody said no.'),
    });
    answers = [{ status: 'something new' }];
    expect(decision((await hook(0)).stdout).permissionDecision).toBe('deny');
  });
});

describe('tools of the gate’s own MCP endpoint', () => {
  const calls = (tool_name: string) => hook(0, 'toolu_1', { tool_name, tool_input: {} });
  const paths = () => asked.map(({ path }) => path);
  beforeEach(() => {
    offered = {
      jsonrpc: '2.0',
      id: 1,
      result: { tools: [{ name: 'http_get' }, { name: 'tracker__create' }] },
    };
    answers = [{ status: 'denied', reason: 'Not this one.' }];
  });

  it('GOV-7 GOV-9: what the endpoint offers is judged there, and not a second time by the hook', async () => {
    expect((await calls('mcp__ags__http_get')).stdout).toBe('');
    expect((await calls('mcp__ags__tracker__create')).stdout).toBe('');
    expect(paths()).toEqual(['/mcp', '/mcp']);
  });

  it('GOV-7: a tool of a server that somebody called ags__x is asked about like any other', async () => {
    for (const name of [
      'mcp__ags__x__drop_everything',
      'mcp__ags__http',
      'mcp__ags__',
      'mcp__agsx__http_get',
    ]) {
      asked = [];
      const { stdout } = await calls(name);
      expect(decision(stdout)).toMatchObject({
        permissionDecision: 'deny',
        permissionDecisionReason: 'Not this one.',
      });
      expect(paths()).toContain('/api/actions');
    }
  });

  it('GOV-7: an endpoint that does not say what it offers lets nothing by', async () => {
    offered = { jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'no' } };
    expect(decision((await calls('mcp__ags__http_get')).stdout).permissionDecision).toBe('deny');
    expect(paths()).toEqual(['/mcp']);
  });
});
