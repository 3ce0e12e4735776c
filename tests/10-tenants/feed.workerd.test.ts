import { evictDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { TenantFrame } from '#contract/frames.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { feedStub } from '#objects/shared/stubs.ts';
import { answer, ask, env, makeTenant, spawnBody, type TestTenant } from '#tests/support/worker.ts';

let acme: TestTenant;
let template: Pipeline;
beforeAll(async () => {
  acme = await makeTenant('acme');
  const { body } = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
  template = body;
});

const pipeline = (number: number, over: Partial<Pipeline> = {}): Pipeline => ({
  ...template,
  pipeline_id: `pl_fake${number}`,
  number,
  seq: 1,
  ...over,
});

/** A viewer of a tenant's list, with the frames it has got. */
async function watch(key: string): Promise<{ frames: TenantFrame[]; socket: WebSocket }> {
  const response = await ask('/api/stream', { key, headers: { upgrade: 'websocket' } });
  const socket = response.webSocket as WebSocket;
  const frames: TenantFrame[] = [];
  socket.addEventListener('message', (m) => {
    frames.push(JSON.parse(String(m.data)) as TenantFrame);
  });
  socket.accept();
  return { frames, socket };
}
const idsIn = (frames: TenantFrame[], kind: TenantFrame['kind']) =>
  frames.filter((f) => f.kind === kind).flatMap((f) => f.pipelines.map((p) => `${p.pipeline_id}@${p.seq}`));

describe('the list feed', () => {
  it('API-3: a viewer gets the live list, then changes, the last state of each pipeline once', async () => {
    const feed = feedStub(env.FEED, 'feed-a');
    const tenant = await makeTenant('feed-a');
    await feed.update(pipeline(1));
    const { frames, socket } = await watch(tenant.keys.viewer);
    await vi.waitFor(() => expect(idsIn(frames, 'snapshot')).toEqual(['pl_fake1@1']));
    for (let seq = 2; seq <= 9; seq++) await feed.update(pipeline(1, { seq }));
    await feed.update(pipeline(2));
    await vi.waitFor(() => expect(idsIn(frames, 'changes').sort()).toEqual(['pl_fake1@9', 'pl_fake2@1']));
    socket.close();
  });

  it('UI-5: who begins to watch hears of an incident of the last day, though its pipeline has ended', async () => {
    const feed = feedStub(env.FEED, 'feed-i');
    const tenant = await makeTenant('feed-i');
    const incident = (hoursAgo: number): Pipeline['incident'] => ({
      violation_id: `vi_${hoursAgo}`,
      seq: 1,
      at: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
      rule: 'forbidden_action:delete_production',
      severity: 'critical',
      agent_id: null,
      role: null,
      tool: null,
      target: null,
      consequence: 'pipeline stopped',
    });
    await feed.update(pipeline(1, { state: 'FAILED', incident: incident(1) }));
    await feed.update(pipeline(2, { state: 'FAILED', incident: incident(25) }));
    await feed.update(pipeline(3, { state: 'FAILED' }));
    const { frames, socket } = await watch(tenant.keys.viewer);
    await vi.waitFor(() => expect(idsIn(frames, 'snapshot')).toEqual(['pl_fake1@1']));
    socket.close();
  });

  it('API-3: an older state than the known one changes nothing', async () => {
    const feed = feedStub(env.FEED, 'feed-b');
    await feed.update(pipeline(1, { seq: 5, state: 'REPORT' }));
    await feed.update(pipeline(1, { seq: 4, state: 'RUNNING' }));
    const { items } = await feed.list({ limit: 10, cursor: null, ended: false });
    expect(items.map((p) => p.state)).toEqual(['REPORT']);
  });

  it('API-3: viewers stay connected while the object sleeps, and hear what happens after', async () => {
    const tenant = await makeTenant('feed-c');
    const { frames, socket } = await watch(tenant.keys.viewer);
    await vi.waitFor(() => expect(frames.length).toBe(1));
    await evictDurableObject(env.FEED.getByName('t/feed-c/feed'));
    await feedStub(env.FEED, 'feed-c').update(pipeline(3));
    await vi.waitFor(() => expect(idsIn(frames, 'changes')).toEqual(['pl_fake3@1']));
    socket.close();
  });

  it('TEN-1 TEN-2: a viewer for one project hears nothing of the others', async () => {
    const tenant = await makeTenant('feed-d');
    const feed = feedStub(env.FEED, 'feed-d');
    const { secret } = await tenant.newKey({ role: 'viewer', project_ids: [tenant.project_id] });
    await feed.update(pipeline(1, { project_id: 'pj_foreign' }));
    const { frames, socket } = await watch(secret);
    await feed.update(pipeline(2, { project_id: 'pj_foreign' }));
    await feed.update(pipeline(3, { project_id: tenant.project_id }));
    await vi.waitFor(() => expect(idsIn(frames, 'changes')).toEqual(['pl_fake3@1']));
    expect(idsIn(frames, 'snapshot')).toEqual([]);
    socket.close();
  });

  it('TEN-1: pages of the live list go on after the last one, without the ended', async () => {
    const tenant = await makeTenant('feed-e');
    const feed = feedStub(env.FEED, 'feed-e');
    for (let n = 1; n <= 5; n++) await feed.update(pipeline(n));
    await feed.update(pipeline(3, { seq: 2, state: 'COMPLETED' }));
    const read = (cursor?: string) =>
      answer<{ items: Pipeline[]; next_cursor: string | null }>(
        `/api/active-pipelines?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        { key: tenant.keys.viewer },
      );
    const first = await read();
    expect(first.body.items.map((p) => p.number)).toEqual([5, 4]);
    const second = await read(first.body.next_cursor ?? '');
    expect(second.body.items.map((p) => p.number)).toEqual([2, 1]);
    expect(second.body.next_cursor).toBeNull();
  });

  it('API-3: the same frames come as server-sent events, and a stream goes on after the last id', async () => {
    const { body } = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
    const read = async (path: string, headers: Record<string, string>, until: string) => {
      const response = await ask(path, { key: acme.keys.viewer, headers });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      while (!text.includes(until)) text += new TextDecoder().decode((await reader.read()).value);
      await reader.cancel();
      return text;
    };
    const accept = 'text/event-stream';
    const path = `/api/pipeline/stream?pipeline_id=${body.pipeline_id}`;
    const whole = await read(path, { accept }, '"kind":"live"');
    expect(whole).toMatch(/^id: \d+\ndata: \{"kind":"events"/);
    expect(whole).toContain('pipeline_spawned');
    const rest = await read(path, { accept, 'last-event-id': '1' }, '"kind":"live"');
    expect(rest).not.toContain('pipeline_spawned');
    expect(await read('/api/stream', { accept }, '\n\n')).toContain('"kind":"snapshot"');
  });

  it('UI-2: a spawn is in the list at once, without the ledger', async () => {
    const { body } = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body: spawnBody() });
    await vi.waitFor(async () => {
      const listed = await answer<{ items: Pipeline[] }>('/api/active-pipelines', { key: acme.keys.viewer });
      expect(listed.body.items.map((p) => p.pipeline_id)).toContain(body.pipeline_id);
    });
  });
});
