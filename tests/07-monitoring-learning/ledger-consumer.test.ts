import { beforeEach, describe, expect, it } from 'vitest';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { handleLedgerBatch, type LedgerDeps, queryEvents, queryPipelines } from '#workers/ledger/index.ts';
import { migratedDatabases } from './d1.ts';
import { batchOf, FakeLog, type FakeMessage, FakePipeline, hint } from './fake-pipeline.ts';
import { beginning, ending, failure, notes } from './sample-log.ts';

const nextDatabase = migratedDatabases(28);
let db: D1Database;
let log: FakeLog;
let logged: { level: string; message: string }[];
beforeEach(async () => {
  db = await nextDatabase();
  logged = [];
  log = new FakeLog();
});

const deps = (pipelines: FakePipeline[], database = db): LedgerDeps => ({
  db: database,
  pipeline: (_tenant, id) => {
    const found = pipelines.find((p) => p.id === id);
    if (!found) throw new Error('no such object');
    return found.rpc();
  },
  tree: () => log,
  log: (level, message) => logged.push({ level, message }),
  now: () => '2026-01-02T00:00:00.000Z',
});

async function ship(pipelines: FakePipeline[], messages = pipelines.map((p) => hint(p)), database = db) {
  await handleLedgerBatch(batchOf(messages), deps(pipelines, database));
  return messages;
}

const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
  (await db.prepare(sql).all<Record<string, unknown>>()).results;
const seqs = async (id: string) =>
  (await rows(`SELECT seq FROM events WHERE pipeline_id = '${id}' ORDER BY seq`)).map((r) => r.seq);

describe('the ledger consumer', () => {
  it('LEDG-1: D1 gets every event as the object has it, and the object hears how far', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...beginning, ...ending);
    const [message] = await ship([p]);
    const page = await queryEvents(db, 'acme', { pipeline_id: 'pl_aaaa' });
    expect(page.items).toEqual(p.log);
    expect(p.shippedTo).toBe(6);
    expect(message?.outcome).toBe('ack');
  });

  it('LEDG-1: repeated, late and reordered hints change nothing', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(3));
    const early = hint(p);
    p.commit(...notes(2));
    await ship([p], [hint(p), early]);
    await ship([p], [early]);
    expect(await seqs('pl_aaaa')).toEqual([1, 2, 3, 4, 5]);
    expect(logged).toEqual([]);
  });

  it('LEDG-1: a log longer than one read arrives whole', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2_345));
    await ship([p]);
    expect((await seqs('pl_aaaa')).length).toBe(2_345);
    expect(p.shippedTo).toBe(2_345);
  });

  it('LEDG-1: bodies too large for one parameter are split', async () => {
    const big = 'x"'.repeat(200_000);
    const p = new FakePipeline('pl_aaaa').commit(...[1, 2, 3, 4].map((i) => failure(`${i}${big}`)));
    await ship([p]);
    expect(await seqs('pl_aaaa')).toEqual([1, 2, 3, 4]);
  });

  it('AGENT-6: one metrics row per model call, with agent and role from events shipped long before', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...beginning);
    await ship([p]);
    p.commit(...ending);
    await ship([p]);
    const metrics = await rows('SELECT role, round, leg, outcome, cost_microusd, model FROM agent_metrics');
    expect(metrics).toEqual([
      { role: 'ALPHA', round: 2, leg: 3, outcome: 'succeeded', cost_microusd: 42, model: 'extractive-1' },
    ]);
  });

  it('LEDG-1: actions and violations get rows of their own, each with who did it', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...beginning);
    await ship([p]);
    p.commit(...ending);
    await ship([p]);
    expect(await rows('SELECT phase, role, tool, target, decision, determining FROM agent_actions')).toEqual([
      {
        phase: 'decided',
        role: 'ALPHA',
        tool: 'http_get',
        target: 'evil.test',
        decision: 'deny',
        determining: '["egress-allow-list"]',
      },
    ]);
    expect(await rows('SELECT role, rule, severity FROM violations')).toEqual([
      { role: 'ALPHA', rule: 'egress-allow-list', severity: 'medium' },
    ]);
  });

  it('LEDG-1: the index of pipelines only moves forward', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2));
    const before = p.state();
    p.commit({
      type: 'pipeline_ended',
      body: { state: 'COMPLETED', exit_code: 0, reason: 'consensus_reached', detail: null },
    });
    await ship([p]);
    const late = new FakePipeline('pl_aaaa');
    late.log = p.log;
    late.state = () => before;
    await ship([late]);
    const { items } = await queryPipelines(db, 'acme', {});
    expect(items.map((i) => [i.state, i.seq])).toEqual([['COMPLETED', 3]]);
    await expect(db.prepare('UPDATE pipelines SET seq = 1').run()).rejects.toThrow(/only move forward/);
  });

  it('LEDG-1: another hash for a known event is an integrity alarm, and the first copy stays', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(3));
    await ship([p]);
    const forged = p.rewritten(2, failure('it never happened')).commit(...notes(1));
    const [message] = await ship([forged]);
    const [alarm] = await rows('SELECT pipeline_id, seq, ledger_hash, object_hash FROM integrity_alarms');
    expect(alarm).toEqual({
      pipeline_id: 'pl_aaaa',
      seq: 3,
      ledger_hash: p.log[2]?.hash,
      object_hash: forged.log[2]?.hash,
    });
    expect((await queryEvents(db, 'acme', { pipeline_id: 'pl_aaaa' })).items).toEqual(p.log);
    expect(forged.shippedTo).toBe(0);
    expect(message?.outcome).toBe('ack');
    expect(logged.map((l) => l.message)).toEqual(['integrity alarm: the ledger and the pipeline differ']);
  });

  it.each([
    ['without one of its numbers', 3, (log: PipelineEvent[]) => log.toSpliced(1, 1)],
    [
      'with a broken link',
      3,
      (log: PipelineEvent[]) => log.with(2, { ...log[2]!, prev_hash: 'f'.repeat(64) }),
    ],
    [
      'with another beginning',
      1,
      (log: PipelineEvent[]) => log.with(0, { ...log[0]!, prev_hash: 'f'.repeat(64) }),
    ],
    ['with a number twice', 2, (log: PipelineEvent[]) => log.toSpliced(2, 0, log[1]!)],
  ])('LEDG-1: a log %s is an integrity alarm, and nothing of it is copied', async (_what, seq, changed) => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(4));
    p.log = changed(p.log);
    const [message] = await ship([p]);
    expect(await rows('SELECT pipeline_id, seq FROM integrity_alarms')).toEqual([
      { pipeline_id: 'pl_aaaa', seq },
    ]);
    expect(await seqs('pl_aaaa')).toEqual([]);
    expect(p.shippedTo).toBe(0);
    expect(message?.outcome).toBe('ack');
  });

  it('LEDG-1: two consumers that race with different pasts raise the alarm too', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(3));
    const forged = p.rewritten(3, failure('other'));
    const rpc = p.rpc();
    const raced: LedgerDeps = {
      ...deps([]),
      // The other consumer writes between this one's look at D1 and its own write.
      pipeline: () => ({
        ...rpc,
        read: async (tenant) => {
          await ship([forged]);
          return rpc.read(tenant);
        },
      }),
    };
    await handleLedgerBatch(batchOf([hint(p)]), raced);
    expect(await rows('SELECT seq, ledger_hash FROM integrity_alarms')).toEqual([
      { seq: 3, ledger_hash: forged.log[2]?.hash },
    ]);
    expect(p.shippedTo).toBe(0);
  });

  it('LEDG-1: with D1 down messages come again, later each time, and then nothing is missing', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(3));
    const broken = new Proxy(db, {
      get: () => () => {
        throw new Error('D1_ERROR: unavailable');
      },
    });
    const down = await ship([p], [hint(p, 1)], broken);
    const downAgain = await ship([p], [hint(p, 4)], broken);
    expect([down[0]?.outcome, downAgain[0]?.outcome]).toEqual([{ retryIn: 2 }, { retryIn: 16 }]);
    expect(p.shippedTo).toBe(0);
    await ship([p]);
    expect(await seqs('pl_aaaa')).toEqual([1, 2, 3]);
  });

  it('LEDG-2: the tenant’s log gets the head of what is in D1, settled when the pipeline has ended', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2));
    await ship([p]);
    expect(log.reports).toEqual([
      { chain: 'pl_aaaa', number: 1, seq: 2, hash: p.log[1]?.hash, settled: false },
    ]);
    p.commit({
      type: 'pipeline_ended',
      body: { state: 'COMPLETED', exit_code: 0, reason: 'consensus_reached', detail: null },
    });
    await ship([p]);
    expect(log.reports.at(-1)).toMatchObject({ seq: 3, hash: p.log[2]?.hash, settled: true });
  });

  it('LEDG-2: with the log away the hint comes again, the pipeline keeps its mark, and then the head arrives', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2));
    log.down = true;
    const [message] = await ship([p]);
    expect(message?.outcome).toEqual({ retryIn: 2 });
    expect(p.shippedTo).toBe(0);
    log.down = false;
    await ship([p]);
    expect(log.reports.map((r) => r.seq)).toEqual([2]);
    expect(p.shippedTo).toBe(2);
  });

  it('LEDG-2: a head that contradicts the log is an integrity alarm, and the pipeline is not told that all is well', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2));
    log.conflicts.set('pl_aaaa', 'f'.repeat(64));
    const [message] = await ship([p]);
    expect(await rows('SELECT pipeline_id, seq, ledger_hash, object_hash FROM integrity_alarms')).toEqual([
      { pipeline_id: 'pl_aaaa', seq: 2, ledger_hash: 'f'.repeat(64), object_hash: p.log[1]?.hash },
    ]);
    expect(p.shippedTo).toBe(0);
    expect(message?.outcome).toBe('ack');
  });

  it('REL-3: a write that fails half way leaves no row behind', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...beginning, ...ending);
    await db.prepare('DROP TABLE violations').run();
    const [message] = await ship([p]);
    expect(message?.outcome).toEqual({ retryIn: 2 });
    expect(await seqs('pl_aaaa')).toEqual([]);
    expect(await rows('SELECT * FROM agent_metrics')).toEqual([]);
  });

  it('REL-3: one pipeline that cannot be read or written does not hold up the others for good', async () => {
    const good = new FakePipeline('pl_good', 1).commit(...notes(2));
    const bad = new FakePipeline('pl_badd', 2).commit(...notes(2));
    (bad.log[1] as { actor: string | null }).actor = null;
    const silent: FakeMessage = {
      body: { tenant: 'acme', pipeline_id: 'pl_gone', seq: 1 },
      attempts: 3,
      outcome: 'none',
    };
    const messages = [hint(good, 3), hint(bad, 3), silent];
    await ship([good, bad], messages);
    expect(messages.map((m) => m.outcome)).toEqual(['ack', { retryIn: 8 }, { retryIn: 8 }]);
    expect(await seqs('pl_good')).toEqual([1, 2]);
  });

  it('TEN-5: a hint that names another tenant brings nothing into the ledger', async () => {
    const p = new FakePipeline('pl_aaaa').commit(...notes(2));
    const forged: FakeMessage = {
      body: { tenant: 'rival', pipeline_id: 'pl_aaaa', seq: 2 },
      attempts: 1,
      outcome: 'none',
    };
    await ship([p], [forged]);
    expect(await seqs('pl_aaaa')).toEqual([]);
    expect(forged.outcome).toBe('ack');
  });

  it('PIPE-8: a message that is no hint is acknowledged and reported', async () => {
    const messages: FakeMessage[] = [{ body: { pipeline: 1 }, attempts: 1, outcome: 'none' }];
    await ship([], messages);
    expect(messages[0]?.outcome).toBe('ack');
    expect(logged[0]?.message).toBe('a ledger message is not a hint');
  });
});
