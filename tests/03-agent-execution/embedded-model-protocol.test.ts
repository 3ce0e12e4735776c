import { describe, expect, it } from 'vitest';
import { type ChatEndpoint, chatContract, readStream, realEndpoint } from '#tests/support/contract-chat.ts';
import { handleModel } from '#workers/embedded/model/index.ts';

const KEY = 'local-model-key';
const embedded: ChatEndpoint = {
  call: (path, init) =>
    handleModel(new Request(`http://model.test/v1${path}`, init), { EMBEDDED_MODEL_KEY: KEY }),
  key: KEY,
  model: 'extractive-1',
};

chatContract('embedded', embedded);
const real = realEndpoint(process.env);
if (real) chatContract('real', real);

const post = (body: Record<string, unknown>) =>
  embedded.call('/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({
      model: 'extractive-1',
      messages: [{ role: 'user', content: 'What now?' }],
      ...body,
    }),
  });
const misbehave = (entry: Record<string, unknown>, attempt = 1, extra: Record<string, unknown> = {}) =>
  post({
    embedded: { misbehave: [{ agent: 'ALPHA', ...entry }], seat: 'ALPHA', round: 1, attempt },
    ...extra,
  });

describe('the embedded model as itself', () => {
  it('RUN-5: says in its model entry and in every answer that it is not an LLM', async () => {
    const models = await embedded.call('/models', { headers: { authorization: `Bearer ${KEY}` } });
    expect(await models.json()).toMatchObject({
      data: [
        { id: 'extractive-1', owned_by: 'embedded', description: expect.stringContaining('not an LLM') },
      ],
    });
    expect(await (await post({})).json()).toMatchObject({
      system_fingerprint: 'embedded-extractive-not-an-llm',
      usage: { cost: 0 },
    });
  });

  it('RUN-5: the same request gives the same answer', async () => {
    const strip = async (response: Response) => ({ ...((await response.json()) as object), created: 0 });
    expect(await strip(await post({}))).toEqual(await strip(await post({})));
  });

  it('RUN-5: names a wrong key, a missing key, an unknown model and an unknown address as OpenAI does', async () => {
    const error = async (response: Response) => ((await response.json()) as { error: object }).error;
    const wrong = await embedded.call('/models', { headers: { authorization: 'Bearer sk-no' } });
    expect(await error(wrong)).toMatchObject({ type: 'invalid_request_error', code: 'invalid_api_key' });
    expect((await embedded.call('/models', {})).status).toBe(401);
    const missing = await post({ model: 'gpt-99' });
    expect(missing.status).toBe(404);
    expect(await error(missing)).toMatchObject({ code: 'model_not_found', param: 'model' });
    const nowhere = await embedded.call('/embeddings', {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect([nowhere.status, await error(nowhere)]).toMatchObject([404, { code: 'unknown_url' }]);
  });

  it('RUN-4: an embedded model without a key lets nobody in', async () => {
    const request = new Request('http://model.test/v1/models', { headers: { authorization: 'Bearer ' } });
    expect((await handleModel(request, { EMBEDDED_MODEL_KEY: '' })).status).toBe(401);
  });

  it('AGENT-3: an answer longer than max_tokens is cut, and says so', async () => {
    const full = (await (await post({})).json()) as { choices: [{ message: { content: string } }] };
    const cut = (await (await post({ max_tokens: 3 })).json()) as {
      choices: [{ message: { content: string }; finish_reason: string }];
    };
    expect(cut.choices[0].finish_reason).toBe('length');
    expect(cut.choices[0].message.content).toBe(full.choices[0].message.content.slice(0, 12));
  });

  it('AGENT-2: tool_choice none calls nothing', async () => {
    const tools = [{ type: 'function', function: { name: 'delete_production', parameters: {} } }];
    const entry = { kind: 'forbidden_action', action: 'delete_production', target: 'prod-db' };
    const calls = async (extra: object) => {
      const { choices } = (await (await misbehave(entry, 1, { tools, ...extra })).json()) as {
        choices: [{ message: { tool_calls?: unknown[] } }];
      };
      return choices[0].message.tool_calls?.length ?? 0;
    };
    expect([await calls({ tool_choice: 'none' }), await calls({})]).toEqual([0, 1]);
  });
});

describe('the embedded model misbehaving', () => {
  it.each([[402], [429], [500], [503]])(
    'RUN-5 AGENT-3: error %i, as often as asked, then an answer',
    async (status) => {
      const entry = { kind: 'error', status, times: 2 };
      const statuses = [];
      for (const attempt of [1, 2, 3]) statuses.push((await misbehave(entry, attempt)).status);
      expect(statuses).toEqual([status, status, 200]);
      const first = await misbehave(entry);
      expect(await first.json()).toMatchObject({ error: { message: expect.any(String) } });
      expect(first.headers.has('retry-after')).toBe(status === 429);
    },
  );

  it('RUN-5 AGENT-3: an error inside a 200, in a stream and in a body', async () => {
    const entry = { kind: 'error_in_stream', times: 1 };
    const streamed = await misbehave(entry, 1, { stream: true });
    const { raw, done } = await readStream(streamed);
    expect([streamed.status, done]).toEqual([200, false]);
    expect(raw.at(-1)).toMatchObject({ error: { code: 502 } });
    const plain = await misbehave(entry);
    expect([plain.status, await plain.json()]).toMatchObject([200, { error: { code: 502 } }]);
    expect((await readStream(await misbehave(entry, 2, { stream: true }))).done).toBe(true);
  });

  it('RUN-5 AGENT-3: invalid JSON once, then valid', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const format = { response_format: { type: 'json_schema', json_schema: { name: 'any', schema } } };
    const text = async (attempt: number) => {
      const response = await misbehave({ kind: 'invalid_json', times: 1 }, attempt, format);
      return ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message
        .content;
    };
    const [broken, whole] = [await text(1), await text(2)];
    expect(() => JSON.parse(broken)).toThrow();
    expect(JSON.parse(whole)).toHaveProperty('a');
  });

  it('RUN-5 AGENT-4: a stall sends only comments, then the answer', async () => {
    const entry = { kind: 'stall', seconds: 0.02, times: 1 };
    const { comments, done, raw } = await readStream(await misbehave(entry, 1, { stream: true }));
    expect([comments > 0, done, raw.length > 0]).toEqual([true, true, true]);
    expect((await readStream(await misbehave(entry, 2, { stream: true }))).comments).toBe(0);
  });

  it('RUN-5: a stalled stream that nobody reads any more ends', async () => {
    const response = await misbehave({ kind: 'stall', seconds: 3_600, times: 1 }, 1, { stream: true });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^: keep-alive/);
    await reader.cancel();
    expect((await reader.read()).done).toBe(true);
  });

  it('RUN-5: a switch concerns its own agent only', async () => {
    const other = await post({
      embedded: {
        misbehave: [{ agent: 'BETA', kind: 'error', status: 503, times: 9 }],
        seat: 'ALPHA',
        round: 1,
        attempt: 1,
      },
    });
    expect(other.status).toBe(200);
  });
});
