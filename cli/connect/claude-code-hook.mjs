// Claude Code's hook for an agent under this gate (GOV-7). It reads one event from stdin as Claude Code documents it, asks the gate before a
// tool runs, and reports the outcome after. Standard library only: `ags connect claude-code` puts it beside its session.json.
// What the gate refuses, what nobody approves in time, and what cannot be asked is denied; the agent's own user is never asked.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
/** The longest that one request waits, in seconds. */
const POLL_S = 25;
const RESULT_CHARS = 100_000;

const session = () => JSON.parse(readFileSync(join(HERE, 'session.json'), 'utf8'));

function answer(event, permissionDecision, permissionDecisionReason) {
  const hookSpecificOutput = { hookEventName: event, permissionDecision, permissionDecisionReason };
  process.stdout.write(JSON.stringify({ hookSpecificOutput }));
}

class Refused extends Error {}

async function call({ url, session_token }, path, body, key) {
  let response;
  let json;
  try {
    response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${session_token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(key ? { 'idempotency-key': key } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout((POLL_S + 15) * 1_000),
    });
    json = await response.json();
  } catch {
    throw new Refused('The gate cannot be reached, so nothing is allowed.');
  }
  if (!response.ok) throw new Refused([json.detail, json.remedy].filter(Boolean).join(' '));
  return json;
}

/** The call's name between the two hooks, and its idempotency key. */
const callKey = ({ session_id, tool_use_id, tool_name, tool_input }) =>
  createHash('sha256')
    .update(JSON.stringify(tool_use_id ? [session_id, tool_use_id] : [session_id, tool_name, tool_input]))
    .digest('hex');
const openFile = (input) => join(HERE, 'open', callKey(input));

/** What Claude Code puts before the tools of a server that is configured as `ags`. */
const OUR_SERVER = 'mcp__ags__';

/**
 * Calls of the gate's own MCP endpoint are judged there. A name alone does not say that: tools of a server that somebody called `ags__x` begin
 * the same way. So the endpoint is asked which tools it offers, and only those go by.
 */
async function judgedByTheEndpoint({ tool_name = '' }) {
  if (!String(tool_name).startsWith(OUR_SERVER)) return false;
  const { result } = await call(session(), '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  if (!Array.isArray(result?.tools)) throw new Refused('The gate does not say which tools it offers.');
  return result.tools.some(({ name }) => `${OUR_SERVER}${name}` === tool_name);
}

async function before(input) {
  const { tool_name, tool_input = {}, tool_use_id } = input;
  const mine = session();
  const until = Date.now() + mine.wait_s * 1_000;
  const left = () => Math.max(0, Math.min(POLL_S, (until - Date.now()) / 1_000));
  const body = { tool: tool_name, arguments: tool_input, target: mine.target, wait_s: left() };
  let action = await call(mine, '/api/actions', body, tool_use_id ? callKey(input) : undefined);
  while (['waiting_approval', 'requested'].includes(action.status) && left() > 0)
    action = await call(mine, `/api/actions/${action.action_id}?wait_s=${left()}`);
  if (action.status === 'allowed' && action.enforcement === 'cooperative') {
    mkdirSync(join(HERE, 'open'), { recursive: true });
    writeFileSync(openFile(input), action.action_id);
    // Silence leaves Claude Code's own permissions in force; only who connected it may let the gate's word stand for them.
    if (mine.trust_gate) answer('PreToolUse', 'allow', action.reason ?? 'The gate allows it.');
    return;
  }
  const person =
    action.status === 'waiting_approval' ? `A person has to approve it: approval ${action.approval_id}.` : '';
  const why =
    action.enforcement === 'enforced' ? `${tool_name} is a tool of the gate itself; call it over MCP.` : '';
  throw new Refused([action.reason ?? action.error, person, why, action.remedy].filter(Boolean).join(' '));
}

async function after(input, outcome) {
  const file = openFile(input);
  let action_id;
  try {
    action_id = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  rmSync(file, { force: true });
  await call(session(), `/api/actions/${action_id}/outcome`, outcome);
}

function resultOf(response) {
  const text = JSON.stringify(response ?? null);
  return text.length <= RESULT_CHARS ? response : { truncated: true, beginning: text.slice(0, RESULT_CHARS) };
}

async function main() {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  let input;
  try {
    input = JSON.parse(text);
  } catch {
    process.stderr.write('The hook was given no JSON, so the call is refused.\n');
    process.exitCode = 2;
    return;
  }
  const event = input.hook_event_name;
  if (event === 'PreToolUse') {
    try {
      if (!(await judgedByTheEndpoint(input))) await before(input);
    } catch (error) {
      const known =
        error instanceof Refused
          ? error.message
          : 'The hook found no session; run `ags connect claude-code`.';
      answer(event, 'deny', known);
    }
    return;
  }
  // An outcome that cannot be told counts as unknown after ten minutes; the agent's work is not held up by it.
  const outcome =
    event === 'PostToolUse'
      ? { status: 'succeeded', result: resultOf(input.tool_response) }
      : event === 'PostToolUseFailure'
        ? { status: 'failed', error: String(input.error ?? 'the tool failed').slice(0, 8_000) }
        : null;
  if (outcome) await after(input, outcome).catch(() => {});
}

await main();
