import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** A chat completions endpoint, embedded or real. */
export interface ChatEndpoint {
  /** `path` starts with a slash and is relative to the `/v1` base. */
  call(path: string, init: RequestInit): Promise<Response>;
  key: string;
  model: string;
}

/** A real endpoint when the environment names one: MODEL_BASE_URL ends in `/v1`; MODEL_NAME picks the model. */
export function realEndpoint(env: Record<string, string | undefined>): ChatEndpoint | null {
  const { MODEL_BASE_URL: base, MODEL_API_KEY: key, MODEL_NAME: model = 'gpt-4o-mini' } = env;
  return base && key
    ? { call: (path, init) => fetch(`${base.replace(/\/$/, '')}${path}`, init), key, model }
    : null;
}

const Usage = z.looseObject({
  prompt_tokens: z.int().min(1),
  completion_tokens: z.int().min(0),
  total_tokens: z.int().min(1),
});
const Completion = z.looseObject({
  id: z.string().min(1),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string().min(1),
  choices: z
    .array(
      z.looseObject({
        index: z.int(),
        message: z.looseObject({ role: z.literal('assistant'), content: z.string().nullable() }),
        finish_reason: z.string(),
      }),
    )
    .min(1),
  usage: Usage,
});
const Chunk = z.looseObject({
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.looseObject({
      delta: z.looseObject({
        content: z.string().nullable().optional(),
        tool_calls: z
          .array(
            z.looseObject({
              index: z.int(),
              id: z.string().optional(),
              function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }),
            }),
          )
          .optional(),
      }),
      finish_reason: z.string().nullable().optional(),
    }),
  ),
  usage: Usage.nullable().optional(),
});
const Failure = z.looseObject({ error: z.looseObject({ message: z.string().min(1) }) });

/** The events of a stream: parsed chunks, whether it ended as it should, and how many comments it had. */
export async function readStream(response: Response) {
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
  return {
    comments: lines.filter((line) => line.startsWith(':')).length,
    done: data.at(-1) === '[DONE]',
    raw: data.filter((line) => line !== '[DONE]').map((line): unknown => JSON.parse(line)),
  };
}

const VERDICT_SCHEMA = {
  type: 'object',
  properties: {
    colour: { type: 'string', enum: ['red', 'green'] },
    count: { type: 'integer' },
    notes: { type: 'array', items: { type: 'string' } },
    remark: { type: ['string', 'null'] },
  },
  required: ['colour', 'count', 'notes', 'remark'],
  additionalProperties: false,
};
const Verdict = z.strictObject({
  colour: z.enum(['red', 'green']),
  count: z.int(),
  notes: z.array(z.string()),
  remark: z.string().nullable(),
});

const LOOK_UP = {
  type: 'function',
  function: {
    name: 'look_up',
    description: 'Looks a word up.',
    parameters: {
      type: 'object',
      properties: { word: { type: 'string' } },
      required: ['word'],
      additionalProperties: false,
    },
  },
};

/** What any endpoint has to do that agents are run against (AGENT-2, AGENT-3, AGENT-4, AGENT-6). */
export function chatContract(name: string, endpoint: ChatEndpoint): void {
  const post = (body: unknown, key = endpoint.key) =>
    endpoint.call('/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const ask = (extra: Record<string, unknown> = {}) =>
    post({
      model: endpoint.model,
      max_tokens: 400,
      messages: [
        { role: 'system', content: 'Answer briefly.' },
        { role: 'user', content: 'Is the light green? It is green.' },
      ],
      ...extra,
    });
  const structured = {
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'verdict', strict: true, schema: VERDICT_SCHEMA },
    },
  };

  describe(`chat completions: ${name}`, () => {
    it('AGENT-2 AGENT-6: answers with one message, a reason to stop and its usage', async () => {
      const response = await ask();
      expect(response.status).toBe(200);
      const { choices, usage } = Completion.parse(await response.json());
      expect(choices[0]?.message.content).not.toBe('');
      expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    });

    it('AGENT-4: streams the same answer in deltas, its usage last, and says when it is done', async () => {
      const response = await ask({ stream: true, stream_options: { include_usage: true } });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const { raw, done } = await readStream(response);
      const chunks = raw.map((one) => Chunk.parse(one));
      expect(done).toBe(true);
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).not.toBe('');
      expect(chunks.some((chunk) => chunk.choices[0]?.finish_reason)).toBe(true);
      expect(chunks.findLast((chunk) => chunk.usage)?.usage?.prompt_tokens).toBeGreaterThan(0);
    });

    it('AGENT-3: keeps to a strict JSON schema', async () => {
      const { choices } = Completion.parse(await (await ask(structured)).json());
      expect(Verdict.safeParse(JSON.parse(choices[0]?.message.content ?? '')).success).toBe(true);
    });

    it('AGENT-3: keeps to it in a stream too', async () => {
      const { raw } = await readStream(await ask({ ...structured, stream: true }));
      const text = raw.map((one) => Chunk.parse(one).choices[0]?.delta.content ?? '').join('');
      expect(Verdict.safeParse(JSON.parse(text)).success).toBe(true);
    });

    it('AGENT-2: calls a tool that it is told to call, and answers once it has the result', async () => {
      const tools = { tools: [LOOK_UP], tool_choice: { type: 'function', function: { name: 'look_up' } } };
      const { choices } = Completion.parse(await (await ask(tools)).json());
      const message = choices[0]?.message as {
        tool_calls?: { id: string; function: { name: string; arguments: string } }[];
      };
      const [call] = message.tool_calls ?? [];
      expect(call?.function.name).toBe('look_up');
      expect(
        z.strictObject({ word: z.string() }).safeParse(JSON.parse(call?.function.arguments ?? '')).success,
      ).toBe(true);
      const after = await post({
        model: endpoint.model,
        max_tokens: 400,
        tools: [LOOK_UP],
        messages: [
          { role: 'user', content: 'Look the word "light" up and say what it means.' },
          message,
          { role: 'tool', tool_call_id: call?.id, content: 'light: what makes things visible' },
        ],
      });
      expect(Completion.parse(await after.json()).choices[0]?.finish_reason).toBe('stop');
    });

    it('AGENT-4: a tool call in a stream comes in pieces that join to JSON', async () => {
      const choice = { type: 'function', function: { name: 'look_up' } };
      const { raw } = await readStream(await ask({ tools: [LOOK_UP], tool_choice: choice, stream: true }));
      const pieces = raw.flatMap((one) => Chunk.parse(one).choices[0]?.delta.tool_calls ?? []);
      expect(pieces[0]?.function.name).toBe('look_up');
      expect(pieces[0]?.id).toBeTruthy();
      expect(JSON.parse(pieces.map((piece) => piece.function.arguments ?? '').join(''))).toHaveProperty(
        'word',
      );
    });

    it('AGENT-3: a wrong key is a 401 with an error object', async () => {
      const response = await post(
        { model: endpoint.model, messages: [{ role: 'user', content: 'hi' }] },
        'sk-wrong',
      );
      expect(response.status).toBe(401);
      expect(Failure.safeParse(await response.json()).success).toBe(true);
    });

    it('AGENT-3 SEC-2: a body that is no JSON, or has no messages, is a 400 with an error object', async () => {
      for (const body of ['{"model": ', { model: endpoint.model }]) {
        const response = await post(body);
        expect(response.status).toBe(400);
        expect(Failure.safeParse(await response.json()).success).toBe(true);
      }
    });

    it('AGENT-3: a model that does not exist is refused with an error object', async () => {
      const response = await post({ model: 'no-such-model-7', messages: [{ role: 'user', content: 'hi' }] });
      expect([400, 404]).toContain(response.status);
      expect(Failure.safeParse(await response.json()).success).toBe(true);
    });

    it('OPS-1: lists its models', async () => {
      const response = await endpoint.call('/models', {
        headers: { authorization: `Bearer ${endpoint.key}` },
      });
      const { data } = z
        .looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
        .parse(await response.json());
      expect(data.length).toBeGreaterThan(0);
    });
  });
}
