import { describe, expect, it } from 'vitest';
import type { Erasure } from '#contract/erasures.ts';
import type { LedgerEntry, ReconcileResult } from '#contract/ledger.ts';
import type { Orchestration, Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import type { LedgerKeys } from '#contract/tree.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { verifyEvidence } from '#domain/ledger/evidence/verify.ts';
import { parseTrust } from '#domain/ledger/log/trust.ts';
import { ERASED } from '#domain/pipeline/erase.ts';
import {
  acme,
  agreed,
  control,
  days,
  eachWithItsTenant,
  key,
  run,
  shipControl,
  spawn,
  utf8,
  verifyPorts,
} from '#tests/support/archive-world.ts';
import type { DrivenPipeline } from '#tests/support/driven-pipeline.ts';
import { answer, ask, env } from '#tests/support/worker.ts';
import { runScheduled } from '#workers/cron.ts';

eachWithItsTenant();

const NOTE = 'A zebra named Philomena crossed the river.';
const CONTEXT = `context:\n  - name: note.md\n    text: ${NOTE}\n`;
const SECRET = 'go ahead';

const erase = (body: object, as = key()) =>
  answer<Erasure & Problem>('/api/pipeline/erase', { key: as, body });
const numberOf = async (p: DrivenPipeline, type: string) =>
  (await p.events()).find((e) => e.type === type)?.seq ?? 0;

async function evidence(path: string) {
  const response = await ask(path, { key: key() });
  expect(response.status).toBe(200);
  const file = new Uint8Array(await response.arrayBuffer());
  const keys = await answer<LedgerKeys>(`/api/ledger/keys?tenant=${acme.tenant}`);
  const trust = parseTrust(keys.body.trust);
  if (!trust.ok) throw new Error(trust.why);
  return { text: utf8(file), report: await verifyEvidence(file, trust.value, verifyPorts) };
}
const dump = async () => {
  const tables = ['events', 'agent_actions', 'violations', 'error_occurrences', 'pipelines'];
  const all = await env.LEDGER.batch(
    tables.map((t) =>
      env.LEDGER.prepare(`SELECT * FROM ${t} WHERE tenant = ? AND pipeline_id NOT LIKE 'ct_%'`).bind(
        acme.tenant,
      ),
    ),
  );
  return JSON.stringify(all.map((a) => a.results));
};
const found = async (q: string) =>
  (await answer<{ items: LedgerEntry[] }>(`/api/ledger?q=${encodeURIComponent(q)}`, { key: key() })).body
    .items.length;

describe('content that an admin erases', () => {
  it('LEDG-2: is gone from object, ledger and full text; state, chain and evidence stand and say `redacted`', async () => {
    const pipeline = await agreed('erased', CONTEXT);
    const before = await pipeline.events();
    const seqs = before.filter((e) => JSON.stringify(e.body).includes(SECRET)).map((e) => e.seq);
    expect(seqs.length).toBeGreaterThan(0);
    expect([await found(`"${SECRET}"`), (await dump()).includes(SECRET)]).toEqual([expect.any(Number), true]);

    const done = await erase({
      pipeline_id: pipeline.id,
      events: seqs,
      documents: ['note.md'],
      reason: 'a customer asked for it',
    });
    // The object has lost it; the ledger's triggers wait for the record.
    expect([done.status, done.body.done_at]).toEqual([202, null]);
    await shipControl();
    await runScheduled({ cron: '* * * * *' }, env);

    const after = await pipeline.events();
    expect(after.map((e) => e.hash)).toEqual(before.map((e) => e.hash));
    expect(verifyChain(after)).toEqual({ ok: true, count: before.length });
    for (const e of after.filter(({ seq }) => seqs.includes(seq)))
      expect([e.salt, e.content]).toEqual(['', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(JSON.stringify(after)).not.toContain(SECRET);
    expect(
      await pipeline.rpc.documents(
        acme.tenant,
        before[0]?.type === 'pipeline_spawned' ? before[0].body.documents.map((d) => d.sha256) : [],
      ),
    ).toEqual({});
    expect(await dump()).not.toContain(SECRET);
    expect(await found(SECRET)).toBe(0);
    const { text, report } = await evidence(`/api/pipeline/evidence?pipeline_id=${pipeline.id}`);
    expect(report.checks.filter((c) => c.status === 'failed')).toEqual([]);
    expect([report.verified, report.redacted]).toEqual([true, seqs]);
    expect(text).not.toContain(SECRET);

    const list = await answer<{ items: Erasure[] }>('/api/erasures', { key: acme.keys.auditor });
    expect(list.body.items).toEqual([
      expect.objectContaining({
        events: seqs,
        documents: ['note.md'],
        reason: 'a customer asked for it',
        done_at: expect.any(String),
      }),
    ]);
    const own = (await control().changes(0, 1_000)).filter((c) => c.type === 'content_erased');
    expect(own.map((c) => [c.actor, c.body])).toEqual([
      [
        `person:${acme.person}`,
        { pipeline_id: pipeline.id, seqs, documents: ['note.md'], reason: 'a customer asked for it' },
      ],
    ]);
  });

  it('LEDG-2 PIPE-7: the pipeline’s state follows from what is left', async () => {
    const pipeline = await agreed('state', CONTEXT);
    const show = async () =>
      (await answer<Orchestration>(`/api/pipeline/orchestration?pipeline_id=${pipeline.id}`, { key: key() }))
        .body;
    const before = await show();
    const erasable = ['pipeline_spawned', 'report_written', 'proposal_written', 'vote_cast'];
    const seqs = (await pipeline.events()).filter((e) => erasable.includes(e.type)).map((e) => e.seq);
    expect((await erase({ pipeline_id: pipeline.id, events: seqs, reason: 'all of it' })).status).toBe(202);
    const after = await show();
    expect(after.pipeline).toEqual({
      ...before.pipeline,
      objective: ERASED,
      verdict: expect.stringContaining(ERASED),
    });
    expect(after.agents).toEqual(before.agents);
    expect(JSON.stringify(after)).not.toContain('Is this fine?');
    await shipControl();
    await runScheduled({ cron: '* * * * *' }, env);
    expect(await dump()).not.toContain('Is this fine?');
    const lists = await answer<{ items: Pipeline[] }>('/api/pipelines', { key: key() });
    expect(lists.body.items[0]?.objective).toBe(ERASED);
    // The reconciler finds ledger and object in agreement, and an empty ledger is filled with what is left.
    const again = await answer<ReconcileResult>('/api/ledger/reconcile', {
      key: acme.keys.auditor,
      body: {},
    });
    expect(again.body).toMatchObject({ alarms: [], repaired: 0 });
  });

  it('LEDG-2 LEDG-5: is gone from the archive too, whose new file verifies, and the old one is deleted', async () => {
    const pipeline = await agreed('archived', CONTEXT);
    const seq = await numberOf(pipeline, 'proposal_written');
    days(181);
    await run();
    const refused = await erase({ pipeline_id: pipeline.id, events: [seq], reason: 'while it moves' });
    expect([refused.status, refused.body.code]).toEqual([409, 'wrong_state']);
    await shipControl();
    await run();
    const done = await erase({
      pipeline_id: pipeline.id,
      events: [seq],
      documents: ['note.md'],
      reason: 'late',
    });
    expect(done.status).toBe(202);
    await shipControl();
    await runScheduled({ cron: '* * * * *' }, env);
    const { text, report } = await evidence(`/api/archives/${pipeline.id}`);
    expect([report.verified, report.redacted]).toEqual([true, [seq]]);
    expect((JSON.parse(text) as EvidencePackage).events[seq - 1]).not.toHaveProperty('body');
    expect((await answer(`/api/archives/${pipeline.id}/documents`, { key: key() })).body).toEqual({});
    const { objects } = await env.ARCHIVES.list({ prefix: `t/${acme.tenant}/p/${pipeline.id}/` });
    expect(objects.length).toBe(1);
    const rewritten = (await control().changes(0, 1_000)).filter((c) => c.type === 'archive_rewritten');
    expect(rewritten.map((c) => c.body)).toEqual([
      expect.objectContaining({ pipeline_id: pipeline.id, revision: 1 }),
    ]);
    expect((await control().pendingErasures(10)).length).toBe(0);
    // Erased once more: the same file, and no further record of another.
    await erase({ pipeline_id: pipeline.id, events: [seq], reason: 'again' });
    expect((await control().changes(0, 1_000)).filter((c) => c.type === 'archive_rewritten').length).toBe(1);
  });

  it('LEDG-2 TEN-5: takes an admin who is a person, an ended pipeline, and events that hold content', async () => {
    const pipeline = await agreed('refusals', CONTEXT);
    const seq = await numberOf(pipeline, 'vote_cast');
    const asked = { pipeline_id: pipeline.id, events: [seq], reason: 'because' };
    const service = await acme.newKey({ role: 'admin', owner: await acme.newSubject('service') });
    const robot = await erase(asked, service.secret);
    expect([robot.status, robot.body.code]).toEqual([403, 'person_needed']);
    for (const role of ['viewer', 'operator', 'auditor'] as const)
      expect((await erase(asked, acme.keys[role])).status).toBe(403);
    const live = await spawn('live');
    const running = await erase({ ...asked, pipeline_id: live.id, events: [1] });
    expect([running.status, running.body.code]).toEqual([409, 'wrong_state']);
    const end = await erase({ ...asked, events: [await numberOf(pipeline, 'pipeline_ended')] });
    expect([end.status, end.body.field]).toEqual([422, 'events']);
    expect((await erase({ ...asked, events: [9_999] })).status).toBe(404);
    expect((await erase({ ...asked, events: [], documents: ['other.md'] })).status).toBe(404);
    expect((await erase({ ...asked, events: [] })).status).toBe(422);
    expect((await erase({ ...asked, reason: '' })).status).toBe(422);
    expect((await control().changes(0, 1_000)).some((c) => c.type === 'content_erased')).toBe(false);
  });

  it('LEDG-1 LEDG-2: the database lets no row lose its content without a record, and nothing but content', async () => {
    const pipeline = await agreed('tampered');
    const seq = await numberOf(pipeline, 'vote_cast');
    const update = (set: string) =>
      env.LEDGER.prepare(`UPDATE events SET ${set} WHERE pipeline_id = ? AND seq = ?`)
        .bind(pipeline.id, seq)
        .run();
    const blank = `body = '{}', salt = '', content = '${'0'.repeat(64)}'`;
    await expect(update(blank)).rejects.toThrow(/append-only/);
    await expect(
      env.LEDGER.prepare(`INSERT INTO erasures VALUES (?, ?, 1, ?, '2026')`)
        .bind(acme.tenant, pipeline.id, `[${seq}]`)
        .run(),
    ).rejects.toThrow(/on record in the log/);
    await erase({ pipeline_id: pipeline.id, events: [seq], reason: 'on record' });
    await shipControl();
    await expect(update(`${blank}, actor = 'other'`)).rejects.toThrow(/append-only/);
    await runScheduled({ cron: '* * * * *' }, env);
    await expect(update(`content = '${'1'.repeat(64)}'`)).rejects.toThrow(/append-only/);
  });
});
