import * as z from 'zod';
import { DECISIONS, ENFORCEMENTS } from '#domain/pipeline/event/actions.ts';
import { Tier } from './pipeline.ts';
import { GivenId, PipelineId, Reason, Sha256, Time } from './primitives.ts';

/** GOV-7: a session lives this long unless the caller asks otherwise (seconds). */
export const SESSION_TTL_S = { default: 8 * 3_600, min: 60, max: 7 * 86_400 } as const;
/** How long one request may wait for a person or a result (seconds). */
export const MAX_WAIT_S = 60;
/** Arguments and results as they may be sent (bytes of the request's body). */
export const MAX_ACTION_BYTES = 512 * 1024;

const Name = z.string().trim().min(1).max(120);

/** GOV-1: tools that one registration may declare. */
export const MAX_DECLARED_TOOLS = 200;

/** What nobody says is taken as MCP takes it: it acts, reaches out, cannot be repeated and cannot be taken back. */
export const DeclareToolRequest = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    acts: z.boolean().optional().describe('Changes something (default true): its target has to be allowed'),
    irreversible: z
      .boolean()
      .optional()
      .describe('Cannot be taken back, so a person approves each call (default: what acts)'),
    effect: z
      .enum(['pure', 'idempotent', 'once'])
      .optional()
      .describe('Whether it may be repeated (default: once for what acts, else pure)'),
    external: z.boolean().optional().describe('Sends something outside (default true)'),
    min_tier: Tier.optional().describe('Default 1 for what acts, else 0'),
  })
  .refine((tool) => tool.acts !== false || tool.irreversible !== true, {
    error: 'what does not act cannot be irreversible',
    path: ['irreversible'],
  })
  .meta({ id: 'DeclareToolRequest' });

export const DeclaredTool = z
  .object({
    name: z.string(),
    min_tier: Tier,
    effect: z.enum(['pure', 'idempotent', 'once']),
    acts: z.boolean(),
    external: z.boolean(),
    irreversible: z.boolean(),
  })
  .meta({ id: 'DeclaredTool' });

export const RegisterAgentRequest = z
  .strictObject({
    pipeline_id: GivenId.optional().describe('A live external pipeline'),
    project_id: z.string().max(80).optional().describe('Opens an external pipeline in this project'),
    name: Name,
    framework: Name,
    tier: Tier,
    ttl_s: z.int().min(SESSION_TTL_S.min).max(SESSION_TTL_S.max).optional(),
    tools: z
      .array(DeclareToolRequest)
      .max(MAX_DECLARED_TOOLS)
      .optional()
      .describe(
        'Its own tools and what they do; of one that is not declared a person approves each call (GOV-1)',
      ),
  })
  .refine((r) => r.pipeline_id === undefined || r.project_id === undefined, {
    error: 'give pipeline_id or project_id, not both',
    path: ['project_id'],
  })
  .meta({ id: 'RegisterAgentRequest' });

export const OfferedTool = z
  .object({
    name: z.string(),
    description: z.string(),
    parameters: z.record(z.string(), z.unknown()).describe('JSON schema of the arguments'),
  })
  .meta({ id: 'OfferedTool' });

export const RegisteredAgent = z
  .object({
    agent_id: z.string(),
    pipeline_id: PipelineId,
    session_token: z.string().describe('Shown this once'),
    tier: Tier,
    tools: z.array(OfferedTool).describe('What is run here, with our credential'),
    declared: z.array(DeclaredTool).describe('What its own tools are taken for'),
    expires_at: Time,
  })
  .meta({ id: 'RegisteredAgent' });
export type RegisteredAgent = z.infer<typeof RegisteredAgent>;

/** Who asks with an agent's session token. */
export const AgentCaller = z.object({
  tenant: z.string(),
  pipeline_id: z.string(),
  project_id: z.string(),
  agent_id: z.string(),
  name: z.string(),
  framework: z.string(),
  tier: Tier,
  expires_at: Time,
  tools: z.array(DeclaredTool).readonly(),
});
export type AgentCaller = z.infer<typeof AgentCaller>;

export const AskRequest = z
  .strictObject({
    tool: z.string().trim().min(1).max(200),
    arguments: z.record(z.string().max(200), z.unknown()),
    target: z.string().max(500).describe('What it would touch; empty for nothing'),
    origin: z.array(z.string().max(100)).max(20).optional().describe('What the arguments derive from'),
    irreversible: z
      .literal(true)
      .optional()
      .describe('This call cannot be taken back, whatever its tool was declared as (GOV-1)'),
    wait_s: z.number().min(0).max(MAX_WAIT_S).optional(),
  })
  .meta({ id: 'AskRequest' });
export type AskRequest = z.infer<typeof AskRequest>;

export const WaitQuery = z.strictObject({ wait_s: z.coerce.number().min(0).max(MAX_WAIT_S).optional() });

export const ACTION_STATUSES = [
  'requested',
  'waiting_approval',
  'allowed',
  'succeeded',
  'failed',
  'denied',
  'unknown',
  'cancelled',
] as const;

export const AskedAction = z
  .object({
    action_id: z.string(),
    pipeline_id: PipelineId,
    /** null only when the run held or ended before the gate could judge. */
    decision: z.enum(DECISIONS).nullable(),
    status: z.enum(ACTION_STATUSES),
    action_sha256: Sha256,
    policy: z.object({ version: z.string(), sha256: Sha256, determining: z.array(z.string()) }).nullable(),
    reason: z.string().nullable(),
    remedy: z.string().nullable(),
    approval_id: z.string().nullable(),
    enforcement: z.enum(ENFORCEMENTS),
    /** What came back, secrets removed; absent while nothing has. */
    result: z.unknown().optional(),
    error: z.string().nullable(),
    /** Of an approval that is waited for; of an outcome that is to be told. */
    expires_at: Time.nullable(),
  })
  .meta({ id: 'AskedAction' });
export type AskedAction = z.infer<typeof AskedAction>;

/** From an agent: how its own act ended. From an operator: what became of one of unknown outcome, with the reason (REC-6). */
export const OutcomeRequest = z
  .strictObject({
    status: z.enum(['succeeded', 'failed', 'unknown']),
    reason: Reason.optional(),
    result: z.unknown().optional(),
    error: z.string().max(8_000).optional(),
  })
  .meta({ id: 'OutcomeRequest' });
