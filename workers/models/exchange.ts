import * as z from 'zod';
import type { PromptMessages } from '#domain/agents/prompts/index.ts';
import type { Usage } from '#domain/pipeline/event.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { dependency, fromStream, fromThrown } from './errors.ts';
import { toWireMessages } from './messages.ts';
import { type CallOptions, languageModel, type StreamPart } from './provider.ts';
import { type ModelError, type ModelRequest, TIMEOUTS } from './types.ts';
import { type ReportedUsage, usageOf } from './usage.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';
import { wireSchema } from './wire-schema.ts';

type JsonSchema = NonNullable<Extract<CallOptions['responseFormat'], { type: 'json' }>['schema']>;

/** One request and its whole streamed answer, unjudged. */
export interface Answered {
  text: string;
  calls: { call_id: string; tool: string; input: string }[];
  /** `length`: cut off at max_tokens; `content-filter`: refused. */
  finish: string;
  usage: Usage;
}

interface Received extends Omit<Answered, 'usage'> {
  reasoning: number;
  reported: ReportedUsage;
  error: unknown;
}

/** Far above any max_tokens: an endpoint that never ends is not to fill the Worker's memory. */
const MAX_CHARACTERS = 4_000_000;
class EndlessAnswer extends Error {}

const OpenRouterCost = z.object({ openrouter: z.object({ usage: z.object({ cost: z.number() }) }) });

function receive(state: Received, part: StreamPart, say: (note: string) => void): void {
  switch (part.type) {
    case 'text-delta':
      state.text += part.delta;
      say(`answering, ${state.text.length} characters so far`);
      return;
    case 'reasoning-delta':
      state.reasoning += part.delta.length;
      say(`reasoning, ${state.reasoning} characters so far`);
      return;
    case 'tool-input-start':
      say(`asking for ${part.toolName.slice(0, 80)}`);
      return;
    case 'tool-input-delta':
      say('writing the arguments of a tool call');
      return;
    case 'tool-call':
      state.calls.push({ call_id: part.toolCallId, tool: part.toolName, input: part.input });
      return;
    case 'response-metadata':
      state.reported.model = part.modelId ?? state.reported.model;
      return;
    case 'error':
      state.error ??= part.error;
      return;
    case 'finish': {
      state.finish = part.finishReason.unified;
      state.reported.tokens_in = part.usage.inputTokens.total;
      state.reported.tokens_out = part.usage.outputTokens.total;
      state.reported.tokens_cached = part.usage.inputTokens.cacheRead;
      const cost = OpenRouterCost.safeParse(part.providerMetadata);
      if (cost.success) state.reported.cost_usd = cost.data.openrouter.usage.cost;
      return;
    }
  }
}

function silent(provider: string, watchdog: Watchdog): ModelError | null {
  const why = watchdog.reason();
  if (why === null) return null;
  if (why === 'cancelled') return dependency('cancelled', 'The step was stopped.', false);
  const when = why === 'first_token' ? 'did not begin to answer' : 'fell silent while answering';
  return dependency('model_timeout', `Model provider ${provider} ${when} within its time.`, true);
}

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

const options = (
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

const size = (request: ModelRequest<unknown>): number =>
  request.messages.reduce((sum, message) => sum + message.text.length, 0);

/** Sends the request to the model `name` and reads the stream to its end. Never throws. */
export async function exchange(
  request: ModelRequest<unknown>,
  name: string,
  baseUrl: string,
  schemaIn: 'response_format' | 'prompt' = 'response_format',
): Promise<Result<Answered, ModelError>> {
  const provider = request.choice.provider;
  const watchdog = startWatchdog(request.signal, request.timeouts ?? TIMEOUTS);
  const began = Date.now();
  const state: Received = {
    text: '',
    calls: [],
    finish: 'other',
    reasoning: 0,
    reported: {
      tokens_in: undefined,
      tokens_out: undefined,
      tokens_cached: undefined,
      cost_usd: undefined,
      model: undefined,
    },
    error: null,
  };
  const say = (note: string) => {
    watchdog.touch();
    request.onProgress(note);
  };
  const read = async () => {
    const { stream } = await languageModel(request, name, baseUrl).doStream(
      options(request, schemaIn === 'prompt', watchdog.signal),
    );
    for await (const part of stream) {
      receive(state, part, say);
      if (state.text.length + state.reasoning > MAX_CHARACTERS) throw new EndlessAnswer();
    }
  };
  try {
    await Promise.race([read(), watchdog.aborted]);
  } catch (thrown) {
    if (thrown instanceof EndlessAnswer)
      return err(
        dependency('model_malformed_stream', `Model provider ${provider} does not end its answer.`, true),
      );
    return err(silent(provider, watchdog) ?? fromThrown(provider, thrown, Date.now()));
  } finally {
    watchdog.stop();
  }
  const timedOut = silent(provider, watchdog);
  if (timedOut !== null) return err(timedOut);
  if (state.error !== null) return err(fromStream(provider, state.error));
  if (state.text.trim() === '' && state.calls.length === 0 && state.finish !== 'content-filter')
    return err(
      dependency(
        'model_empty_answer',
        `Model provider ${provider} ended its answer without saying anything.`,
        true,
      ),
    );
  const usage = usageOf({
    provider,
    asked: name,
    reported: state.reported,
    characters_in: size(request),
    characters_out: state.text.length + state.reasoning,
    latency_ms: Date.now() - began,
    prices: request.prices ?? {},
  });
  return ok({ text: state.text, calls: state.calls, finish: state.finish, usage });
}
