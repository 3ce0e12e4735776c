import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool as McpTool,
} from '@modelcontextprotocol/sdk/types.js';
import type { AskedAction } from '#contract/agents.ts';
import { TOOL_RULES, toolsFor } from '#workers/steps/index.ts';
import { type Asking, askAction } from './asking.ts';
import { frontedBy, frontedTools } from './fronted.ts';
import { ProblemError } from './problem.ts';

/** Below the minute after which MCP clients give a call up. */
const WAIT_S = 50;

const text = (value: string, isError = false): CallToolResult => ({
  content: [{ type: 'text', text: value }],
  isError,
});

/** What is run here for this agent's tier; the gate decides anew about each call. */
const offered = ({ agent }: Asking): McpTool[] =>
  toolsFor(agent.tier, 'OUTSIDE').map(({ name, description, parameters, rule }) => ({
    name,
    description,
    inputSchema: { ...parameters, type: 'object' as const },
    annotations: {
      readOnlyHint: !rule.acts,
      destructiveHint: rule.irreversible === true,
      idempotentHint: rule.effect !== 'once',
      openWorldHint: rule.external,
    },
  }));

/** The tenant's own servers' tools by tier, with the descriptions that a person has pinned. */
const offeredFronted = async (asking: Asking): Promise<McpTool[]> =>
  (await frontedTools(asking))
    .filter(({ traits }) => traits.min_tier <= asking.agent.tier)
    .map(({ name, observed, traits }) => ({
      name,
      description: observed.description,
      inputSchema: { ...observed.input_schema, type: 'object' as const },
      annotations: { readOnlyHint: !traits.acts, destructiveHint: traits.irreversible === true },
    }));

/** A refusal is a result that the model reads, not an error of the protocol: it says which rule, and what would be needed. */
function toResult(action: AskedAction): CallToolResult {
  if (action.status === 'succeeded') return text(JSON.stringify(action.result ?? null));
  const person = action.approval_id === null ? null : `A person has to approve it: ${action.approval_id}.`;
  const open = ['allowed', 'requested', 'waiting_approval'].includes(action.status)
    ? `It is not done yet; GET /api/actions/${action.action_id} tells when it is.`
    : null;
  const failed = action.status === 'failed' ? JSON.stringify(action.result ?? action.error) : null;
  return text([failed, action.reason, person, open, action.remedy].filter(Boolean).join(' '), true);
}

/** A repeated call is the same action when the client names it (GOV-8). */
const keyOf = (meta: Record<string, unknown> | undefined): string | null => {
  const key = meta?.['ags/idempotency-key'];
  return typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key) ? key : null;
};

function serverFor(asking: Asking): Server {
  const server = new Server(
    { name: 'agent-governance-system', version: '0.1.0' },
    { capabilities: { tools: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: [...offered(asking), ...(await offeredFronted(asking))],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { name, arguments: args = {}, _meta } = params;
    const rule = TOOL_RULES.get(name);
    const known = rule !== undefined || (await frontedBy(asking, name)) !== null;
    if (!known) return text(`There is no tool called ${name.slice(0, 120)} here.`, true);
    const body = {
      tool: name,
      arguments: args,
      target: (rule?.target(args) ?? '').slice(0, 500),
      wait_s: WAIT_S,
    };
    try {
      return toResult((await askAction(asking, body, keyOf(_meta))).action);
    } catch (error) {
      if (error instanceof ProblemError) return text(error.message, true);
      throw error;
    }
  });
  return server;
}

/**
 * GOV-9: streamable HTTP without sessions of its own: each request carries the agent's token and stands alone, so any isolate can answer.
 * There is nothing to push, so every answer is plain JSON.
 */
export async function answerMcp(asking: Asking, request: Request, body: unknown): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const server = serverFor(asking);
  await server.connect(transport);
  return transport.handleRequest(request, { parsedBody: body });
}
