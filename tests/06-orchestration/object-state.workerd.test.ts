import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { toOrchestration } from '#contract/views.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import type { PipelineObject } from '#objects/pipeline/object.ts';
import { DrivenPipeline, listenToQueues, spawnOf } from '#tests/support/driven-pipeline.ts';
import { proposal } from '#tests/support/pipeline.ts';

listenToQueues();
const TENANT = 'acme';
const spawn = (change: Parameters<typeof spawnOf>[1] = {}) => DrivenPipeline.spawn(TENANT, change);

/** Runs SQL in the object's own storage. */
const sql = (pipeline: DrivenPipeline, statement: string) =>
  runInDurableObject(pipeline.object, (_, { storage }) => storage.sql.exec(statement).toArray());

/** Calls the object without a stub between: what it throws stays here. */
const inside = (pipeline: DrivenPipeline, call: (object: PipelineObject) => Promise<void>) =>
  runInDurableObject<PipelineObject, void>(pipeline.object, call);

/** JSON's view of a value, as it crosses the wire. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the log is the pipeline', () => {
  it('PIPE-7: after an eviction the whole state is what it was, and the log verifies', async () => {
    const pipeline = await spawn();
    await (await pipeline.toRoundOne()).speak('ALPHA', { proposal: proposal('p') });
    const before = await pipeline.rpc.orchestration(TENANT, null);
    await evictDurableObject(pipeline.object);
    expect(await pipeline.rpc.orchestration(TENANT, null)).toEqual(before);
    const events = await pipeline.events();
    expect(verifyChain(events)).toEqual({ ok: true, count: events.length });
    await pipeline.speak('BETA');
    expect(verifyChain(await pipeline.events()).ok).toBe(true);
  });

  it('PIPE-7: the state at any past event is the replay of the log up to it', async () => {
    const pipeline = await spawn();
    await pipeline.toConsensus();
    const events = await pipeline.events();
    for (let at = 1; at <= events.length; at++) {
      const shown = await pipeline.rpc.orchestration(TENANT, at);
      expect(shown.ok && plain(shown.value)).toEqual(plain(toOrchestration(replay(events.slice(0, at)))));
    }
    const beyond = await pipeline.rpc.orchestration(TENANT, events.length + 1);
    expect(beyond).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });

  it('PIPE-7: a failure inside the transaction leaves log, state and stream of work as they were', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    const before = { events: await pipeline.events(), shown: await pipeline.rpc.orchestration(TENANT, null) };
    await sql(
      pipeline,
      `CREATE TRIGGER full AFTER INSERT ON log BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    );
    await inside(pipeline, (object) =>
      expect(object.claim(TENANT, step_id, 'w1')).rejects.toThrow('disk full'),
    );
    expect(await pipeline.events()).toEqual(before.events);
    expect(await pipeline.rpc.orchestration(TENANT, null)).toEqual(before.shown);
    await sql(pipeline, 'DROP TRIGGER full');
    await pipeline.login();
    expect(verifyChain(await pipeline.events()).ok).toBe(true);
  });

  it('PIPE-7: events, documents and state of a spawn commit together or not at all', async () => {
    const command = spawnOf(TENANT);
    const document = { name: 'a.md', media_type: 'text/markdown', origin: 'trusted', text: '# A' } as const;
    const pipeline = new DrivenPipeline(TENANT, command.pipeline_id);
    await sql(pipeline, 'CREATE TABLE documents (sha256 TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID');
    await sql(
      pipeline,
      `CREATE TRIGGER full BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    );
    const withText = { ...command, plan: { ...command.plan, documents: [document] } };
    await inside(pipeline, (object) => expect(object.spawn(withText)).rejects.toThrow('disk full'));
    expect(await sql(pipeline, 'SELECT * FROM log')).toEqual([]);
    expect(await pipeline.rpc.read(TENANT)).toMatchObject({ ok: false, error: { code: 'not_found' } });
    await sql(pipeline, 'DROP TRIGGER full');
    expect(await pipeline.rpc.spawn(withText)).toMatchObject({ ok: true, value: { replayed: false } });
  });

  it('PIPE-7: an event version that this code does not know halts the pipeline with a clear state', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    const [last] = (await pipeline.events()).slice(-1);
    const later = { ...last, seq: 3, v: 99, type: 'step_claimed' };
    await runInDurableObject(pipeline.object, (_, { storage }) =>
      storage.sql.exec('INSERT INTO log VALUES (3, 3, ?)', JSON.stringify([later])),
    );
    await evictDurableObject(pipeline.object);
    const halted = {
      ok: false,
      error: { code: 'halted', detail: expect.stringContaining('event 3 is step_claimed version 99') },
    };
    expect(await pipeline.rpc.read(TENANT)).toMatchObject(halted);
    expect(await pipeline.rpc.operate(TENANT, 'person:ps_1', { kind: 'cancel', reason: 'x' })).toMatchObject(
      halted,
    );
    expect(await pipeline.rpc.spawn(spawnOf(TENANT, { pipeline_id: pipeline.id }))).toMatchObject(halted);
    expect(await pipeline.rpc.claim(TENANT, step_id, 'w1')).toMatchObject({ claimed: false });
    expect(await runDurableObjectAlarm(pipeline.object)).toBe(true);
    // Halted is not busy: nothing is due, so nothing is armed.
    expect(await runDurableObjectAlarm(pipeline.object)).toBe(false);
    expect(await sql(pipeline, 'SELECT max(last_seq) AS seq FROM log')).toEqual([{ seq: 3 }]);
    await sql(pipeline, 'DELETE FROM log WHERE first_seq = 3');
    await evictDurableObject(pipeline.object);
    expect(await pipeline.rpc.read(TENANT)).toMatchObject({ ok: true });
  });
});

describe('spawn', () => {
  it('PIPE-9: the same request again is the same pipeline, also after an eviction; another is a conflict', async () => {
    const command = spawnOf(TENANT);
    const pipeline = await spawn(command);
    await evictDurableObject(pipeline.object);
    const again = await pipeline.rpc.spawn(command);
    expect(again).toMatchObject({
      ok: true,
      value: { replayed: true, pipeline: { pipeline_id: pipeline.id } },
    });
    const other = await pipeline.rpc.spawn({ ...command, request_sha256: 'b'.repeat(64) });
    expect(other).toMatchObject({ ok: false, error: { code: 'idempotency_conflict' } });
  });

  it('PIPE-9: of spawns that arrive together one makes the pipeline', async () => {
    const command = spawnOf(TENANT);
    const pipeline = new DrivenPipeline(TENANT, command.pipeline_id);
    const done = await Promise.all(Array.from({ length: 8 }, () => pipeline.rpc.spawn(command)));
    expect(done.filter((d) => d.ok && !d.value.replayed).length).toBe(1);
    expect((await pipeline.events()).filter((e) => e.type === 'pipeline_spawned').length).toBe(1);
  });

  it('PIPE-7 AGENT-5: documents lie beside the log by their hash; the log holds no text', async () => {
    const text = 'the run book of the whale';
    const document = { name: 'a.md', media_type: 'text/markdown', origin: 'trusted' as const, text };
    const command = spawnOf(TENANT);
    const twice = [document, { ...document, name: 'b.md' }];
    const pipeline = await spawn({ ...command, plan: { ...command.plan, documents: twice } });
    const sha256 = sha256Hex(text);
    await evictDurableObject(pipeline.object);
    expect(await pipeline.rpc.documents(TENANT, [sha256, 'f'.repeat(64)])).toEqual({ [sha256]: text });
    expect(await pipeline.rpc.documents('other-co', [sha256])).toEqual({});
    expect(JSON.stringify(await pipeline.events())).not.toContain(text);
    expect(await sql(pipeline, 'SELECT count(*) AS n FROM documents')).toEqual([{ n: 1 }]);
  });
});

describe('whose pipeline it is', () => {
  it('TEN-1: another tenant’s name finds nothing and changes nothing, whatever is asked', async () => {
    const pipeline = await spawn();
    const { step_id } = await pipeline.step('credentials_login');
    const before = await pipeline.events();
    const { rpc } = pipeline;
    const missing = { ok: false, error: { code: 'not_found' } };
    const foreign = 'other-co';
    expect(await rpc.read(foreign)).toMatchObject(missing);
    expect(await rpc.orchestration(foreign, null)).toMatchObject(missing);
    expect(await rpc.orchestration(foreign, 1)).toMatchObject(missing);
    expect(await rpc.events(foreign, 0, 10)).toMatchObject(missing);
    expect(await rpc.tokenStatus(foreign)).toMatchObject(missing);
    expect(await rpc.consensus(foreign)).toMatchObject(missing);
    expect(await rpc.forkSource(foreign, 1)).toMatchObject(missing);
    expect(await rpc.operate(foreign, 'person:x', { kind: 'cancel', reason: 'x' })).toMatchObject(missing);
    expect(await rpc.claim(foreign, step_id, 'w')).toMatchObject({ claimed: false });
    expect(await rpc.deadLetter(foreign, step_id, 'x')).toMatchObject({ accepted: false });
    expect(await rpc.poke(foreign)).toEqual({ live: false });
    const stream = await rpc.fetch(new Request(`https://object/stream?tenant=${foreign}&since=0`));
    expect(stream.status).toBe(404);
    expect(await pipeline.events()).toEqual(before);
  });

  it('TEN-1: asking for a made-up id stores nothing', async () => {
    const nobody = new DrivenPipeline(TENANT, 'pl_madeup');
    expect(await nobody.rpc.read(TENANT)).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(await nobody.rpc.claim(TENANT, 'st_madeup_1', 'w')).toMatchObject({ claimed: false });
    expect(await nobody.rpc.heartbeat(TENANT, 'st_madeup_1', 1, 'x')).toMatchObject({ accepted: false });
    await nobody.rpc.shipped(TENANT, 5);
    expect(await nobody.rpc.poke(TENANT)).toEqual({ live: false });
    expect(await sql(nobody, 'SELECT name FROM sqlite_master')).toEqual([]);
    const alarm = await runInDurableObject(nobody.object, (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeNull();
  });
});
