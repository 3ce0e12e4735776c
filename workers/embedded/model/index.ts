import { analyse, read } from './analyst/index.ts';
import { complete, completionBody, FINGERPRINT, MODEL_ID } from './completion.ts';
import { plannedError, plannedHeaders, switchesFor } from './misbehaviour.ts';
import {
  badField,
  ChatRequest,
  errorObject,
  errorResponse,
  noSuchModel,
  noSuchUrl,
  notJson,
  tooLarge,
  unauthorised,
} from './protocol.ts';
import { completionEvents, eventStream, failingEvents } from './stream.ts';

export interface ModelEnv {
  EMBEDDED_MODEL_KEY: string;
}

/** Contexts reach 25 MiB by reference; a prompt that holds more than this is a mistake. */
const BODY_MAX = 16 * 1024 * 1024;

const MODEL = {
  id: MODEL_ID,
  object: 'model',
  created: 0,
  owned_by: 'embedded',
  system_fingerprint: FINGERPRINT,
  description: 'A deterministic extractive analyst for development. It is not an LLM.',
};

/**
 * RUN-4, RUN-5: the embedded model, speaking OpenAI's chat completions under any prefix that ends in `/v1`. Never throws for bad
 * input: errors are OpenAI's, with its codes.
 */
export async function handleModel(request: Request, env: ModelEnv): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = pathname.replace(/\/+$/, '');
  const authorisation = request.headers.get('authorization') ?? '';
  if (env.EMBEDDED_MODEL_KEY === '' || authorisation !== `Bearer ${env.EMBEDDED_MODEL_KEY}`) {
    return unauthorised(authorisation !== '');
  }
  if (request.method === 'POST' && path.endsWith('/chat/completions')) return chat(request);
  if (request.method === 'GET' && path.endsWith('/models')) {
    return Response.json({ object: 'list', data: [MODEL] });
  }
  const asked = /\/models\/([^/]+)$/.exec(path)?.[1];
  if (request.method === 'GET' && asked) {
    return asked === MODEL_ID ? Response.json(MODEL) : noSuchModel(asked);
  }
  return noSuchUrl(request.method, pathname);
}

async function chat(request: Request): Promise<Response> {
  const text = await request.text();
  if (text.length > BODY_MAX) return tooLarge(BODY_MAX);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return notJson();
  }
  const parsed = ChatRequest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return badField(issue?.message ?? 'not a chat request', issue?.path.join('.') || 'body');
  }
  if (parsed.data.model !== MODEL_ID) return noSuchModel(parsed.data.model);
  return answer(parsed.data);
}

async function answer(request: ChatRequest): Promise<Response> {
  const { seat, round } = read(request);
  const switches = switchesFor(request, seat, round);
  if (switches.error_status !== null) {
    return errorResponse(plannedError(switches.error_status), plannedHeaders(switches.error_status));
  }
  if (switches.error_in_stream) {
    const error = errorObject(plannedError(502));
    return request.stream
      ? eventStream(failingEvents({ ...error, error: { ...error.error, code: 502 } }), switches.stall_ms)
      : Response.json({ ...error, error: { ...error.error, code: 502 } });
  }
  const said = analyse(request);
  const content = switches.cut_off && said.content ? cutOff(said.content) : said.content;
  const completion = complete(request, { ...said, content }, Math.floor(Date.now() / 1_000));
  if (request.stream) {
    const events = completionEvents(completion, request.stream_options?.include_usage ?? false);
    return eventStream(events, switches.stall_ms);
  }
  await new Promise((resolve) => setTimeout(resolve, switches.stall_ms));
  return Response.json(completionBody(completion));
}

/** Enough to look like the beginning of an answer, and no JSON any more. */
const cutOff = (content: string): string => content.slice(0, Math.floor(content.length * 0.6));
