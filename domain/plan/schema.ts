import * as z from 'zod';
import { ROLES } from '../agents/roles.ts';
import { TIERS } from '../governance/tier.ts';
import { LIMITS, type LimitName } from './limits.ts';
import { PROVIDERS, STAGE_KINDS } from './plan.ts';

/** Bytes of UTF-8 (DSL-1): context in all, and a plan's own text, which may carry that context inline. */
export const MAX_CONTEXT_BYTES = 1024 * 1024;
export const MAX_SOURCE_BYTES = 1_500_000;

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/)
  .describe('lower-case letters, digits and dashes, beginning with a letter');
const Semver = z
  .string()
  .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,40})?$/)
  .describe('a semantic version such as 1.0.0');
const Objective = z.string().trim().min(1).max(20_000).describe('what is wanted, in up to 20,000 characters');

const DocumentName = z
  .string()
  .regex(/^[\w][\w ./@+-]{0,199}$/)
  .describe('a file name of letters, digits, spaces and . / @ + - _');

const ContextItem = z.strictObject({
  name: DocumentName,
  /** The key of `files` that holds its text: the CLI uploads it. */
  file: z.string().min(1).max(300).describe('the path of a file that is sent along').optional(),
  text: z.string().describe('the text itself').optional(),
  media_type: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .max(100)
    .describe('a media type such as application/json')
    .optional(),
  origin: z
    .enum(['trusted', 'untrusted'])
    .describe('trusted when you vouch for every word in it; untrusted is the default')
    .optional(),
});

export const INPUT_TYPES = ['string', 'number', 'boolean', 'document'] as const;
const Input = z.strictObject({
  type: z.enum(INPUT_TYPES),
  default: z.union([z.string(), z.number(), z.boolean()]).describe('a value of the input’s type').optional(),
  description: z.string().max(500).optional(),
});

/** PIPE-11: at most 1,000 USD per million tokens. */
const MAX_PRICE = 1_000_000_000;
const price = z.int().min(0).max(MAX_PRICE).describe('whole micro-USD per million tokens');

const Model = z.strictObject({
  provider: z.enum(PROVIDERS).optional(),
  model: z.string().min(1).max(200).describe('a model’s name at its provider').optional(),
  fallbacks: z.array(z.string().min(1).max(200)).max(5).describe('up to 5 models’ names').optional(),
  max_tokens: z.int().min(64).max(200_000).describe('64 to 200000 tokens of one answer').optional(),
  price: z
    .strictObject({ input: price, output: price })
    .describe('what the dearest of model and fallbacks costs')
    .optional(),
});
const AgentChoice = z.strictObject({ model: Model.optional() });
const Agents = z.strictObject({
  model: Model.optional(),
  ...(Object.fromEntries(ROLES.map((role) => [role, AgentChoice.optional()])) as Record<
    (typeof ROLES)[number],
    z.ZodOptional<typeof AgentChoice>
  >),
});

const limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { min, max }]) => [
    name,
    z.int().min(min).max(max).describe(`a whole number from ${min} to ${max}`).optional(),
  ]),
) as Record<LimitName, z.ZodOptional<z.ZodInt>>;

const agent = z.enum(ROLES);
const times = z.int().min(1).max(20).describe('how often, 1 to 20');
const attempts = z
  .int()
  .min(1)
  .max(10)
  .describe('a whole number from 1 to 10: the switch works in the first so many runs of a lineage')
  .optional();
/** RUN-5, with REC-3's runs: `attempts` lets a later one succeed. */
const Misbehave = z.discriminatedUnion('kind', [
  z.strictObject({ agent, attempts, kind: z.literal('stall'), seconds: z.int().min(1).max(600), times }),
  z.strictObject({ agent, attempts, kind: z.literal('error'), status: z.int().min(400).max(599), times }),
  z.strictObject({ agent, attempts, kind: z.literal('error_in_stream'), times }),
  z.strictObject({ agent, attempts, kind: z.literal('invalid_json'), times }),
  z.strictObject({ agent, attempts, kind: z.literal('disagree'), rounds: z.int().min(1).max(50) }),
  z.strictObject({
    agent,
    attempts,
    kind: z.literal('forbidden_action'),
    action: z.string().min(1).max(80),
    target: z.string().min(1).max(500),
  }),
  z.strictObject({ agent, attempts, kind: z.literal('gullible') }),
]);

const StageEntry = z.strictObject({
  id: Name,
  kind: z.enum(STAGE_KINDS),
  after: z.array(Name).max(20).describe('ids of the stages that come before').optional(),
});

/** DSL-1: what stands in a plan file. */
export const PlanFile = z
  .strictObject({
    name: Name,
    version: Semver,
    title: z.string().trim().min(1).max(200).optional(),
    description: z.string().max(2_000).optional(),
    tier: z.literal([...TIERS]).describe('0 (observer), 1 (executor) or 2 (operator)'),
    objective: Objective,
    inputs: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/), Input).optional(),
    context: z.array(ContextItem).max(50).describe('a list of up to 50 documents').optional(),
    agents: Agents.optional(),
    limits: z.strictObject(limits).optional(),
    approvals: z
      .array(z.string().regex(/^[a-z][a-z0-9_]{0,79}$/))
      .max(20)
      .describe('names of tools that a person approves before each call')
      .optional(),
    auto_continue: z.boolean().optional(),
    stages: z.array(StageEntry).min(1).max(50).describe('a list of stages').optional(),
    embedded: z.strictObject({ misbehave: z.array(Misbehave).max(20).optional() }).optional(),
  })
  .meta({ title: 'Plan', description: 'A plan of the Agent Governance System' });
export type PlanFile = z.infer<typeof PlanFile>;

export type JsonSchema = { [key: string]: unknown };
let schema: JsonSchema | null = null;

/** The published JSON Schema (draft 2020-12), for editors and for the findings' “expected”. */
export function planJsonSchema(): JsonSchema {
  schema ??= z.toJSONSchema(PlanFile, { io: 'input' }) as JsonSchema;
  return schema;
}
