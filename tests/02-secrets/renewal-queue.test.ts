import { describe, expect, it } from 'vitest';
import type { Renewals } from '#domain/pipeline/renewal.ts';
import type { Credentials } from '#workers/credentials/index.ts';
import { fanOutRenewals, handleRenewals, type RenewalDeps } from '#workers/renewals/index.ts';

type Extend = Credentials['extend'];
const NOW = Date.parse('2026-11-22T12:00:00.000Z');

/** Pipelines by id, each with the accessors that are due. What is recorded is not due again, as in the object. */
function world(due: Record<string, string[]>, extend: Extend) {
  const recorded: Record<string, Renewals[]> = {};
  const logged: unknown[] = [];
  const asked: string[] = [];
  const deps: RenewalDeps = {
    pipeline: (_tenant, id) => ({
      renewalsDue: async () => {
        asked.push(id);
        return (due[id] ?? []).map((accessor) => ({ accessor }));
      },
      recordRenewals: async (_t, renewals) => {
        recorded[id] = [...(recorded[id] ?? []), renewals];
        due[id] = (due[id] ?? []).filter((a) => !renewals.renewed.some((r) => r.accessor === a));
        return { accepted: true };
      },
    }),
    credentials: { extend },
    now: () => NOW,
    random: () => 0.5,
    log: (...words) => void logged.push(words),
  };
  async function deliver(pipeline_ids: string[], attempts = 1): Promise<string> {
    let fate = 'nothing';
    const message = {
      body: { tenant: 'acme', pipeline_ids },
      attempts,
      ack: () => {
        fate = 'ack';
      },
      retry: (options?: { delaySeconds?: number }) => {
        fate = `retry in ${options?.delaySeconds}`;
      },
    };
    await handleRenewals({ messages: [message] }, deps);
    return fate;
  }
  return { deps, deliver, recorded, logged, asked };
}

const granted: Extend = async ({ increment_s }) => ({ ok: true, value: { lease_s: increment_s } });
const refused =
  (kind: 'sealed' | 'token_dead' | 'unavailable', calls: string[] = []): Extend =>
  async ({ accessor }) => {
    calls.push(accessor);
    return { ok: false, error: { kind, retryable: kind !== 'token_dead', message: `Vault: ${kind}` } };
  };

describe('the renewal queue', () => {
  it('CRED-3: renews what each pipeline says is due, for two hours from before the call', async () => {
    const w = world({ a: ['a1', 'a2'], b: [], c: ['c1'] }, granted);
    expect(await w.deliver(['a', 'b', 'c'])).toBe('ack');
    const expires_at = new Date(NOW + 7_200_000).toISOString();
    expect(w.recorded.a).toEqual([
      {
        renewed: ['a1', 'a2'].map((accessor) => ({ accessor, expires_at, capped: false })),
        failed: [],
      },
    ]);
    expect(Object.keys(w.recorded).sort()).toEqual(['a', 'c']);
  });

  it('CRED-3: delivered twice, or beside another cron’s message, it renews once', async () => {
    let calls = 0;
    const w = world({ a: ['a1'] }, async (a) => {
      calls += 1;
      return granted(a);
    });
    await w.deliver(['a']);
    await w.deliver(['a']);
    expect(calls).toBe(1);
  });

  it('CRED-3: a lease that Vault cut short says so, and the pipeline replaces the token', async () => {
    const w = world({ a: ['a1'] }, async () => ({ ok: true, value: { lease_s: 3_600 } }));
    await w.deliver(['a']);
    expect(w.recorded.a?.[0]?.renewed[0]).toMatchObject({ capped: true });
  });

  it('CRED-3: a failing renewal is retried with jitter, and the third time is an alarm in the log and on record', async () => {
    const w = world({ a: ['a1'] }, refused('sealed'));
    expect(await w.deliver(['a'], 1)).toBe('retry in 30');
    expect(await w.deliver(['a'], 2)).toBe('retry in 30');
    expect(w.recorded.a).toBeUndefined();
    expect(w.logged).toEqual([]);
    await w.deliver(['a'], 3);
    expect(w.recorded.a?.[0]?.failed).toEqual([
      { accessor: 'a1', code: 'credentials_sealed', message: 'Vault: sealed', dead: false },
    ]);
    expect(w.logged).toMatchObject([['error', 'tokens cannot be renewed', { pipeline_id: 'a' }]]);
  });

  it('CRED-6: an accessor that Vault no longer knows is told at once and not retried', async () => {
    const w = world({ a: ['a1'] }, refused('token_dead'));
    expect(await w.deliver(['a'])).toBe('ack');
    expect(w.recorded.a?.[0]?.failed).toMatchObject([{ accessor: 'a1', dead: true }]);
  });

  it('CRED-6: a Vault that is silent is not stormed: the rest of the message waits for the retry', async () => {
    const calls: string[] = [];
    const ids = Array.from({ length: 25 }, (_, n) => `p${n}`);
    const w = world(Object.fromEntries(ids.map((id) => [id, [`t-${id}`]])), refused('unavailable', calls));
    await w.deliver(ids);
    expect(calls.length).toBeLessThan(10);
  });

  it('REC-6: a pipeline that does not answer does not stop the others, and its message comes again', async () => {
    const w = world({ a: ['a1'], b: ['b1'] }, granted);
    const { pipeline } = w.deps;
    w.deps.pipeline = (tenant, id) => {
      if (id === 'a') throw new Error('evicted');
      return pipeline(tenant, id);
    };
    expect(await w.deliver(['a', 'b'])).toMatch(/^retry/);
    expect(w.recorded.b).toHaveLength(1);
  });

  it('PIPE-8: a message that is none is dropped, with a line in the log', async () => {
    const w = world({}, granted);
    let acked = 0;
    const message = { body: { nonsense: 1 }, attempts: 1, ack: () => void acked++, retry: () => {} };
    await handleRenewals({ messages: [message] }, w.deps);
    expect(acked).toBe(1);
    expect(w.logged).toHaveLength(1);
  });
});

describe('the cron', () => {
  it('CRED-3: sends every live pipeline of every tenant once, however many, and goes on when a tenant fails', async () => {
    const sent: string[] = [];
    const batches: number[] = [];
    const many = Array.from({ length: 3_001 }, (_, n) => `p${n}`);
    const failed: unknown[] = [];
    await fanOutRenewals({
      tenants: async () => ['broken', 'big', 'empty'],
      livePipelines: async (tenant) => {
        if (tenant === 'broken') throw new Error('this one is broken');
        return tenant === 'big' ? many : [];
      },
      send: async (messages) => {
        batches.push(messages.length);
        for (const m of messages) sent.push(...m.pipeline_ids);
      },
      log: (...words) => void failed.push(words),
    });
    expect(sent).toEqual(many);
    expect(Math.max(...batches)).toBeLessThanOrEqual(100);
    expect(failed).toHaveLength(1);
  });
});
