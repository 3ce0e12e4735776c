import * as z from 'zod';
import { Tier } from './pipeline.ts';
import { page, Reason, Sha256, Time } from './primitives.ts';

const ServerName = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'lower case letters, digits and dashes');
const ToolName = z.string().min(1).max(120);

/** GOV-9: a server of the tenant's own that the MCP endpoint fronts. */
export const AddMcpServerRequest = z
  .strictObject({
    name: ServerName,
    url: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .describe('https, on the list of hosts that may be reached'),
    secret_path: z
      .string()
      .regex(/^tier[012](\/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){1,6}$/, 'a path such as tier1/mcp/github')
      .optional()
      .describe('Where Vault has its `token`; read with the agent’s own token'),
  })
  .meta({ id: 'AddMcpServerRequest' });
export type AddMcpServerRequest = z.infer<typeof AddMcpServerRequest>;

/** MCP's annotations, as far as they are looked at: a server's own word, which may tighten and never loosens. */
export const McpHints = z
  .object({ read_only: z.boolean().nullable(), destructive: z.boolean().nullable() })
  .meta({ id: 'McpHints' });
export type McpHints = z.infer<typeof McpHints>;

/** A person vouches for a tool as it describes itself today, and says what it is taken for. */
export const PinMcpToolRequest = z
  .strictObject({
    tool: ToolName,
    sha256: Sha256,
    min_tier: Tier,
    acts: z.boolean(),
    effect: z.enum(['pure', 'idempotent', 'once']),
    irreversible: z
      .boolean()
      .optional()
      .describe('Without it: whether the server itself says that the tool destroys (GOV-1)'),
    target: z
      .string()
      .max(200)
      .optional()
      .describe('What its calls touch; one that acts needs an allowed one'),
  })
  .meta({ id: 'PinMcpToolRequest' });
export type PinMcpToolRequest = z.infer<typeof PinMcpToolRequest>;

/** A person does not vouch for it: what was pinned is withdrawn, and it counts as refused while it describes itself this way. */
export const RefuseMcpToolRequest = z
  .strictObject({ tool: ToolName, sha256: Sha256, reason: Reason })
  .meta({ id: 'RefuseMcpToolRequest' });
export type RefuseMcpToolRequest = z.infer<typeof RefuseMcpToolRequest>;

/** Only a `pinned` one is offered and called. `gone`: its server does not list it any more. */
export const MCP_TOOL_STATES = ['new', 'pinned', 'changed', 'refused', 'gone'] as const;

export const McpTool = z
  .object({
    tool: z.string(),
    description: z.string(),
    input_schema: z.record(z.string(), z.unknown()),
    sha256: Sha256,
    hints: McpHints.optional().describe('What its server says it does; absent where it says nothing'),
    observed_at: Time.describe('Since when it describes itself this way'),
    state: z.enum(MCP_TOOL_STATES),
    /** null: nobody has vouched for it; another hash than `sha256`: it has changed since. */
    pinned: z
      .object({
        sha256: Sha256,
        /** What was vouched for, to be compared; null for a pin from before it was kept. */
        description: z.string().nullable(),
        input_schema: z.record(z.string(), z.unknown()).nullable(),
        min_tier: Tier,
        acts: z.boolean(),
        effect: z.enum(['pure', 'idempotent', 'once']),
        irreversible: z.boolean(),
        target: z.string(),
        by: z.string(),
        at: Time,
      })
      .nullable(),
    refused: z.object({ sha256: Sha256, reason: z.string(), by: z.string(), at: Time }).nullable(),
  })
  .meta({ id: 'McpTool' });
export type McpTool = z.infer<typeof McpTool>;

export const McpServer = z
  .object({
    name: z.string(),
    url: z.string(),
    secret_path: z.string().nullable(),
    created_by: z.string(),
    created_at: Time,
    /** When it last said which tools it has; null: never. */
    looked_at: Time.nullable(),
    /** When it was last asked for them, and why that failed; null: it did not. */
    asked_at: Time.nullable(),
    look_error: z.string().nullable(),
    tools: z.array(McpTool),
  })
  .meta({ id: 'McpServer' });
export type McpServer = z.infer<typeof McpServer>;
export const McpServerPage = page(McpServer).meta({ id: 'McpServerPage' });

/** What a server says about one of its tools, as the hash covers it. */
export type ObservedTool = Pick<McpTool, 'tool' | 'description' | 'input_schema' | 'sha256' | 'hints'>;
