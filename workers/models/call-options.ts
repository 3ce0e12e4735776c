import type { PromptMessages } from '#domain/agents/prompts/index.ts';
import { toWireMessages } from './messages.ts';
import type { CallOptions } from './provider.ts';
import type { ModelRequest } from './types.ts';
import { wireSchema } from './wire-schema.ts';

type JsonSchema = NonNullable<Extract<CallOptions['responseFormat'], { type: 'json' }>['schema']>;

/** For endpoints that refuse `response_format`: the schema stands in the prompt instead. Validation is the same. */
const schemaInWords = (request: ModelRequest<unknown>): PromptMessages =>
  request.messages.map((message) =>
    message.role === 'system'
      ? {
          ...message,
          text: `${message.text}\n\n# Answer\nAnswer with one JSON value that fits the JSON schema ${request.schemaName}:\n${JSON.stringify(wireSchema(request.schema))}`,
        }
      : message,
  );

const responseFormat = (request: ModelRequest<unknown>): CallOptions['responseFormat'] => ({
  type: 'json',
  name: request.schemaName,
  schema: wireSchema(request.schema) as JsonSchema,
});

const offeredTools = ({ tools, allowTools }: ModelRequest<unknown>): Partial<CallOptions> =>
  tools.length === 0
    ? {}
    : {
        tools: tools.map(({ name, description, parameters }) => ({
          type: 'function',
          name,
          description,
          inputSchema: parameters,
        })),
        toolChoice: { type: allowTools ? 'auto' : 'none' },
      };

/** What is asked of the provider layer. `inWords`: see {@link schemaInWords}. */
export const callOptions = (
  request: ModelRequest<unknown>,
  inWords: boolean,
  abortSignal: AbortSignal,
): CallOptions => ({
  prompt: toWireMessages(inWords ? schemaInWords(request) : request.messages),
  maxOutputTokens: request.choice.max_tokens,
  ...(inWords ? {} : { responseFormat: responseFormat(request) }),
  ...offeredTools(request),
  abortSignal,
});
