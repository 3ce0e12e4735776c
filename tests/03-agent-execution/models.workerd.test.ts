import { describe, expect, it } from 'vitest';
import { OUTPUT_SCHEMAS, type PlannerReport } from '#domain/agents/output.ts';
import { buildPrompt } from '#domain/agents/prompts/index.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { callModel, type ModelRequest } from '#workers/models/index.ts';
import { TOOLS, toolsFor } from '#workers/steps/index.ts';

/** The same model layer in the runtime it is deployed to: its streams, timers and abort signals are workerd's own here. */
const KEY = 'embedded-model-key-0001';
const encoder = new TextEncoder();

const request = (more: Partial<ModelRequest<PlannerReport>> = {}): ModelRequest<PlannerReport> => ({
  choice: { provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 4_000 },
  apiKey: KEY,
  baseUrls: { embedded: 'http://model.test/v1' },
  messages: buildPrompt({
    role: 'PLANNER',
    tier: 1,
    turn: {
      objective: 'May we drop the index tonight?',
      documents: [
        { name: 'rules.md', sha256: 'a', bytes: 10, media_type: 'text/markdown', origin: 'trusted' },
      ],
      blackboard: null,
      transcript: [],
      tools_allowed: false,
      earlier: null,
    },
    texts: { a: '# 1 Indexes\nAn index must never be dropped before its replacement answers all queries.' },
    tools: toolsFor(1, 'PLANNER'),
  }),
  tools: toolsFor(1, 'PLANNER'),
  allowTools: false,
  schemaName: 'planner_report',
  schema: OUTPUT_SCHEMAS.planner_report,
  embedded: { misbehave: [], seat: 'PLANNER', round: 0, attempt: 1 },
  signal: new AbortController().signal,
  onProgress: () => undefined,
  fetch: (input, init) =>
    handleModel(new Request(String(input), init as RequestInit), { EMBEDDED_MODEL_KEY: KEY }),
  ...more,
});

/** Sends comments for ever, as a provider that queues the request does. */
const keepAlive: typeof fetch = async () => {
  let timer: ReturnType<typeof setInterval> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(encoder.encode(': keep-alive\n\n')), 5);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
};

describe('the model layer in workerd', () => {
  it('AGENT-3 AGENT-4: a streamed answer arrives, fits its schema, and was progress', async () => {
    const notes: string[] = [];
    const answer = await callModel(request({ onProgress: (note) => notes.push(note) }));
    expect(answer).toMatchObject({
      ok: true,
      value: { kind: 'output', usage: { provider: 'embedded', model: 'extractive-1' } },
    });
    expect(notes.at(-1)).toMatch(/^answering, \d+ characters/);
  });

  it('AGENT-3: a cut answer is repaired by asking once more', async () => {
    const embedded = {
      misbehave: [{ agent: 'PLANNER', kind: 'invalid_json', times: 1 }],
      seat: 'PLANNER',
      round: 0,
      attempt: 1,
    };
    const notes: string[] = [];
    const answer = await callModel(request({ embedded, onProgress: (note) => notes.push(note) }));
    expect(answer.ok).toBe(true);
    expect(notes).toContain('the answer did not fit its schema; asking once more');
  });

  it('AGENT-4: keep-alive comments do not count as a first token', async () => {
    const answer = await callModel(request({ fetch: keepAlive, timeouts: { first_token: 40, idle: 40 } }));
    expect(answer).toMatchObject({ ok: false, error: { code: 'model_timeout', retryable: true } });
  });

  it('PIPE-8: an aborted call ends as cancelled', async () => {
    const controller = new AbortController();
    const answer = callModel(request({ fetch: keepAlive, signal: controller.signal }));
    controller.abort();
    expect(await answer).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('GOV-6: workerd’s URL parser spells private addresses as the egress rules read them', () => {
    const target = (url: string) => TOOLS.get('http_get')?.rule.target({ url });
    expect(target('http://0x7f.1/')).toBe('127.0.0.1');
    expect(target('http://2852039166/')).toBe('169.254.169.254');
    expect(target('http://[::ffff:127.0.0.1]/')).toBe('[::ffff:7f00:1]');
  });
});
