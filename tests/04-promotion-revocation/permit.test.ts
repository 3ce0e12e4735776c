import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Grant, type Kill, PERMIT_MS, type Permit, permitOf } from '#domain/governance/permit.ts';
import { HeldPermit } from '#objects/pipeline/permit.ts';
import type { ControlRpc } from '#objects/tenant/rpc.ts';
import { SystemLease } from '#objects/tenant/system-lease.ts';
import { ALLOW, PERMIT, Rig, START, USAGE } from '#tests/support/pipeline.ts';

const KILL: Kill = {
  kill_id: 'ks_above',
  scope: 'tenant',
  id: 'acme',
  reason: 'something is wrong',
  by: 'person:ps_9',
  at: '2026-11-22T12:00:00.000Z',
};
const GRANT: Grant = { ttl_ms: PERMIT_MS, killed: null, policy_version: 'v1', mode: 'enforce' };
const until = (at: number, killed: Kill | null = null): Permit => ({ ...PERMIT, expires_at: at, killed });

describe('what a pipeline may do under its permit', () => {
  /** At a call of a tool that waits for the gate. */
  function atTheGate() {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'memory_search');
    const step = rig.ready('action')[0]!;
    const epoch = rig.claim(step);
    const admit = (permit: Permit | null) =>
      rig.when({
        kind: 'admit',
        step_id: step.step_id,
        epoch,
        version: rig.state.facts_seq,
        decision: ALLOW,
        permit,
      });
    return { rig, step, admit };
  }

  it('ENF-6: a permit counts until its last millisecond, and not in the next', () => {
    const { rig, admit } = atTheGate();
    expect(admit(until(rig.now))).toMatchObject({ ok: true, value: { admission: 'no_permit', events: [] } });
    expect(admit(until(rig.now + 1))).toMatchObject({ ok: true, value: { admission: 'run' } });
  });

  it('ENF-6 GOV-2: without a permit nothing is admitted, and no agent’s step is claimed', () => {
    const { rig, admit } = atTheGate();
    const before = rig.log.length;
    expect(admit(null)).toMatchObject({ ok: true, value: { admission: 'no_permit' } });
    const turn = rig.turnOf('BETA');
    expect(rig.when({ kind: 'claim', step_id: turn.step_id, worker: 'w', permit: null }).ok).toBe(false);
    expect(rig.log.length).toBe(before);
  });

  it('GOV-4, GOV-10: judged under other policies, or in another mode, than are in force now, it is judged again', () => {
    const { rig, admit } = atTheGate();
    const now = until(rig.now + 1);
    for (const changed of [{ policy_version: '3:9f86' }, { mode: 'observe' as const }])
      expect(admit({ ...now, ...changed })).toMatchObject({
        ...{ ok: true, value: { admission: 'judge_again', events: [] } },
      });
    expect(admit(now)).toMatchObject({ ok: true, value: { admission: 'run' } });
  });

  it('ENF-6 REC-3: a permit that carries a kill ends the pipeline at the gate, in the same commit, without a successor', () => {
    const { rig, step, admit } = atTheGate();
    expect(admit(until(rig.now + 1, KILL))).toMatchObject({ ok: true, value: { admission: 'stopped' } });
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'killed' });
    expect(rig.state.kills).toMatchObject([{ kill_id: 'ks_above', scope: 'tenant', by: 'person:ps_9' }]);
    expect(rig.state.gate_closed).toBe(true);
    expect(rig.state.handoff).toBeNull();
    expect(rig.state.steps[step.step_id]).toBeUndefined();
    expect(rig.ready('revoke').flatMap((s) => (s.work.kind === 'revoke' ? s.work.tokens : []))).toHaveLength(
      rig.state.tokens.length,
    );
  });

  it('ENF-6: a claim meets the kill too, and the end’s own work needs no permit', () => {
    const rig = new Rig().toRoundOne();
    const turn = rig.turnOf('ALPHA');
    rig.when({ kind: 'claim', step_id: turn.step_id, worker: 'w', permit: until(rig.now + 1, KILL) });
    expect(rig.state.outcome?.reason).toBe('killed');
    const revoke = rig.ready('revoke')[0]!;
    expect(rig.when({ kind: 'claim', step_id: revoke.step_id, worker: 'w', permit: null }).ok).toBe(true);
  });

  it('ENF-6: a worker that goes on with the next step takes it under a permit only', () => {
    const rig = new Rig().toRoundOne();
    const turn = rig.turnOf('ALPHA');
    const epoch = rig.claim(turn);
    const done = rig.when({
      kind: 'complete',
      step_id: turn.step_id,
      epoch,
      worker: 'w',
      permit: null,
      result: {
        kind: 'tool_calls',
        calls: [{ call_id: 'c', tool: 'memory_search', arguments: {}, target: '' }],
        usage: USAGE,
      },
    });
    expect(done).toMatchObject({ ok: true, value: { claimed: [] } });
    expect(rig.ready('action')).toHaveLength(1);
  });

  it('ENF-6: the same switch again changes nothing', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'kill', kill: KILL, agent_id: null, reason: KILL.reason });
    const events = rig.log.length;
    rig.when({ kind: 'kill', kill: KILL, agent_id: null, reason: KILL.reason });
    expect(rig.log.length).toBe(events);
  });
});

describe('how long a permit is believed', () => {
  let now = START;
  beforeEach(() => {
    now = START;
    vi.spyOn(Date, 'now').mockImplementation(() => now);
    return () => vi.restoreAllMocks();
  });
  const control = (permit: () => Promise<Grant>) => () => ({ permit }) as unknown as ControlRpc;

  it('ENF-6: it counts from when it was asked for, and never longer than 5 s', () => {
    expect(permitOf({ ...GRANT, ttl_ms: 60_000 }, START).expires_at).toBe(START + 5_000);
    expect(permitOf({ ...GRANT, ttl_ms: 1_200 }, START).expires_at).toBe(START + 1_200);
  });

  it('ENF-6: one question in 5 s, however often it is needed at once', async () => {
    let asked = 0;
    const held = new HeldPermit();
    const ask = control(async () => {
      asked += 1;
      return GRANT;
    });
    await Promise.all(Array.from({ length: 20 }, () => held.current(ask, 'prj')));
    now += PERMIT_MS - 1;
    expect(await held.current(ask, 'prj')).toMatchObject({ policy_version: 'v1' });
    expect(asked).toBe(1);
    now += 1;
    await held.current(ask, 'prj');
    expect(asked).toBe(2);
  });

  it('ENF-6: a slow answer is worth less, an unreachable giver nothing', async () => {
    const held = new HeldPermit();
    const slow = control(async () => {
      now += 4_999;
      return GRANT;
    });
    expect(await held.current(slow, 'prj')).not.toBeNull();
    now += 1;
    const broken = control(async () => {
      throw new Error('gone');
    });
    expect(await held.current(broken, 'prj')).toBeNull();
  });

  it('ENF-6: an answer that was on its way when a change was pushed is not believed', async () => {
    const held = new HeldPermit();
    const { promise, resolve } = Promise.withResolvers<Grant>();
    const answer = held.current(
      control(() => promise),
      'prj',
    );
    held.drop();
    resolve(GRANT);
    expect(await answer).toBeNull();
  });

  it('ENF-6: permits under a tenant’s lease on the system-wide switch end with it', async () => {
    let reachable = true;
    let asked = 0;
    const lease = new SystemLease(
      async () => {
        asked += 1;
        if (!reachable) throw new Error('gone');
        return { killed: null };
      },
      () => now,
    );
    expect(await lease.current()).toEqual({ killed: null, troubled: [], ttl_ms: 5_000 });
    now += 2_000;
    expect(await lease.current()).toEqual({ killed: null, troubled: [], ttl_ms: 3_000 });
    expect(asked).toBe(1);
    reachable = false;
    now += 2_999;
    expect((await lease.current()).ttl_ms).toBe(1);
    now += 1;
    expect((await lease.current()).ttl_ms).toBe(0);
    lease.pushed(KILL);
    expect(await lease.current()).toMatchObject({ killed: { kill_id: 'ks_above' }, ttl_ms: 5_000 });
  });
});
