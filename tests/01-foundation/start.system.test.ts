import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlan } from '#cli/plan/read.ts';
import { followPipeline } from '#cli/watch/follow.ts';
import type { Client, Orchestration, PipelineEvent } from '#client/index.ts';
import { checkEvidence } from '#scripts/start/evidence.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

const STALLED = `
name: stalled
version: 1.0.0
tier: 0
objective: Is the sky blue?
context:
  - name: sky.md
    text: "The sky is blue on a clear day. It must not be painted."
embedded:
  misbehave:
    - { agent: PLANNER, kind: stall, seconds: 3, times: 1 }
`;

let system: TestSystem;
let ags: Client;
beforeAll(async () => {
  system = await startSystem();
  ags = system.client();
});
afterAll(() => system?.stop());

const sample = () => {
  const plan = readPlan('plans/encrypt-checkout-db', { cwd: process.cwd(), allowOutside: false });
  if (plan.kind !== 'file') throw new Error('the sample is a file');
  return plan.plan;
};

describe('a started system', () => {
  it('RUN-2: it made a tenant with a requester and an approver, each a person with a key', async () => {
    const requester = await ags.whoami();
    const approver = await system.client(system.keys.approver).whoami();
    expect(requester).toMatchObject({ tenant: 'local', subject_kind: 'person', role: 'operator' });
    expect(approver).toMatchObject({ tenant: 'local', subject_kind: 'person', role: 'admin' });
    expect(requester.subject_id).not.toBe(approver.subject_id);
  });

  it('RUN-2 SEC-3: what holds secrets is readable by its owner alone', () => {
    for (const name of ['secrets.json', 'accounts.json', 'local.env', 'embedded.env']) {
      expect(statSync(join(system.stateDir, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  it('OPS-1 RUN-3: every dependency answers', async () => {
    const { dependencies } = await ags.health();
    expect(dependencies.map(({ name, status }) => [name, status])).toEqual(
      dependencies.map(({ name }) => [name, 'up']),
    );
    expect(dependencies.length).toBeGreaterThanOrEqual(6);
  });

  it('RUN-7 LEDG-2 CRED-4: the sample ends in "do not apply", chained, sealed, its tokens gone', async () => {
    const spawned = await ags.spawn({ plan: sample() }, 'sample');
    const seen: PipelineEvent[] = [];
    const end = await followPipeline(ags, spawned.pipeline_id, {
      onEvents: (events) => seen.push(...events),
    });
    expect(end.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
    expect(end.pipeline.verdict).toMatch(/do not apply/i);
    expect(end.actions.find((action) => action.tool === 'http_get')).toMatchObject({ decision: 'deny' });
    const evidence = await checkEvidence(ags, spawned.pipeline_id, true);
    expect(evidence).toMatchObject({ ok: true, why: null });
    expect(evidence.tokensGone).toBeGreaterThanOrEqual(4);
    expect(seen.map((event) => event.seq)).toEqual(seen.map((_, at) => at + 1));
  });

  it('PIPE-9: the same key and plan again is the same pipeline', async () => {
    const again = await ags.spawn({ plan: sample() }, 'sample');
    const first = await ags.spawn({ plan: sample() }, 'sample');
    expect(again.pipeline_id).toBe(first.pipeline_id);
    await expect(ags.spawn({ plan: { source: STALLED } }, 'sample')).rejects.toMatchObject({
      problem: { code: 'idempotency_conflict' },
    });
  });

  it('REC-6 RUN-2: killed in the middle of a run and started again, it finishes the run with the same keys', async () => {
    const keys = system.keys;
    const { pipeline_id } = await ags.spawn({ plan: { source: STALLED } }, 'stalled');
    await followPipeline(ags, pipeline_id, { until: ({ pipeline }) => pipeline.state === 'RUNNING' });
    const acknowledged: PipelineEvent[] = [];
    for await (const event of ags.allEvents(pipeline_id)) acknowledged.push(event);
    await system.kill();
    await expect(ags.liveness()).rejects.toMatchObject({ name: 'UnreachableError' });

    await system.restart();
    expect(system.keys).toEqual(keys);
    const end: Orchestration = await followPipeline(ags, pipeline_id);
    expect(end.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
    const events: PipelineEvent[] = [];
    for await (const event of ags.allEvents(pipeline_id)) events.push(event);
    expect(events.slice(0, acknowledged.length)).toEqual(acknowledged);
    await expect(checkEvidence(ags, pipeline_id, true)).resolves.toMatchObject({ ok: true });
  });

  it('API-3: a stream that was cut by a restart goes on where it was, without gap or repeat', async () => {
    const { pipeline_id } = await ags.spawn({ plan: { source: STALLED } });
    const seqs: number[] = [];
    const statuses: string[] = [];
    let reachedEnd: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      reachedEnd = resolve;
    });
    let first: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      first = resolve;
    });
    const subscription = ags.watchPipeline(pipeline_id, {
      onStatus: (status) => statuses.push(status),
      onEvents: (events) => {
        seqs.push(...events.map((event) => event.seq));
        first();
        if (events.some((event) => event.type === 'sealed')) reachedEnd();
      },
    });
    await began;
    await system.kill();
    await system.restart();
    await ended;
    subscription.close();
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    expect(statuses).toContain('stale');
    expect(statuses.at(-1)).toBe('closed');
  });

  it('RUN-2: stopping leaves no process behind', async () => {
    await system.stop();
    expect(existsSync(system.stateDir)).toBe(false);
    await expect(ags.liveness()).rejects.toMatchObject({ name: 'UnreachableError' });
    await expect(fetch(`${system.embeddedUrl}/health`)).rejects.toThrow();
  });
});
