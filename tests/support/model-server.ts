import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the scripted endpoint does with one request. Streams are OpenAI's: `data:` events, the last one `[DONE]`. */
export type Reply =
  /** Streams the value as JSON in small pieces. `undefined` value: one that is true to the request's schema. */
  | { kind: 'json'; value?: unknown; reasoning?: string; usage?: object; model?: string; fenced?: boolean }
  | { kind: 'text'; text: string; finish?: string }
  | { kind: 'calls'; calls: { id: string; name: string; arguments: string }[] }
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
  /** An error object inside a 200: as an event of the stream, or as the whole JSON body. */
  | { kind: 'error_event'; error: object; after?: string }
  | { kind: 'error_body'; error: object }
  /** Keep-alive comments and nothing else, until the client goes away; `after` is said before. */
  | { kind: 'keep_alive'; after?: string }
  | { kind: 'broken_event' }
  | { kind: 'cut_off'; after: string }
  | { kind: 'nothing' };

export interface SeenRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: ChatBody;
}
export interface ChatBody {
  model: string;
  messages: { role: string; content: string | null; tool_calls?: unknown[]; tool_call_id?: string }[];
  response_format?: { type: string; json_schema: { name: string; strict: boolean; schema: JsonSchema } };
  tools?: { function: { name: string; parameters: JsonSchema } }[];
  [key: string]: unknown;
}
export interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  description?: string;
  [key: string]: unknown;
}

export interface ModelServer {
  /** Base URL with `/v1`, as MODEL_BASE_URL wants it. */
  url: string;
  requests: SeenRequest[];
  /** Replies for the next requests, in order; when they are used up, answers are true to the schema. */
  script(...replies: Reply[]): void;
  /** What is not scripted is decided by this from then on, request by request. */
  decide(by: (body: ChatBody) => Reply | Promise<Reply>): void;
  close(): Promise<void>;
}

/** The smallest value that a JSON schema admits; null wherever it may be. */
export function schemaTrue(schema: JsonSchema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf)
    return schema.anyOf.some((s) => s.type === 'null') ? null : schemaTrue(schema.anyOf[0] ?? {});
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, schemaTrue(inner)]),
      );
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    default:
      return 'a text';
  }
}

const PIECE = 40;
const pieces = (text: string): string[] =>
  Array.from({ length: Math.ceil(text.length / PIECE) }, (_, n) => text.slice(n * PIECE, (n + 1) * PIECE));

class Stream {
  readonly #response: ServerResponse;
  readonly #model: string;
  constructor(response: ServerResponse, model: string) {
    this.#response = response;
    this.#model = model;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
  }
  event(data: unknown): void {
    this.#response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }
  comment(text: string): void {
    this.#response.write(`: ${text}\n\n`);
  }
  delta(delta: object, finish_reason: string | null = null): void {
    this.event({
      id: 'c-1',
      object: 'chat.completion.chunk',
      created: 0,
      model: this.#model,
      choices: [{ index: 0, delta, finish_reason }],
    });
  }
  say(text: string): void {
    for (const piece of pieces(text)) this.delta({ content: piece });
  }
  end(
    finish: string,
    usage: object = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  ): void {
    this.delta({}, finish);
    this.event({
      id: 'c-1',
      object: 'chat.completion.chunk',
      created: 0,
      model: this.#model,
      choices: [],
      usage,
    });
    this.event('[DONE]');
    this.#response.end();
  }
}

function answer(reply: Reply, body: ChatBody, response: ServerResponse): void {
  if (reply.kind === 'status' || reply.kind === 'error_body') {
    const status = reply.kind === 'status' ? reply.status : 200;
    const content =
      reply.kind === 'status'
        ? (reply.body ?? { error: { message: 'scripted', type: 'scripted' } })
        : { error: reply.error };
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(reply.kind === 'status' ? reply.headers : {}),
    });
    response.end(JSON.stringify(content));
    return;
  }
  const stream = new Stream(response, reply.kind === 'json' ? (reply.model ?? body.model) : body.model);
  switch (reply.kind) {
    case 'json': {
      const schema = body.response_format?.json_schema.schema ?? {};
      const text = JSON.stringify('value' in reply ? reply.value : schemaTrue(schema));
      if (reply.reasoning) stream.delta({ reasoning_content: reply.reasoning });
      stream.say(reply.fenced ? `\`\`\`json\n${text}\n\`\`\`` : text);
      stream.end('stop', reply.usage);
      return;
    }
    case 'text':
      stream.say(reply.text);
      stream.end(reply.finish ?? 'stop');
      return;
    case 'calls':
      for (const [index, call] of reply.calls.entries()) {
        stream.delta({
          tool_calls: [
            { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } },
          ],
        });
        for (const piece of pieces(call.arguments))
          stream.delta({ tool_calls: [{ index, function: { arguments: piece } }] });
      }
      stream.end('tool_calls');
      return;
    case 'error_event':
      if (reply.after) stream.say(reply.after);
      stream.event({ error: reply.error });
      response.end();
      return;
    case 'keep_alive': {
      if (reply.after) stream.say(reply.after);
      const timer = setInterval(() => stream.comment('keep-alive'), 5);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case 'broken_event':
      stream.event('{"choices": [');
      response.end();
      return;
    case 'cut_off':
      stream.say(reply.after);
      setTimeout(() => response.destroy(), 10);
      return;
    case 'nothing':
      stream.end('stop');
      return;
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Passes a request on to a function that answers as a Worker would. */
async function pass(
  handler: (request: Request) => Promise<Response>,
  seen: SeenRequest,
  text: string,
  response: ServerResponse,
): Promise<void> {
  const authorization = seen.headers.authorization ?? '';
  const answered = await handler(
    new Request(`http://model.test${seen.path}`, { method: 'POST', body: text, headers: { authorization } }),
  );
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  for await (const chunk of answered.body ?? []) response.write(chunk);
  response.end();
}

/**
 * An OpenAI-compatible endpoint on loopback that does what it is told, request by request; with a `handler`, what is not scripted
 * is answered by that.
 */
export async function startModelServer(
  handler?: (request: Request) => Promise<Response>,
): Promise<ModelServer> {
  const requests: SeenRequest[] = [];
  const replies: Reply[] = [];
  let decide: (body: ChatBody) => Reply | Promise<Reply> = () => ({ kind: 'json' });
  const server = createServer((request, response) => {
    void read(request).then(async (text) => {
      const body = JSON.parse(text) as ChatBody;
      const seen = { path: request.url ?? '', headers: request.headers, body };
      requests.push(seen);
      const reply = replies.shift();
      if (handler && !reply) await pass(handler, seen, text, response);
      else answer(reply ?? (await decide(body)), body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...next) => void replies.push(...next),
    decide: (by) => {
      decide = by;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
