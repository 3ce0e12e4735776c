import * as z from 'zod';

/** OpenAI chat completions, as far as an agent uses them. Unknown fields are accepted and ignored, as the real service does. */

const TextPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const Content = z.union([z.string(), z.array(TextPart), z.null()]).optional();

const ToolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: Content,
  tool_calls: z.array(ToolCall).optional().nullable(),
  tool_call_id: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

const Tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }),
});

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);

const ResponseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ name: z.string().regex(/^[\w-]{1,64}$/), schema: z.unknown().optional() }),
  }),
]);

/** RUN-5: the switches, spelled as in a plan. Kinds that this model does not know are ignored. */
const Misbehaviour = z.looseObject({
  agent: z.string().optional(),
  kind: z.string(),
  seconds: z.number().min(0).max(3_600).optional(),
  times: z.int().min(0).max(1_000).optional(),
  status: z.int().min(400).max(599).optional(),
  rounds: z.int().min(0).max(1_000).optional(),
  action: z.string().max(80).optional(),
  target: z.string().max(500).optional(),
});
export type Misbehaviour = z.infer<typeof Misbehaviour>;

/** Sent beside the protocol's own fields. `attempt` counts from 1: it makes `times` work without a memory. */
const Embedded = z.looseObject({
  misbehave: z.array(Misbehaviour).max(50).default([]),
  seat: z.string().optional(),
  round: z.int().min(0).optional(),
  attempt: z.int().min(1).default(1),
});

export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).max(128).optional(),
  tool_choice: ToolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: ResponseFormat.optional(),
  stream: z.boolean().nullable().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullable().optional(),
  max_tokens: z.int().min(1).nullable().optional(),
  max_completion_tokens: z.int().min(1).nullable().optional(),
  embedded: Embedded.optional(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** The text of a message, its parts joined. */
export const textOf = ({ content }: Message): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');

/** What the model answers, before it is put on the wire. */
export interface Answer {
  content: string | null;
  tool_calls: { id: string; name: string; arguments: string }[];
}

interface ErrorShape {
  status: number;
  message: string;
  type: string;
  code: string | null;
  param?: string | null;
}

/** The error object that OpenAI's clients expect, inside a body or inside a stream. */
export const errorObject = ({ message, type, code, param = null }: ErrorShape) => ({
  error: { message, type, param, code },
});

export const errorResponse = (error: ErrorShape, headers: Record<string, string> = {}): Response =>
  Response.json(errorObject(error), { status: error.status, headers });

const invalid = (status: number, message: string, code: string | null, param: string | null = null) =>
  errorResponse({ status, message, type: 'invalid_request_error', code, param });

export const unauthorised = (given: boolean): Response =>
  invalid(
    401,
    given
      ? 'Incorrect API key provided. The key of the embedded model is EMBEDDED_MODEL_KEY.'
      : "You didn't provide an API key. Send it as a bearer token: Authorization: Bearer YOUR_KEY.",
    given ? 'invalid_api_key' : null,
  );
export const notJson = (): Response =>
  invalid(400, 'We could not parse the JSON body of your request. The API expects a JSON payload.', null);
export const badField = (message: string, param: string): Response =>
  invalid(400, `Invalid value for '${param}': ${message}`, 'invalid_value', param);
export const noSuchModel = (model: string): Response =>
  invalid(
    404,
    `The model \`${model.slice(0, 100)}\` does not exist or you do not have access to it.`,
    'model_not_found',
    'model',
  );
export const noSuchUrl = (method: string, path: string): Response =>
  invalid(404, `Invalid URL (${method} ${path})`, 'unknown_url');
export const tooLarge = (limit: number): Response =>
  invalid(413, `The request is larger than ${limit} bytes.`, 'request_too_large');
