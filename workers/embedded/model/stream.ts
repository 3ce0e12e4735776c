import { type Completion, FINGERPRINT, MODEL_ID } from './completion.ts';

/** Characters in one delta: small enough that a viewer sees an answer grow, large enough that a turn is a few dozen events. */
const DELTA = 256;

const data = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;

/** The events of a streamed answer, in order, the last being `[DONE]`. */
export function* completionEvents(completion: Completion, include_usage: boolean): Generator<string> {
  const { id, created, answer, finish_reason, usage } = completion;
  const chunk = (delta: unknown, finish: string | null = null): string =>
    data({
      id,
      object: 'chat.completion.chunk',
      created,
      model: MODEL_ID,
      system_fingerprint: FINGERPRINT,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(include_usage && { usage: null }),
    });
  yield chunk({ role: 'assistant', content: answer.content === null ? null : '' });
  for (const content of pieces(answer.content ?? '')) yield chunk({ content });
  for (const [index, call] of answer.tool_calls.entries()) {
    yield chunk({
      tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
    });
    for (const part of pieces(call.arguments)) {
      yield chunk({ tool_calls: [{ index, function: { arguments: part } }] });
    }
  }
  yield chunk({}, finish_reason);
  if (include_usage) {
    yield data({
      id,
      object: 'chat.completion.chunk',
      created,
      model: MODEL_ID,
      system_fingerprint: FINGERPRINT,
      choices: [],
      usage,
    });
  }
  yield data('[DONE]');
}

function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += DELTA) yield text.slice(at, at + DELTA);
}

/** An error inside a 200: what a gateway sends when its upstream fails after the answer began. */
export function* failingEvents(error: unknown): Generator<string> {
  yield data({
    id: 'chatcmpl-failed',
    object: 'chat.completion.chunk',
    created: 0,
    model: MODEL_ID,
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
  });
  yield data(error);
}

const KEEP_ALIVE = ': keep-alive\n\n';
const KEEP_ALIVE_MS = 1_000;

/** Server-sent events. `stall_ms` of keep-alive comments come first: a connection that lives and makes no progress. */
export function eventStream(events: Iterator<string>, stall_ms: number): Response {
  const encoder = new TextEncoder();
  let left = stall_ms;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left > 0) {
        controller.enqueue(encoder.encode(KEEP_ALIVE));
        const wait = Math.min(left, KEEP_ALIVE_MS);
        left -= wait;
        await new Promise<void>((resolve) => {
          timer = setTimeout(resolve, wait);
        });
        return;
      }
      const next = events.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel() {
      if (timer !== null) clearTimeout(timer);
    },
  });
  return new Response(body, {
    headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' },
  });
}
