import { beforeAll, describe, expect, it } from 'vitest';
import type { Lineage, Orchestration, Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { FailureContext } from '#domain/pipeline/assignment.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { DrivenPipeline, listenToQueues } from '#tests/support/driven-pipeline.ts';
import { answer, makeTenant, planSource, spawnBody, type TestTenant } from '#tests/support/worker.ts';

listenToQueues();

/** What `download_log` answers with. */
interface ReviewFile {
  orchestration: Orchestration;
  consensus: object;
  lineage: Lineage;
  documents: { name: string; text: string | null }[];
  events: PipelineEvent[];
  failure_contexts: FailureContext[];
}

let acme: TestTenant;
let other: TestTenant;
/** An admin's key of a service. */
let service: string;

beforeAll(async () => {
  acme = await makeTenant('acme');
  other = await makeTenant('other-co');
  service = (await acme.newKey({ role: 'admin', owner: await acme.newSubject('service') })).secret;
});

/** A pipeline that a person of acme spawned over the API. */
async function spawned(body: object = spawnBody()): Promise<DrivenPipeline> {
  const made = await answer<Pipeline>('/api/spawn', { key: acme.keys.operator, body });
  expect(made.status).toBe(201);
  return new DrivenPipeline('acme', made.body.pipeline_id);
}

const post = <T = Pipeline & Problem>(path: string, key: string, body: object) =>
  answer<T>(path, { key, body });
const steer = (how: 'pause' | 'resume' | 'abort', id: string, key = acme.keys.operator) =>
  post(`/api/pipeline/${how}`, key, { pipeline_id: id, reason: 'because' });
const fallback = (id: string, body: object, key = acme.keys.admin) =>
  post<{ pipeline: Pipeline; approval_id?: string } & Problem>('/api/pipeline/consensus/fallback', key, {
    pipeline_id: id,
    reason: 'because',
    ...body,
  });
const shown = async (id: string) =>
  (await answer<Orchestration>(`/api/pipeline/orchestration?pipeline_id=${id}`, { key: acme.keys.viewer }))
    .body;

/** Every way to steer a pipeline, with a body that is well formed. */
const mutations = (id: string): [string, object][] => [
  ['/api/pipeline/pause', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/resume', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/abort', { pipeline_id: id, reason: 'r' }],
  ['/api/pipeline/fork', { pipeline_id: id, at: 1 }],
  ['/api/pipeline/consensus/fallback', { pipeline_id: id, action: 'rerun_same', reason: 'r' }],
  ['/api/pipeline/consensus/fallback', { pipeline_id: id, action: 'download_log', reason: 'r' }],
  [
    `/api/approvals/${id.replace('pl_', 'ap_')}_1/decision`,
    { decision: 'approve', reason: 'r', action_sha256: 'a'.repeat(64) },
  ],
  [`/api/actions/${id.replace('pl_', 'ac_')}_1/outcome`, { status: 'succeeded', reason: 'r' }],
];

describe('who may steer', () => {
  it('TEN-2 REC-1: viewers and auditors steer nothing, and see lineage and approvals', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const before = await pipeline.events();
    for (const key of [acme.keys.viewer, acme.keys.auditor]) {
      for (const [path, body] of mutations(pipeline.id)) {
        const refused = await post(path, key, body);
        expect([path, refused.status, refused.body.code]).toEqual([path, 403, 'forbidden']);
      }
      for (const path of ['/api/pipeline/lineage', '/api/approvals'])
        expect((await answer(`${path}?pipeline_id=${pipeline.id}`, { key })).status).toBe(200);
    }
    expect(await pipeline.events()).toEqual(before);
  });

  it('TEN-1 TEN-4: another tenant’s pipeline is a 404 however it is steered, and is not touched', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const before = await pipeline.events();
    for (const [path, body] of mutations(pipeline.id)) {
      const refused = await post(path, other.keys.admin, body);
      expect([path, refused.status, refused.body.code]).toEqual([path, 404, 'not_found']);
      expect(JSON.stringify(refused.body)).not.toContain('acme');
    }
    for (const path of ['/api/pipeline/lineage', '/api/approvals']) {
      const refused = await answer(`${path}?pipeline_id=${pipeline.id}`, { key: other.keys.admin });
      expect([path, refused.status]).toEqual([path, 404]);
    }
    expect(await pipeline.events()).toEqual(before);
  });

  it('TEN-2: a key for another project of the tenant finds nothing either', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const project = await answer<{ project_id: string }>('/api/projects', {
      key: acme.keys.admin,
      body: { name: 'elsewhere' },
    });
    const { secret } = await acme.newKey({ role: 'admin', project_ids: [project.body.project_id] });
    for (const [path, body] of mutations(pipeline.id))
      expect([path, (await post(path, secret, body)).status]).toEqual([path, 404]);
  });

  it('SEC-2: ids of no known shape are not found', async () => {
    for (const [path, body] of mutations('pl_../../x')) {
      const { status } = await post(path, acme.keys.admin, body);
      expect([path, status]).toEqual([path, 404]);
    }
  });
});

describe('pause, resume, abort, fork', () => {
  it('PIPE-10: pause holds, twice is once, resume goes on, and resuming what runs is refused with a way out', async () => {
    const pipeline = await (await spawned()).login();
    expect(await steer('pause', pipeline.id)).toMatchObject({ status: 202, body: { waiting_for: 'resume' } });
    const { seq } = await pipeline.state();
    expect((await steer('pause', pipeline.id)).status).toBe(202);
    expect((await pipeline.state()).seq).toBe(seq);
    expect(await steer('resume', pipeline.id)).toMatchObject({ status: 202, body: { waiting_for: null } });
    const refused = await steer('resume', pipeline.id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
    expect(refused.body.allowed?.length).toBeGreaterThan(0);
    expect(refused.body.remedy).not.toBe('');
  });

  it('REC-2: an abort without a token ends with exit code 3 and a planned successor; an ended run is not aborted', async () => {
    const pipeline = await spawned();
    const { status, body } = await steer('abort', pipeline.id);
    expect(status).toBe(202);
    expect(body).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'abort' });
    expect(body.successor_id).toMatch(/^pl_/);
    expect(await steer('abort', pipeline.id)).toMatchObject({
      status: 409,
      body: { code: 'pipeline_ended' },
    });
  });

  it('REC-1: after a failed consensus there is nothing to abort or pause; the refusal names what fits', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const refused = await steer('abort', pipeline.id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
    expect(refused.body.remedy).toContain('fallback');
    expect(await steer('pause', pipeline.id)).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
  });

  it('PIPE-7: a fork is authorised like a spawn, takes a number of its own, and carries no token', async () => {
    const pipeline = await (await spawned()).toRoundOne();
    const { seq } = await pipeline.state();
    const fork = (at: number, tier?: number) =>
      post('/api/pipeline/fork', acme.keys.operator, {
        pipeline_id: pipeline.id,
        at,
        ...(tier === undefined ? {} : { tier }),
      });
    expect(await fork(seq + 1)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await fork(seq, 2)).toMatchObject({ status: 403, body: { code: 'tier_not_permitted' } });
    expect((await fork(0)).status).toBe(422);
    const made = await fork(seq, 0);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ state: 'SPAWN', tier: 0, attempt: 1, predecessor_id: null });
    expect(made.body.pipeline_id).not.toBe(pipeline.id);
    expect(made.body.number).toBeGreaterThan((await pipeline.state()).spawned?.number ?? 0);
    const view = await shown(made.body.pipeline_id);
    expect(view.recovery.forked_from).toEqual({ pipeline_id: pipeline.id, at_seq: seq });
    const token = await answer(`/api/pipeline/token?pipeline_id=${made.body.pipeline_id}`, {
      key: acme.keys.viewer,
    });
    expect(token.body).toMatchObject({ status: 'none', agents: [] });
    expect((await pipeline.state()).seq).toBe(seq);
  });

  it('PIPE-9: a fork repeated under its Idempotency-Key is the same pipeline; another body, or a spawn’s key, is a 409', async () => {
    const pipeline = await (await spawned()).toRoundOne();
    const fork = (at: number, key: string) =>
      answer<Pipeline & Problem>('/api/pipeline/fork', {
        key: acme.keys.operator,
        body: { pipeline_id: pipeline.id, at },
        headers: { 'Idempotency-Key': key },
      });
    const first = await fork(4, 'fork-once');
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const again = await fork(4, 'fork-once');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.body.pipeline_id).toBe(first.body.pipeline_id);
    expect(again.body.number).toBe(first.body.number);
    expect(await fork(5, 'fork-once')).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    expect((await fork(4, 'another')).body.pipeline_id).not.toBe(first.body.pipeline_id);
    const made = await answer<Pipeline>('/api/spawn', {
      key: acme.keys.operator,
      body: spawnBody(),
      headers: { 'Idempotency-Key': 'spawned-under' },
    });
    expect(made.status).toBe(201);
    expect(await fork(4, 'spawned-under')).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
    expect(await fork(4, 'not a key')).toMatchObject({ status: 422, body: { field: 'Idempotency-Key' } });
  });
});

describe('fallbacks', () => {
  it('REC-1: before consensus failed every fallback but the log is refused with the states that allow it', async () => {
    const pipeline = await spawned();
    for (const action of ['rerun_same', 'rerun_gamma', 'escalate_tier', 'accept_partial']) {
      const refused = await fallback(pipeline.id, { action });
      expect([action, refused.status, refused.body.code]).toEqual([action, 409, 'wrong_state']);
      expect(refused.body.allowed).toEqual(['ORCHESTRATING']);
    }
    expect((await fallback(pipeline.id, { action: 'give_up' })).status).toBe(422);
  });

  it('REC-1: download_log is one file with everything, in a state of any kind, and its chain verifies', async () => {
    const context = 'context:\n  - name: notes.md\n    text: The database is called checkout.\n';
    const body = { plan: { source: planSource() + context } };
    const pipeline = await (await spawned(body)).toConsensusFailure();
    const before = (await pipeline.events()).length;
    const got = await post<ReviewFile>('/api/pipeline/consensus/fallback', acme.keys.operator, {
      pipeline_id: pipeline.id,
      action: 'download_log',
      reason: 'by hand',
    });
    expect(got.status).toBe(200);
    expect(got.headers.get('content-disposition')).toBe(`attachment; filename="${pipeline.id}.json"`);
    expect(verifyChain(got.body.events)).toEqual({ ok: true, count: before + 1 });
    expect(got.body.events.at(-1)).toMatchObject({
      type: 'fallback_chosen',
      actor: `person:${acme.person}`,
      body: { action: 'download_log', reason: 'by hand' },
    });
    expect(got.body.lineage.items).toMatchObject([{ pipeline_id: pipeline.id, attempt: 1 }]);
    const [failed] = got.body.failure_contexts;
    expect(got.body.failure_contexts).toHaveLength(1);
    expect(failed?.proposals.length).toBeGreaterThan(0);
    expect(failed?.votes.some((v) => v.vote === 'reject' && v.reason !== '')).toBe(true);
    const asked = got.body.orchestration.blackboard.problem.documents;
    expect(asked.length).toBeGreaterThan(0);
    expect(got.body.documents.map((d) => [d.name, sha256Hex(d.text ?? '')])).toEqual(
      asked.map((d) => [d.name, d.sha256]),
    );
    expect(got.body.consensus).toMatchObject({ status: 'failed', exit_code: 2 });
    expect(got.body.orchestration.blackboard.votes.some((v) => v.vote === 'reject')).toBe(true);
  });

  it('REC-1 TEN-5: accept_partial takes a person, the very revision, and a confirmation', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const { proposal_id, revision } = await pipeline.proposalOf('ALPHA');
    const partial = { action: 'accept_partial', proposal_id, revision, confirm: true };
    const before = await pipeline.events();
    expect(await fallback(pipeline.id, partial, service)).toMatchObject({
      status: 403,
      body: { code: 'person_needed' },
    });
    for (const wrong of [{ revision: revision + 1 }, { proposal_id: 'pp_other_1' }, { revision: undefined }])
      expect(await fallback(pipeline.id, { ...partial, ...wrong })).toMatchObject({
        status: 422,
        body: { code: 'validation_failed', field: 'proposal_id' },
      });
    for (const confirm of [false, undefined])
      expect(await fallback(pipeline.id, { ...partial, confirm })).toMatchObject({
        status: 422,
        body: { code: 'confirmation_required' },
      });
    expect(await pipeline.events()).toEqual(before);
    const taken = await fallback(pipeline.id, partial);
    expect(taken.status).toBe(202);
    expect(taken.body.pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0, verdict: 'x' });
    expect((await shown(pipeline.id)).recovery.fallbacks).toMatchObject([
      { action: 'accept_partial', by: `person:${acme.person}`, reason: 'because' },
    ]);
    expect((await fallback(pipeline.id, partial)).status).toBe(409);
  });

  it('REC-1: a rerun clears the exit code; two that come together are one', async () => {
    const pipeline = await (await spawned()).toConsensusFailure();
    const both = await Promise.all([
      fallback(pipeline.id, { action: 'rerun_same' }),
      fallback(pipeline.id, { action: 'rerun_gamma' }),
    ]);
    expect(both.map((r) => r.status).sort()).toEqual([202, 409]);
    const { pipeline: now } = await shown(pipeline.id);
    expect(now).toMatchObject({ generation: 2, exit_code: null, waiting_for: null });
  });
});
