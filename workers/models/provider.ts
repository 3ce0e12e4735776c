import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import type { ModelChoice } from '#domain/plan/plan.ts';
import type { BaseUrls, ModelRequest } from './types.ts';

/** The provider layer of the AI SDK: one model behind one interface, without the SDK's own retries and tool loop on top. */
export type LanguageModel = ReturnType<ReturnType<typeof createOpenAICompatible>['chatModel']>;
export type CallOptions = Parameters<LanguageModel['doStream']>[0];
export type StreamPart =
  Awaited<ReturnType<LanguageModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

export type ProviderRequest = Pick<
  ModelRequest<unknown>,
  'choice' | 'apiKey' | 'baseUrls' | 'embedded' | 'fetch' | 'avoid'
>;

const OPENROUTER = 'https://openrouter.ai/api/v1';

export const baseUrlOf = (choice: ModelChoice, baseUrls: BaseUrls): string | null =>
  baseUrls[choice.provider] ?? (choice.provider === 'openrouter' ? OPENROUTER : null);

/**
 * Some gateways answer 200 with a JSON body that holds only an error. The stream parser would read it as an empty stream, so it
 * gets its status back here, where it still can.
 */
const tellErrorsApart =
  (send: typeof fetch): typeof fetch =>
  async (input, init) => {
    const response = await send(input, init);
    if (!response.ok || !response.headers.get('content-type')?.includes('application/json')) return response;
    const text = await response.text();
    const { status } = errorIn(text) ?? { status: 502 };
    return new Response(text, { status, headers: response.headers });
  };

function errorIn(text: string): { status: number } | null {
  try {
    const code = Number((JSON.parse(text) as { error?: { code?: unknown } }).error?.code);
    return { status: code >= 400 && code <= 599 ? code : 502 };
  } catch {
    return null;
  }
}

type Call = Pick<CallOptions, 'headers'>;

/** Models that an isolate keeps: building one compiles its schemas, which takes longer than a request. */
const KEPT_MODELS = 100;
const kept = new WeakMap<typeof fetch, Map<string, LanguageModel>>();
const send: typeof fetch = (input, init) => fetch(input, init);

/** The model `name` of the chosen provider, and what each call of it has to carry. */
export function languageModel(
  request: ProviderRequest,
  name: string,
  baseURL: string,
): { model: LanguageModel; call: Call } {
  const { choice, embedded, apiKey } = request;
  // These two depend on more than the address: on the list of fallbacks, on the plan's switches.
  if (choice.provider === 'openrouter' || embedded !== undefined)
    return { model: build(request, name, baseURL, apiKey), call: {} };
  const through = request.fetch ?? send;
  const models = kept.get(through) ?? new Map<string, LanguageModel>();
  kept.set(through, models);
  const id = JSON.stringify([choice.provider, baseURL, name]);
  const model = models.get(id) ?? build(request, name, baseURL);
  if (models.size >= KEPT_MODELS) models.clear();
  models.set(id, model);
  // The key belongs to the agent's own call and never to a model that is kept (AGENT-2).
  return { model, call: { headers: { Authorization: `Bearer ${apiKey}` } } };
}

/** OpenRouter gets the whole list and falls back by itself (AGENT-2). */
function build(request: ProviderRequest, name: string, baseURL: string, apiKey = ''): LanguageModel {
  const { choice, embedded, avoid = [] } = request;
  const others = choice.fallbacks.filter((other) => other !== name && !avoid.includes(other));
  const through = tellErrorsApart(request.fetch ?? send);
  if (choice.provider === 'openrouter')
    return createOpenRouter({
      apiKey,
      baseURL,
      fetch: through,
      appName: 'Agent Governance System',
      compatibility: 'strict',
    })(name, {
      ...(others.length > 0 ? { models: [name, ...others] } : {}),
      // Of the hosts that serve a model, only those that keep to the schema.
      provider: { require_parameters: true },
      usage: { include: true },
    }) as unknown as LanguageModel;
  return createOpenAICompatible({
    name: choice.provider,
    apiKey,
    baseURL,
    fetch: through,
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...(choice.provider === 'embedded' && embedded !== undefined
      ? { transformRequestBody: (body) => ({ ...body, embedded }) }
      : {}),
  }).chatModel(name);
}
