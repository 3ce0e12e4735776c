import type { Answer, ChatRequest } from './protocol.ts';

export const MODEL_ID = 'extractive-1';
/** RUN-5: every answer says that no language model wrote it. */
export const FINGERPRINT = 'embedded-extractive-not-an-llm';

/** A stable estimate: there is no tokenizer here, and nobody is billed by it. */
const CHARACTERS_PER_TOKEN = 4;
export const tokensIn = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/** The longest answer that the request allows, in characters. */
export const answerLimit = ({ max_completion_tokens, max_tokens }: ChatRequest): number =>
  (max_completion_tokens ?? max_tokens ?? 1_000_000) * CHARACTERS_PER_TOKEN;

export interface Completion {
  id: string;
  created: number;
  answer: Answer;
  finish_reason: 'stop' | 'length' | 'tool_calls';
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    prompt_tokens_details: { cached_tokens: number };
    cost: number;
  };
}

/** FNV-1a over UTF-16 units, as hex: names a call or an answer by its content, so that the same request gives the same ids. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Wraps an answer: cuts it at the token limit, and counts. `created` in seconds since the epoch. */
export function complete(request: ChatRequest, answer: Answer, created: number): Completion {
  const limit = answerLimit(request);
  const cut = answer.content !== null && answer.content.length > limit;
  const content = cut ? (answer.content?.slice(0, limit) ?? null) : answer.content;
  const prompt = JSON.stringify([request.messages, request.tools ?? [], request.response_format ?? null]);
  const written = (content ?? '') + answer.tool_calls.map((call) => call.name + call.arguments).join('');
  const usage = { prompt_tokens: tokensIn(prompt), completion_tokens: tokensIn(written) };
  return {
    id: `chatcmpl-${fingerprint(prompt)}${fingerprint(written)}`,
    created,
    answer: { ...answer, content },
    finish_reason: answer.tool_calls.length > 0 ? 'tool_calls' : cut ? 'length' : 'stop',
    usage: {
      ...usage,
      total_tokens: usage.prompt_tokens + usage.completion_tokens,
      prompt_tokens_details: { cached_tokens: 0 },
      cost: 0,
    },
  };
}

/** The body of an answer that is not streamed. */
export const completionBody = ({ id, created, answer, finish_reason, usage }: Completion) => ({
  id,
  object: 'chat.completion',
  created,
  model: MODEL_ID,
  system_fingerprint: FINGERPRINT,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: answer.content,
        refusal: null,
        ...(answer.tool_calls.length > 0 && {
          tool_calls: answer.tool_calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
      },
      logprobs: null,
      finish_reason,
    },
  ],
  usage,
});
