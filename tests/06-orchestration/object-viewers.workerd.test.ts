import { evictDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import type { PipelineFrame } from '#contract/frames.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { proposal } from '#tests/support/pipeline.ts';
import { answer, ask, makeTenant, spawnBody } from '#tests/support/worker.ts';

listenToQueues();
const TENANT = 'acme';

const streamUrl = (since: number | string) => `https://object/stream?tenant=${TENANT}&since=${since}`;

/** A viewer that resumes after `since`, with everything it was sent. */
async function watch(pipeline: DrivenPipeline, since: number | string) {
  const request = new Request(streamUrl(since), { headers: { upgrade: 'websocket' } });
  const response = await pipeline.rpc.fetch(request);
  expect(response.status).toBe(101);
  const socket = response.webSocket as WebSocket;
  const frames: PipelineFrame[] = [];
  socket.addEventListener('message', (m) => {
    if (m.data !== 'pong') frames.push(JSON.parse(String(m.data)) as PipelineFrame);
  });
  socket.accept();
  const seqs = () => frames.flatMap((f) => (f.kind === 'events' ? f.events.map((e) => e.seq) : []));
  return { socket, frames, seqs };
}

const seqsAfter = (since: number, last: number) =>
  Array.from({ length: last - since }, (_, i) => since + 1 + i);

describe('viewers', () => {
  it('API-3: from any event on, first the past, then live, without gap or repeat', async () => {
    const pipeline = await (await DrivenPipeline.spawn(TENANT)).login();
    const { seq } = await pipeline.state();
    const starts = Array.from({ length: seq + 1 }, (_, since) => since);
    const viewers = await Promise.all(starts.map((since) => watch(pipeline, since)));
    await pipeline.plan();
    const { seq: last } = await pipeline.state();
    for (const [since, { seqs, frames, socket }] of viewers.entries()) {
      await vi.waitFor(() => expect(seqs().at(-1)).toBe(last));
      expect(seqs()).toEqual(seqsAfter(since, last));
      const live = frames.findIndex((f) => f.kind === 'live');
      expect(frames[live]).toEqual({ kind: 'live', seq });
      expect(frames.filter((f) => f.kind === 'live').length).toBe(1);
      expect(frames.slice(0, live).length).toBe(since < seq ? 1 : 0);
      socket.close();
    }
  });

  it('API-3: viewers that come while the pipeline works miss nothing and hear nothing twice', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const arriving: ReturnType<typeof watch>[] = [];
    const work = (async () => {
      await pipeline.toRoundOne();
      await pipeline.speak('ALPHA', { proposal: proposal('p') });
      await pipeline.speak('BETA');
    })();
    for (let n = 0; n < 20; n++) arriving.push(watch(pipeline, 0));
    await work;
    const { seq } = await pipeline.state();
    for (const { seqs, socket } of await Promise.all(arriving)) {
      await vi.waitFor(() => expect(seqs().at(-1)).toBe(seq));
      expect(seqs()).toEqual(seqsAfter(0, seq));
      socket.close();
    }
  });

  it('API-3: a viewer stays connected while the object is evicted, and goes on without gap or repeat', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const viewer = await watch(pipeline, 0);
    await vi.waitFor(() => expect(viewer.seqs().length).toBe(2));
    await evictDurableObject(pipeline.object);
    await pipeline.login();
    await evictDurableObject(pipeline.object);
    await pipeline.plan();
    const { seq } = await pipeline.state();
    await vi.waitFor(() => expect(viewer.seqs()).toEqual(seqsAfter(0, seq)));
    viewer.socket.close();
  });

  it('API-3: a viewer that was cut off resumes after the last event that it saw', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const first = await watch(pipeline, 0);
    await vi.waitFor(() => expect(first.seqs().length).toBe(2));
    await evictDurableObject(pipeline.object, { webSockets: 'close' });
    await pipeline.login();
    const { seq } = await pipeline.state();
    const again = await watch(pipeline, first.seqs().at(-1) ?? 0);
    await vi.waitFor(() => expect(again.seqs().at(-1)).toBe(seq));
    expect([...first.seqs(), ...again.seqs()]).toEqual(seqsAfter(0, seq));
    again.socket.close();
  });

  it('API-3 SEC-2: a senseless `since` shows the whole past; one beyond the end waits for what comes', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const { seq } = await pipeline.state();
    for (const since of ['-7', 'x', '']) {
      const { seqs, socket } = await watch(pipeline, since);
      await vi.waitFor(() => expect(seqs()).toEqual(seqsAfter(0, seq)));
      socket.close();
    }
    const beyond = await watch(pipeline, seq + 5);
    await vi.waitFor(() => expect(beyond.frames).toEqual([{ kind: 'live', seq }]));
    beyond.socket.close();
  });

  it('API-3: a ping is answered without waking anybody', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const { socket } = await watch(pipeline, 0);
    const answers: unknown[] = [];
    socket.addEventListener('message', (m) => {
      answers.push(m.data);
    });
    await evictDurableObject(pipeline.object);
    socket.send('ping');
    await vi.waitFor(() => expect(answers).toContain('pong'));
    socket.close();
  });

  it('API-3: server-sent events carry the same frames, past and live', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const response = await pipeline.rpc.fetch(new Request(streamUrl(1)));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await pipeline.login();
    const { seq } = await pipeline.state();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    const frames = () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .map((part) => JSON.parse(part.replace(/^data: /, '')) as PipelineFrame);
    const seqs = () => frames().flatMap((f) => (f.kind === 'events' ? f.events.map((e) => e.seq) : []));
    while (seqs().at(-1) !== seq) text += new TextDecoder().decode((await reader.read()).value);
    expect(seqs()).toEqual(seqsAfter(1, seq));
    expect(
      frames()
        .map((f) => f.kind)
        .slice(0, 2),
    ).toEqual(['events', 'live']);
    await reader.cancel();
  });

  it('API-3: a viewer who left does not disturb the others', async () => {
    const pipeline = await DrivenPipeline.spawn(TENANT);
    const gone = await watch(pipeline, 0);
    const stays = await watch(pipeline, 0);
    gone.socket.close(4_001, 'bye');
    const sse = await pipeline.rpc.fetch(new Request(streamUrl(0)));
    await sse.body?.cancel();
    await pipeline.login();
    const { seq } = await pipeline.state();
    await vi.waitFor(() => expect(stays.seqs()).toEqual(seqsAfter(0, seq)));
    stays.socket.close();
  });
});

describe('the stream’s path', () => {
  it('API-3 TEN-1: resumes after `since`; a foreign pipeline, a plain request, a bad `since` are refused', async () => {
    const tenant = await makeTenant('streaming');
    const foreign = await makeTenant('foreign');
    const key = tenant.keys.viewer;
    const { body } = await answer<Pipeline>('/api/spawn', { key: tenant.keys.operator, body: spawnBody() });
    const path = `/api/pipeline/stream?pipeline_id=${body.pipeline_id}`;
    const headers = { upgrade: 'websocket' };
    const response = await ask(`${path}&since=1`, { key, headers });
    expect(response.status).toBe(101);
    const socket = response.webSocket as WebSocket;
    const first = new Promise<PipelineFrame>((resolve) =>
      socket.addEventListener('message', (m) => resolve(JSON.parse(String(m.data)) as PipelineFrame), {
        once: true,
      }),
    );
    socket.accept();
    const frame = await first;
    expect(frame.kind === 'events' && frame.events.map((e) => e.seq)).toEqual(seqsAfter(1, body.seq));
    socket.close();
    expect((await ask(path, { key: foreign.keys.admin, headers })).status).toBe(404);
    expect((await ask(path, { key })).status).toBe(426);
    for (const since of ['-1', 'x', '1.5'])
      expect((await ask(`${path}&since=${since}`, { key, headers })).status).toBe(422);
  });
});
