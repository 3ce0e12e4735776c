import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTPUT_SCHEMAS, type PlannerReport } from '#domain/agents/output.ts';
import type { Provider } from '#domain/plan/plan.ts';
import { type ModelServer, type Reply, startModelServer } from '#tests/support/model-server.ts';
import { callModel, type ModelRequest, wireSchema } from '#workers/models/index.ts';

const KEY = 'sk-planted-key-1234567890';
const SECRET_PROMPT = 'the objective that no error may repeat';
const REPORT: PlannerReport = {
  summary: 'A review.',
  tasks: [],
  risks: [],
  proposed_actions: [],
  complexity: 20,
};

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

const request = (
  more: Partial<ModelRequest<PlannerReport>> = {},
  provider: Provider = 'compatible',
): ModelRequest<PlannerReport> => ({
  choice: { provider, model: 'first', fallbacks: [], max_tokens: 1_000 },
  apiKey: KEY,
  baseUrls: { [provider]: server.url },
  messages: [
    { role: 'system', text: 'You plan.' },
    { role: 'user', text: SECRET_PROMPT },
  ],
  tools: [
    {
      name: 'look',
      description: 'Looks.',
      parameters: { type: 'object', properties: {}, additionalProperties: false },
    },
  ],
  allowTools: true,
  schemaName: 'planner_report',
  schema: OUTPUT_SCHEMAS.planner_report,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  timeouts: { first_token: 5_000, idle: 5_000 },
  ...more,
});

async function call(
  replies: Reply[],
  more: Partial<ModelRequest<PlannerReport>> = {},
  provider: Provider = 'compatible',
) {
  const from = server.requests.length;
  server.script(...replies);
  const answer = await callModel(request(more, provider));
  return { answer, sent: server.requests.slice(from).map(({ body }) => body) };
}

async function failure(...replies: Reply[]) {
  const { answer } = await call(replies);
  if (answer.ok) throw new Error('expected a failure');
  return answer.error;
}

describe('what is sent', () => {
  it('AGENT-3: the schema travels by name, strictly, beside the tools, and its limits as words', async () => {
    const { sent } = await call([{ kind: 'json', value: REPORT }]);
    const format = sent[0]?.response_format;
    expect(format).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'planner_report', strict: true },
    });
    expect(sent[0]?.tools?.[0]?.function.name).toBe('look');
    const text = JSON.stringify(format?.json_schema.schema);
    for (const keyword of ['maxLength', 'minLength', 'maxItems', 'minimum', 'maximum', '$schema']) {
      expect(text).not.toContain(`"${keyword}"`);
    }
    expect(format?.json_schema.schema.properties?.complexity?.description).toBe('at least 0; at most 100');
  });

  it('AGENT-3: every object in every output schema requires all its fields and admits no others', () => {
    const check = (schema: unknown): number => {
      if (typeof schema !== 'object' || schema === null) return 0;
      const { properties, required, additionalProperties } = schema as Record<string, unknown>;
      const here =
        typeof properties === 'object' && properties !== null && typeof required !== 'undefined' ? 1 : 0;
      if (here) {
        expect(required).toEqual(Object.keys(properties as object));
        expect(additionalProperties).toBe(false);
      }
      return here + Object.values(schema).reduce((sum: number, inner) => sum + check(inner), 0);
    };
    for (const schema of Object.values(OUTPUT_SCHEMAS)) expect(check(wireSchema(schema))).toBeGreaterThan(2);
  });

  it('AGENT-3: a last leg forbids tools but keeps them named, for providers that look them up in the history', async () => {
    const { sent } = await call([{ kind: 'json', value: REPORT }], { allowTools: false });
    expect(sent[0]).toMatchObject({ tool_choice: 'none', tools: [{ function: { name: 'look' } }] });
  });

  it('RUN-5: only the embedded model is sent its switches', async () => {
    const embedded = { misbehave: [{ kind: 'stall' }], seat: 'ALPHA', round: 2, attempt: 3 };
    const first = await call([{ kind: 'json', value: REPORT }], { embedded }, 'embedded');
    expect(first.sent[0]?.embedded).toEqual(embedded);
    const second = await call([{ kind: 'json', value: REPORT }], { embedded }, 'compatible');
    expect(second.sent[0]).not.toHaveProperty('embedded');
  });

  it('AGENT-2: OpenRouter gets the fallbacks at once and is held to hosts that keep to the schema', async () => {
    const choice = { provider: 'openrouter' as const, model: 'a/one', fallbacks: ['b/two'], max_tokens: 50 };
    const { answer, sent } = await call(
      [
        {
          kind: 'json',
          value: REPORT,
          model: 'b/two',
          usage: {
            prompt_tokens: 10,
            completion_tokens: 5,
            total_tokens: 15,
            cost: 0.0000123,
            prompt_tokens_details: { cached_tokens: 4 },
          },
        },
      ],
      { choice },
      'openrouter',
    );
    expect(sent[0]).toMatchObject({
      model: 'a/one',
      models: ['a/one', 'b/two'],
      max_tokens: 50,
      provider: { require_parameters: true },
      response_format: { type: 'json_schema', json_schema: { name: 'planner_report', strict: true } },
    });
    expect(server.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${KEY}` });
    // AGENT-6: the bill in whole micro-USD, rounded up, and the model that answered.
    expect(answer).toMatchObject({
      ok: true,
      value: {
        usage: {
          tokens_in: 10,
          tokens_out: 5,
          tokens_cached: 4,
          cost_microusd: 13,
          model: 'b/two',
          provider: 'openrouter',
        },
      },
    });
  });
});

describe('answers', () => {
  it('AGENT-3: an answer that fits is the output; a Markdown fence around it does no harm', async () => {
    const { answer } = await call([{ kind: 'json', value: REPORT, fenced: true }]);
    expect(answer).toMatchObject({ ok: true, value: { kind: 'output', value: REPORT } });
  });

  it('AGENT-4: reasoning and content are progress, without their words', async () => {
    const notes: string[] = [];
    await call([{ kind: 'json', value: REPORT, reasoning: 'thinking about it' }], {
      onProgress: (note) => notes.push(note),
    });
    expect(notes[0]).toBe('reasoning, 17 characters so far');
    expect(notes.at(-1)).toMatch(/^answering, \d+ characters so far$/);
    expect(notes.join()).not.toContain('review');
  });

  it('AGENT-3: tool calls come back parsed; arguments that are no object are kept for the gate to refuse', async () => {
    const { answer } = await call([
      {
        kind: 'calls',
        calls: [
          { id: 'a', name: 'look', arguments: '{"where":"a long enough place to be sent in two pieces"}' },
          { id: 'b', name: 'look', arguments: '[1]' },
        ],
      },
    ]);
    expect(answer).toMatchObject({
      ok: true,
      value: {
        kind: 'tool_calls',
        calls: [
          {
            call_id: 'a',
            tool: 'look',
            arguments: { where: 'a long enough place to be sent in two pieces' },
          },
          { call_id: 'b', arguments: { unparsed: '[1]' } },
        ],
      },
    });
  });

  it('AGENT-3: a wrong answer is sent back once with what is wrong, and both calls are charged', async () => {
    const { answer, sent } = await call([
      { kind: 'json', value: { ...REPORT, complexity: 300 } },
      { kind: 'json', value: REPORT },
    ]);
    expect(answer).toMatchObject({
      ok: true,
      value: { kind: 'output', usage: { tokens_in: 200, tokens_out: 40 } },
    });
    expect(sent).toHaveLength(2);
    expect(sent[1]?.messages.at(-2)).toMatchObject({
      role: 'assistant',
      content: expect.stringContaining('300'),
    });
    expect(sent[1]?.messages.at(-1)?.content).toContain('complexity: ');
    expect(sent[1]).toMatchObject({ tool_choice: 'none' });
  });

  it('AGENT-3: two wrong answers are the agent’s error, with what they cost', async () => {
    const error = await failure({ kind: 'text', text: '{"summary":' }, { kind: 'text', text: 'Sorry.' });
    expect(error).toMatchObject({
      code: 'invalid_output',
      cause: 'agent',
      retryable: true,
      usage: { tokens_in: 200 },
    });
  });

  it('AGENT-3: a model that calls tools on its last leg is asked to answer', async () => {
    const calls: Reply = { kind: 'calls', calls: [{ id: 'a', name: 'look', arguments: '{}' }] };
    const { answer } = await call([calls, { kind: 'json', value: REPORT }], { allowTools: false });
    expect(answer).toMatchObject({ ok: true, value: { kind: 'output' } });
  });

  it('AGENT-6: an endpoint that reports no usage is charged by an estimate and the price list', async () => {
    const { answer } = await call([{ kind: 'json', value: REPORT, usage: {} }], {
      prices: { first: { input: 1_000_000, output: 1_000_000 } },
    });
    if (!answer.ok) throw new Error(answer.error.message);
    const { tokens_in, tokens_out, cost_microusd } = answer.value.usage;
    expect(tokens_out).toBeGreaterThan(10);
    expect(cost_microusd).toBe(tokens_in + tokens_out);
  });
});

describe('failures', () => {
  const HTTP: [number, string, boolean][] = [
    [400, 'model_request_refused', false],
    [401, 'model_key_refused', false],
    [402, 'model_credits', false],
    [403, 'model_key_refused', false],
    [404, 'model_not_found', false],
    [408, 'model_timeout', true],
    [429, 'model_rate_limited', true],
    [500, 'model_unavailable', true],
    [503, 'model_unavailable', true],
  ];
  it.each(HTTP)('AGENT-3: HTTP %i is %s', async (status, code, retryable) => {
    const reply: Reply = {
      kind: 'status',
      status,
      body: { error: { message: `refused ${KEY} for "${SECRET_PROMPT}"`, type: 'x', code: 'the_code' } },
    };
    // After a 400 the request is made once more, with the schema in the prompt.
    const error = await failure(...(status === 400 ? [reply, reply] : [reply]));
    expect(error).toMatchObject({ code, retryable, cause: 'dependency', retry_after_s: null });
    expect(error.message).toContain('the_code');
    // SEC-3: a provider's own words may quote the key and the prompt; ours do not.
    expect(error.message).not.toContain(KEY);
    expect(error.message).not.toContain(SECRET_PROMPT);
  });

  it('AGENT-3: Retry-After is handed on, as seconds', async () => {
    expect(await failure({ kind: 'status', status: 429, headers: { 'retry-after': '7' } })).toMatchObject({
      retry_after_s: 7,
    });
    const date = new Date(Date.now() + 3_600_000 * 5).toUTCString();
    expect(await failure({ kind: 'status', status: 503, headers: { 'retry-after': date } })).toMatchObject({
      retry_after_s: 3_600,
    });
  });

  it('AGENT-3: an error inside a 200 keeps its meaning, as an event or as the whole body', async () => {
    expect(
      await failure({ kind: 'error_event', error: { code: 429, message: 'slow down' }, after: '{"summ' }),
    ).toMatchObject({ code: 'model_rate_limited', retryable: true });
    expect(
      await failure({ kind: 'error_event', error: { code: 'insufficient_quota', message: KEY } }),
    ).toMatchObject({ code: 'model_credits', retryable: false });
    expect(await failure({ kind: 'error_event', error: { code: 'odd_thing', message: KEY } })).toMatchObject({
      code: 'model_error_in_stream',
      retryable: true,
    });
    expect(await failure({ kind: 'error_body', error: { code: 402, message: 'no credits' } })).toMatchObject({
      code: 'model_credits',
    });
  });

  it('AGENT-3: broken, cut and empty streams are told apart from each other and from silence', async () => {
    expect((await failure({ kind: 'broken_event' })).code).toBe('model_malformed_stream');
    expect((await failure({ kind: 'cut_off', after: '{"summary"' })).code).toBe('model_unavailable');
    expect((await failure({ kind: 'nothing' })).code).toBe('model_empty_answer');
    expect((await failure({ kind: 'text', text: 'no.', finish: 'content_filter' })).code).toBe(
      'model_refused',
    );
  });

  it('AGENT-4: keep-alive comments are no first token, and no progress after one', async () => {
    const notes: string[] = [];
    const timeouts = { first_token: 60, idle: 60 };
    const first = await call([{ kind: 'keep_alive' }], { timeouts, onProgress: (note) => notes.push(note) });
    expect(first.answer).toMatchObject({
      ok: false,
      error: { code: 'model_timeout', message: expect.stringContaining('did not begin') },
    });
    expect(notes).toEqual([]);
    const second = await call([{ kind: 'keep_alive', after: '{"summary"' }], {
      timeouts: { first_token: 5_000, idle: 60 },
    });
    expect(second.answer).toMatchObject({
      ok: false,
      error: { code: 'model_timeout', message: expect.stringContaining('fell silent') },
    });
  });

  it('AGENT-2: an endpoint that refuses the response format gets the schema in its prompt, and is held to it all the same', async () => {
    const { answer, sent } = await call([
      { kind: 'status', status: 400 },
      { kind: 'json', value: { ...REPORT, complexity: -1 } },
      { kind: 'status', status: 400 },
      { kind: 'json', value: REPORT },
    ]);
    expect(answer).toMatchObject({ ok: true, value: { value: REPORT } });
    expect(sent.map((body) => 'response_format' in body)).toEqual([true, false, true, false]);
    expect(sent[1]?.messages[0]?.content).toContain('fits the JSON schema planner_report:');
    const openrouter = await call([{ kind: 'status', status: 400 }], {}, 'openrouter');
    expect(openrouter.sent).toHaveLength(1);
  });

  it('AGENT-2: fallbacks are tried in order where another model may do better, and not with a refused key', async () => {
    const choice = {
      provider: 'compatible' as const,
      model: 'first',
      fallbacks: ['second', 'third'],
      max_tokens: 100,
    };
    const worked = await call(
      [{ kind: 'status', status: 503 }, { kind: 'nothing' }, { kind: 'json', value: REPORT }],
      { choice },
    );
    expect(worked.sent.map(({ model }) => model)).toEqual(['first', 'second', 'third']);
    expect(worked.answer).toMatchObject({ ok: true, value: { usage: { model: 'third' } } });
    const refused = await call([{ kind: 'status', status: 401 }], { choice });
    expect(refused.sent).toHaveLength(1);
  });

  it('AGENT-2, OPS-1: a model whose breaker is open is left out of the list, and each that was asked tells how it did', async () => {
    const choice = {
      provider: 'compatible' as const,
      model: 'first',
      fallbacks: ['second', 'third'],
      max_tokens: 100,
    };
    const told: [string, string | null][] = [];
    const onOutcome: ModelRequest<PlannerReport>['onOutcome'] = (name, error) =>
      told.push([name, error?.code ?? null]);
    const { sent } = await call(
      [
        { kind: 'status', status: 503 },
        { kind: 'json', value: REPORT },
      ],
      {
        choice,
        avoid: ['first'],
        onOutcome,
      },
    );
    expect(sent.map(({ model }) => model)).toEqual(['second', 'third']);
    expect(told).toEqual([
      ['second', 'model_unavailable'],
      ['third', null],
    ]);
    const router = { ...choice, provider: 'openrouter' as const };
    const routed = await call(
      [{ kind: 'json', value: REPORT }],
      { choice: router, avoid: ['first'] },
      'openrouter',
    );
    expect(routed.sent[0]).toMatchObject({ model: 'second', models: ['second', 'third'] });
  });

  it('PIPE-11: a wrong answer is asked for again only while the repair fits into what was reserved', async () => {
    const wrong: Reply = { kind: 'text', text: 'no JSON' };
    // The scripted endpoint counts 100 tokens in and 20 out.
    const needed = 120 + 120 + 2_000 + 1_000;
    const right = { kind: 'json', value: REPORT } as const;
    const enough = await call([wrong, right], { budget: { tokens: needed, cost_microusd: 0 } });
    expect([enough.answer.ok, enough.sent.length]).toEqual([true, 2]);
    const short = await call([wrong], { budget: { tokens: needed - 1, cost_microusd: 0 } });
    expect(short.sent).toHaveLength(1);
    expect(short.answer).toMatchObject({
      ok: false,
      error: { code: 'invalid_output', usage: { tokens_in: 100 } },
    });

    const choice = { ...request().choice, price: { input: 1_000_000, output: 2_000_000 } };
    const prices = { first: choice.price };
    const cost = 100 + 2 * 20 + (120 + 2_000) + 2 * 1_000;
    const tokens = 100_000;
    const dear = await call([wrong], { choice, prices, budget: { tokens, cost_microusd: cost - 1 } });
    expect(dear.sent).toHaveLength(1);
    const paid = await call([wrong, right], { choice, prices, budget: { tokens, cost_microusd: cost } });
    expect([paid.answer.ok, paid.sent.length]).toEqual([true, 2]);
  });

  it('PIPE-11, AGENT-6: an answer that broke off has been billed: it is charged, and a fallback must still fit', async () => {
    const broken: Reply = { kind: 'cut_off', after: `{"summary": "${'long '.repeat(400)}` };
    const choice = {
      ...request().choice,
      fallbacks: ['second'],
      price: { input: 1_000_000, output: 1_000_000 },
    };
    const { answer, sent } = await call([broken, { kind: 'json', value: REPORT }], { choice });
    if (!answer.ok) throw new Error(answer.error.message);
    expect(sent.map(({ model }) => model)).toEqual(['first', 'second']);
    expect(answer.value.usage.tokens_out).toBeGreaterThan(500);
    expect(answer.value.usage.cost_microusd).toBeGreaterThan(600);
    const tight = await call([broken], { choice, budget: { tokens: 1_200, cost_microusd: 1_000_000 } });
    expect(tight.sent).toHaveLength(1);
    expect(tight.answer).toMatchObject({ ok: false, error: { usage: { model: 'first' } } });
  });

  it('PIPE-11: a model that the deployment has no price for costs what was reserved for it', async () => {
    const choice = { ...request().choice, price: { input: 3_000_000, output: 15_000_000 } };
    const { answer } = await call([{ kind: 'json', value: REPORT }], { choice });
    expect(answer).toMatchObject({ ok: true, value: { usage: { cost_microusd: 100 * 3 + 20 * 15 } } });
  });

  it('PIPE-8: an aborted call ends as cancelled, whatever the endpoint does', async () => {
    const controller = new AbortController();
    const { answer } = await call([{ kind: 'keep_alive', after: '{' }], {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'cancelled', retryable: false } });
  });

  it('AGENT-2: a provider without an address, and one that nobody answers for, say so', async () => {
    const none = await callModel(request({ baseUrls: {} }));
    expect(none).toMatchObject({ ok: false, error: { code: 'model_not_configured', retryable: false } });
    const gone = await callModel(request({ baseUrls: { compatible: 'http://127.0.0.1:9/v1' } }));
    expect(gone).toMatchObject({ ok: false, error: { code: 'model_unavailable', retryable: true } });
  });
});
