import { describe, expect, it } from 'vitest';
import type { Archive } from '#contract/archives.ts';
import type { LedgerEntry, LedgerStatus, ReconcileResult } from '#contract/ledger.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import type { Problem } from '#contract/problem.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { logStub } from '#objects/shared/stubs.ts';
import {
  acme,
  agreed,
  cancelled,
  changesOf,
  control,
  count,
  days,
  eachWithItsTenant,
  key,
  ports,
  run,
  ship,
  shipControl,
  spawn,
  verified,
} from '#tests/support/archive-world.ts';
import { answer, ask, env, makeTenant } from '#tests/support/worker.ts';
import { runScheduled } from '#workers/cron.ts';
import type { RetentionPorts } from '#workers/retention/index.ts';

eachWithItsTenant();

describe('a pipeline that is older than its tenant keeps it', () => {
  it('LEDG-5: is archived with its proofs, recorded, and only then gone from ledger and object; the archive verifies', async () => {
    const text = 'A zebra crossed the river.';
    const pipeline = await agreed('whole', `context:\n  - name: note.md\n    text: ${text}\n`);
    const events = await pipeline.events();
    days(181);
    expect((await run()).looked_at).toBe(1);
    // Archived and on record, but the ledger database does not know yet: nothing is removed.
    expect(await pipeline.events()).toEqual(events);
    expect(await count('events', pipeline.id)).toBe(events.length);
    const [recorded, ...twice] = await changesOf('pipeline_archived');
    expect([twice, recorded?.actor]).toEqual([[], 'system:retention']);
    expect(recorded?.body).toMatchObject({
      pipeline_id: pipeline.id,
      events: events.length,
      head_hash: events.at(-1)?.hash,
    });
    await shipControl();
    expect(await run()).toMatchObject({ removed: 1, failed: 0 });

    for (const table of [
      'events',
      'agent_metrics',
      'agent_actions',
      'error_occurrences',
      'violations',
      'event_places',
    ])
      expect([table, await count(table, pipeline.id)]).toEqual([table, 0]);
    expect((await pipeline.rpc.events(acme.tenant, 0, 10)).ok).toBe(false);
    const given = await verified(pipeline.id, events);
    expect(given.subject.head).toBe(events.at(-1)?.hash);
    const documents = await answer<Record<string, string>>(`/api/archives/${pipeline.id}/documents`, {
      key: key(),
    });
    expect(documents.body).toEqual({ [sha256Hex(text)]: text });
    // And again: there is nothing left to do, and nobody is asked about it.
    expect(await run()).toEqual({ looked_at: 0, removed: 0, failed: 0 });
  });

  it('LEDG-5: still says what it was, and each question about its log names the archive; its evidence comes from there', async () => {
    const pipeline = await agreed('asked');
    const events = await pipeline.events();
    const before = (await answer<Pipeline>(`/api/pipeline?pipeline_id=${pipeline.id}`, { key: key() })).body;
    days(181);
    await run();
    await shipControl();
    await run();
    const now = await answer<Pipeline>(`/api/pipeline?pipeline_id=${pipeline.id}`, { key: key() });
    expect(now.status).toBe(200);
    expect(now.body).toEqual({ ...before, archived_at: expect.any(String) });
    for (const what of ['events', 'orchestration', 'token', 'consensus/status']) {
      const { status, body } = await answer<Problem>(`/api/pipeline/${what}?pipeline_id=${pipeline.id}`, {
        key: key(),
      });
      expect([what, status, body.code]).toEqual([what, 410, 'archived']);
      expect(body.remedy).toContain(`ags archive get ${pipeline.id}`);
    }
    const response = await ask(`/api/pipeline/evidence?pipeline_id=${pipeline.id}`, { key: key() });
    expect(JSON.parse(await response.text()).events).toEqual(events);
    const listed = await answer<{ items: Pipeline[] }>('/api/pipelines', { key: key() });
    expect(listed.body.items.map((p) => p.pipeline_id)).toContain(pipeline.id);
    expect(
      (
        await answer('/api/pipeline/log', {
          key: key(),
          body: { pipeline_id: pipeline.id, level: 'info', source: 's', message: 'm' },
        })
      ).status,
    ).toBe(410);
  });

  it('LEDG-5 TEN-1: archives are listed by page, within the key’s projects, and to no other tenant', async () => {
    const [first, second] = [await cancelled('one'), await cancelled('two')];
    const other = await answer<{ project_id: string }>('/api/projects', {
      key: key(),
      body: { name: 'other' },
    });
    const narrow = await acme.newKey({ role: 'admin', project_ids: [other.body.project_id] });
    days(181);
    await run();
    const one = await answer<{ items: Archive[]; next_cursor: string }>('/api/archives?limit=1', {
      key: acme.keys.viewer,
    });
    expect(one.body.items.map((a) => [a.pipeline_id, a.number, a.removed_at])).toEqual([
      [second.id, 2, null],
    ]);
    const two = await answer<{ items: Archive[]; next_cursor: null }>(
      `/api/archives?limit=1&cursor=${one.body.next_cursor}`,
      { key: acme.keys.viewer },
    );
    expect([two.body.items.map((a) => a.pipeline_id), two.body.next_cursor]).toEqual([[first.id], null]);
    expect((await answer<{ items: [] }>('/api/archives', { key: narrow.secret })).body.items).toEqual([]);
    const rival = await makeTenant(`rival-${acme.tenant}`);
    for (const stranger of [narrow.secret, rival.keys.admin])
      for (const path of ['', '/documents'])
        expect((await answer(`/api/archives/${first.id}${path}`, { key: stranger })).status).toBe(404);
  });

  it('LEDG-5: what is live, unsealed, or younger than 180 days stays, whatever is set; longer retention keeps longer', async () => {
    const live = await spawn('live');
    const failed = await (await spawn('waits')).toConsensusFailure();
    days(150);
    const young = await cancelled('young');
    days(31);
    expect(await run()).toMatchObject({ removed: 0, failed: 0 });
    for (const p of [live, failed, young]) expect((await p.events()).length).toBeGreaterThan(0);
    expect(await changesOf('pipeline_archived')).toEqual([]);
    // An object asked directly obeys the legal minimum too.
    expect(await young.rpc.beginArchive(acme.tenant, Date.now())).toEqual({
      status: 'kept',
      why: 'it is too young',
    });
    expect(await live.rpc.beginArchive(acme.tenant, Date.now())).toEqual({
      status: 'kept',
      why: 'it is live',
    });
    const set = (retention_days: number) =>
      answer('/api/quotas', { key: key(), method: 'PUT', body: { retention_days } });
    expect((await set(179)).status).toBe(422);
    expect((await set(400)).status).toBe(200);
    days(200);
    await run();
    expect(await changesOf('pipeline_archived')).toEqual([]);
    days(200);
    await run();
    expect((await changesOf('pipeline_archived')).map((c) => c.body)).toEqual([
      expect.objectContaining({ pipeline_id: young.id }),
    ]);
  });

  it('LEDG-1 LEDG-5: the reconciler neither rebuilds what was archived nor alarms, also into an empty ledger', async () => {
    const pipeline = await agreed('gone');
    days(181);
    await run();
    await shipControl();
    await run();
    await ship(pipeline.id);
    const reconcile = () =>
      answer<ReconcileResult>('/api/ledger/reconcile', { key: acme.keys.auditor, body: {} });
    expect((await reconcile()).body).toMatchObject({ alarms: [], repaired: 0 });
    expect(await count('events', pipeline.id)).toBe(0);
    // A message that was on its way when the rows went cannot bring them back.
    await env.LEDGER.prepare(
      `INSERT INTO events VALUES (?, ?, 1, '2026', 't', 1, 'a', '{}', 's', 'p', 'h', NULL) ON CONFLICT DO NOTHING`,
    )
      .bind(acme.tenant, pipeline.id)
      .run();
    expect(await count('events', pipeline.id)).toBe(0);
    const { triggers } = await emptied();
    expect(triggers).toBeGreaterThan(20);
    await reconcile();
    expect([
      await count('events', pipeline.id),
      await count('pipelines', pipeline.id),
      await count('archives', pipeline.id),
    ]).toEqual([0, 1, 1]);
    const status = await answer<LedgerStatus>('/api/ledger/status', { key: acme.keys.auditor });
    expect(status.body).toMatchObject({ intact: true, archived_pipelines: 1 });
    // The clock's own run finds nothing more to do either.
    await runScheduled({ cron: '* * * * *' }, env);
    expect((await changesOf('pipeline_archived')).length).toBe(1);
  });

  it('LEDG-5: without a file that can be read back nothing is recorded, and without the file nothing is removed', async () => {
    const pipeline = await agreed('careful');
    const events = await pipeline.events();
    days(181);
    const logged: string[] = [];
    const given = ports();
    const spoiled = (put: (body: string) => string): RetentionPorts => ({
      ...given,
      log: (level, message) => logged.push(`${level}: ${message}`),
      bucket: {
        ...bound(given.bucket),
        put: async (name: string, body: ReadableStream) => {
          const text = await new Response(body).text();
          return env.ARCHIVES.put(name, put(text));
        },
      } as unknown as R2Bucket,
    });
    // One letter other than what was written, in an event's text: lost on the way or by the bucket.
    await run(spoiled((text) => text.replace('go ahead', 'go abead')));
    expect([await changesOf('pipeline_archived'), logged]).toEqual([
      [],
      ['error: a pipeline could not be archived; it stays where it is'],
    ]);
    expect(await pipeline.events()).toEqual(events);
    await run();
    expect((await changesOf('pipeline_archived')).length).toBe(1);
    await shipControl();
    const [{ object_key } = { object_key: '' }] = await control().listArchives({
      before: null,
      limit: 1,
      project_ids: null,
    });
    const kept = await (await env.ARCHIVES.get(object_key))!.text();
    await env.ARCHIVES.delete(object_key);
    expect(await run()).toMatchObject({ removed: 0, failed: 1 });
    expect([await pipeline.events(), await count('events', pipeline.id)]).toEqual([events, events.length]);
    expect((await answer<Problem>(`/api/archives/${pipeline.id}`, { key: key() })).body.code).toBe(
      'archive_unavailable',
    );
    await env.ARCHIVES.put(object_key, kept);
    expect(await run()).toMatchObject({ removed: 1 });
    await verified(pipeline.id, events);
  });

  it('LEDG-5: runs that overlap lose nothing, record each archive once, and leave one file each', async () => {
    const [a, b] = [await cancelled('twins-1'), await cancelled('twins-2')];
    const logs = new Map([a, b].map((p) => [p, p.events()]));
    days(181);
    // Not all begin with the same pipeline; every one of them meets others at work on it.
    await Promise.all([run(), run(), run()]);
    await shipControl();
    await Promise.all([run(), run(), run()]);
    expect((await changesOf('pipeline_archived')).length).toBe(2);
    for (const [p, events] of logs) {
      await verified(p.id, await events);
      expect((await env.ARCHIVES.list({ prefix: `t/${acme.tenant}/p/${p.id}/` })).objects.length).toBe(1);
    }
  });
});

const bound = (target: object) =>
  new Proxy(target, {
    get: (of, name) => {
      const value = Reflect.get(of, name) as unknown;
      return typeof value === 'function' ? value.bind(of) : value;
    },
    ownKeys: () => ['get', 'head', 'list', 'delete', 'put'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  }) as unknown as R2Bucket;

/** Drops every row as somebody with every right on the database could; the triggers come back. */
async function emptied(): Promise<{ triggers: number }> {
  const { results } = await env.LEDGER.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
  ).all<{ name: string; sql: string }>();
  const tables = ['events', 'pipelines', 'archives', 'reconciliations'];
  await env.LEDGER.batch(
    [
      ...results.map((t) => `DROP TRIGGER ${t.name}`),
      ...tables.map((t) => `DELETE FROM ${t} WHERE tenant = '${acme.tenant}'`),
      ...results.map((t) => t.sql),
    ].map((sql) => env.LEDGER.prepare(sql)),
  );
  return { triggers: results.length };
}

describe('a run that is cut off', () => {
  class Cut extends Error {}
  /** Every call of a run to the outside is a place where it can end: the act was done, its answer never came. */
  function cutAfter(given: RetentionPorts, calls: { left: number; names: string[] }): RetentionPorts {
    const cut = <T>(name: string, done: T): T => {
      calls.names.push(name);
      calls.left -= 1;
      if (calls.left === 0) throw new Cut(name);
      return done;
    };
    const wrap = <T extends object>(what: string, target: T, names: readonly string[]): T =>
      new Proxy(target, {
        get: (of, name) => {
          const value = Reflect.get(of, name) as unknown;
          if (typeof value !== 'function') return value;
          if (!names.includes(String(name))) return value.bind(of);
          return async (...rest: unknown[]) => cut(`${what}.${String(name)}`, await value.apply(of, rest));
        },
      });
    return {
      ...given,
      bucket: wrap('bucket', given.bucket, ['put', 'get', 'head', 'list', 'delete']),
      db: new Proxy(wrap('db', given.db, ['batch']), {
        get: (of, name) =>
          name === 'prepare'
            ? (sql: string) => statement(given.db.prepare(sql), cut)
            : (Reflect.get(of, name) as unknown),
      }),
      control: {
        archiveOf: (x) => control().archiveOf(x),
        archiveRewritten: (x, f) => control().archiveRewritten(x, f),
        pendingErasures: (n) => control().pendingErasures(n),
        erasureDone: (x) => control().erasureDone(x),
        dueForArchive: (n) => control().dueForArchive(n),
        recordArchive: async (x) => cut('control.recordArchive', await control().recordArchive(x)),
        archiveRemoved: async (x) => cut('control.archiveRemoved', await control().archiveRemoved(x)),
      },
      pipeline: (id) => {
        const stub = given.pipeline(id);
        return {
          read: (t) => stub.read(t),
          events: (t, s, l) => stub.events(t, s, l),
          documents: (t, s) => stub.documents(t, s),
          erase: (t, x) => stub.erase(t, x),
          beginArchive: async (t, x) => cut('pipeline.beginArchive', await stub.beginArchive(t, x)),
          removeArchived: async (t, x) => cut('pipeline.removeArchived', await stub.removeArchived(t, x)),
        };
      },
      tree: {
        submit: async (t, r) => cut('tree.submit', await logStub(env.LOG, acme.tenant).submit(t, r)),
        inclusion: (t, c, s, n) => logStub(env.LOG, acme.tenant).inclusion(t, c, s, n),
      },
    };
  }
  function statement(made: D1PreparedStatement, cut: <T>(name: string, done: T) => T): D1PreparedStatement {
    return {
      bind: (...values: unknown[]) => {
        const ready = made.bind(...values);
        return new Proxy(ready, {
          get: (of, name) => {
            const value = Reflect.get(of, name) as unknown;
            if (typeof value !== 'function') return value;
            if (name !== 'run') return value.bind(of);
            return async () => cut('db.run', await of.run());
          },
        });
      },
    } as D1PreparedStatement;
  }

  it('LEDG-5: at each of its steps leaves everything where it is or in a verified archive, and the next run ends it', {
    timeout: 300_000,
  }, async () => {
    const reached = new Set<string>();
    for (let at = 1; ; at++) {
      const pipeline = await cancelled(`cut-${at}`);
      const events = await pipeline.events();
      days(181);
      const calls = { left: at, names: [] as string[] };
      const cutOff = async () => {
        await run(cutAfter(ports(), calls));
        const read = await pipeline.rpc.events(acme.tenant, 0, 1_000);
        const archive = await control().archiveOf(pipeline.id);
        if (!read.ok || read.value.length < events.length) {
          expect(archive).not.toBeNull();
          await verified(pipeline.id, events);
        } else expect(read.value).toEqual(events);
        if ((await count('events', pipeline.id)) < events.length)
          expect(await count('archives', pipeline.id)).toBe(1);
      };
      await cutOff();
      await shipControl();
      if (calls.left > 0) await cutOff();
      for (const name of calls.names) reached.add(name);
      const whole = calls.left > 0;
      await shipControl();
      await run();
      await shipControl();
      await run();
      expect(await control().archiveOf(pipeline.id)).toMatchObject({ removed_at: expect.any(String) });
      await verified(pipeline.id, events);
      const recorded = (await changesOf('pipeline_archived')).filter(
        (c) => (c.body as LedgerEntry).pipeline_id === pipeline.id,
      );
      expect(recorded.length).toBe(1);
      const { objects } = await env.ARCHIVES.list({ prefix: `t/${acme.tenant}/p/${pipeline.id}/` });
      expect(objects.length).toBe(1);
      if (whole) break;
    }
    expect([...reached].sort()).toEqual(
      [
        'bucket.get',
        'bucket.head',
        'bucket.list',
        'bucket.put',
        'control.archiveRemoved',
        'control.recordArchive',
        'db.batch',
        'db.run',
        'pipeline.beginArchive',
        'pipeline.removeArchived',
        'tree.submit',
      ].sort(),
    );
  });
});
