import type { PromptMessages } from '#domain/agents/prompts/index.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { dependency } from './errors.ts';
import { type Answered, exchange } from './exchange.ts';
import { baseUrlOf } from './provider.ts';
import { readCall, readOutput } from './structured.ts';
import type { ModelAnswer, ModelError, ModelFailure, ModelRequest } from './types.ts';
import { addUsage } from './usage.ts';

/** Calls of one answer beyond this are dropped: each is a step of its own, and a model that asks for more is looping. */
export const MAX_CALLS = 8;
/** How much of a wrong answer is sent back with the complaint, in characters. */
const MAX_ECHO = 20_000;

/** Another model may do better with these; a refused key or empty account stays so. */
const WORTH_ANOTHER_MODEL = new Set<ModelError['code']>([
  'model_rate_limited',
  'model_timeout',
  'model_unavailable',
  'model_not_found',
  'model_error_in_stream',
  'model_malformed_stream',
  'model_empty_answer',
]);

/**
 * Of the OpenAI-compatible endpoints some know no `json_schema`, or not together with tools, and say 400. The others keep to the
 * schema or have a better reason to refuse.
 */
async function exchangeAnyFormat(
  request: ModelRequest<unknown>,
  name: string,
  baseUrl: string,
): Promise<Result<Answered, ModelFailure>> {
  const first = await exchange(request, name, baseUrl);
  const { provider } = request.choice;
  const maybe = provider === 'compatible' || provider === 'workers_ai';
  if (first.ok || first.error.code !== 'model_request_refused' || !maybe) return first;
  request.onProgress('the endpoint refused the request; asking again with the schema in the prompt');
  const second = await exchange(request, name, baseUrl, 'prompt');
  return second.ok ? second : first;
}

function withSpent(
  spent: Usage | null,
  result: Result<Answered, ModelFailure>,
): Result<Answered, ModelFailure> {
  if (!result.ok) return err({ ...result.error, usage: addUsage(spent, result.error.usage) });
  return ok({ ...result.value, usage: addUsage(spent, result.value.usage) ?? result.value.usage });
}

/** OpenRouter is told of the fallbacks and goes through them itself. OPS-1: a model whose breaker is open is left out, while there is another. */
function namesFor({ choice, avoid = [] }: ModelRequest<unknown>): { first: string; others: string[] } {
  const all = [choice.model, ...choice.fallbacks];
  const [first = choice.model, ...others] = all.filter((name) => !avoid.includes(name));
  return { first, others: choice.provider === 'openrouter' ? [] : others };
}

async function observed(
  request: ModelRequest<unknown>,
  name: string,
  baseUrl: string,
): Promise<Result<Answered, ModelFailure>> {
  const result = await exchangeAnyFormat(request, name, baseUrl);
  request.onOutcome?.(name, result.ok ? null : result.error);
  return result;
}

/** AGENT-2: the chosen model, then its fallbacks in order. The last failure is the one that counts. */
async function exchangeWithFallbacks(
  request: ModelRequest<unknown>,
  baseUrl: string,
): Promise<Result<Answered, ModelFailure>> {
  const { first, others } = namesFor(request);
  let result = await observed(request, first, baseUrl);
  for (const name of others) {
    if (result.ok || !WORTH_ANOTHER_MODEL.has(result.error.code)) return result;
    const spent = result.error.usage;
    // What the failed call took is missing now; another full one may not fit any more.
    if (spent !== null && !affords(request, spent, spent.tokens_in)) return result;
    request.onProgress(`${result.error.code}; trying the fallback model ${name}`);
    result = withSpent(spent, await observed(request, name, baseUrl));
  }
  return result;
}

interface Wrong {
  problems: string[];
}

function judge<T>(answer: Answered, request: ModelRequest<T>): Result<ModelAnswer<T>, Wrong> {
  if (answer.calls.length > 0 && request.allowTools)
    return ok({
      kind: 'tool_calls',
      calls: answer.calls.slice(0, MAX_CALLS).map(readCall),
      usage: answer.usage,
    });
  if (answer.calls.length > 0 && answer.text.trim() === '')
    return err({ problems: ['tool calls are not possible any more; answer now'] });
  const output = readOutput(answer.text, request.schema);
  if (output.ok) return ok({ kind: 'output', value: output.value, usage: answer.usage });
  const cut = answer.finish === 'length' ? ['it was cut off at the limit of its length; be shorter'] : [];
  return err({ problems: [...cut, ...output.error] });
}

const complaint = (answer: Answered, wrong: Wrong, schemaName: string): PromptMessages => [
  { role: 'assistant', text: answer.text.slice(0, MAX_ECHO) || '(no text)', calls: [] },
  {
    role: 'user',
    text: `Your answer does not fit the schema ${schemaName}:\n${wrong.problems.map((p) => `- ${p}`).join('\n')}\nAnswer again with the whole corrected JSON and nothing else. Do not call tools.`,
  },
];

/**
 * One model call of a turn: streamed, validated, with one repair of a wrong answer (AGENT-2 to AGENT-4, AGENT-6). Never throws and
 * never retries what its caller could: retries belong to the step, where they are recorded.
 */
export async function callModel<T>(request: ModelRequest<T>): Promise<Result<ModelAnswer<T>, ModelFailure>> {
  const baseUrl = baseUrlOf(request.choice, request.baseUrls);
  if (baseUrl === null) {
    const message = `This deployment has no address for the model provider ${request.choice.provider}.`;
    return err({ ...dependency('model_not_configured', message, false), usage: null });
  }
  const first = await exchangeWithFallbacks(request, baseUrl);
  if (!first.ok) return err(first.error);
  if (first.value.finish === 'content-filter' && first.value.calls.length === 0)
    return err({ ...refusal(request.choice.provider), usage: first.value.usage });
  const judged = judge(first.value, request);
  if (judged.ok) return judged;

  if (!affordsRepair(request, first.value.usage))
    return err(
      invalid(request.schemaName, judged.error, first.value.usage, 'and nothing is left for a repair'),
    );
  request.onProgress('the answer did not fit its schema; asking once more');
  const repair = await exchangeWithFallbacks(
    {
      ...request,
      messages: [...request.messages, ...complaint(first.value, judged.error, request.schemaName)],
      allowTools: false,
      ...(request.embedded
        ? { embedded: { ...request.embedded, attempt: request.embedded.attempt + 1 } }
        : {}),
    },
    baseUrl,
  );
  if (!repair.ok) return err({ ...repair.error, usage: addUsage(first.value.usage, repair.error.usage) });
  const usage = addUsage(first.value.usage, repair.value.usage) ?? repair.value.usage;
  const again = judge(repair.value, { ...request, allowTools: false });
  if (again.ok) return ok({ ...again.value, usage });
  return err(invalid(request.schemaName, again.error, usage, 'nor did its repair'));
}

/** The complaint with its list of problems, in tokens. */
const COMPLAINT_TOKENS = 2_000;

/** PIPE-11: whether what was reserved for the step also covers a call that reads `input` tokens and may answer at full length. */
function affords({ budget, choice }: ModelRequest<unknown>, used: Usage, input: number): boolean {
  if (!budget) return true;
  const tokens = used.tokens_in + used.tokens_out + input + choice.max_tokens;
  if (tokens > budget.tokens) return false;
  if (!choice.price) return true;
  const next = Math.ceil((input * choice.price.input + choice.max_tokens * choice.price.output) / 1_000_000);
  return used.cost_microusd + next <= budget.cost_microusd;
}

/** The repair reads what the first call read and what it answered; that call's usage has measured both. */
const affordsRepair = (request: ModelRequest<unknown>, used: Usage): boolean =>
  affords(request, used, used.tokens_in + used.tokens_out + COMPLAINT_TOKENS);

const invalid = (schemaName: string, wrong: Wrong, usage: Usage, what: string): ModelFailure => ({
  code: 'invalid_output',
  message: `The model's answer did not fit ${schemaName}, ${what}: ${wrong.problems.slice(0, 3).join('; ').slice(0, 600)}.`,
  retryable: true,
  retry_after_s: null,
  cause: 'agent',
  usage,
});

const refusal = (provider: string): ModelError => ({
  code: 'model_refused',
  message: `The content filter of model provider ${provider} stopped the answer.`,
  retryable: false,
  retry_after_s: null,
  cause: 'agent',
});
