import { describe, expect, it } from 'vitest';
import { toPipeline } from '#contract/views.ts';
import type { TenantSlice } from '#domain/pipeline/command.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { proposal, Rig } from '../support/pipeline.ts';

const NONE: TenantSlice = { tokens: 0, cost_microusd: 0, used_up: true, month: '2026-11' };
const PLENTY: TenantSlice = { tokens: 1e9, cost_microusd: 1e9, used_up: false, month: '2026-12' };
const claim = (rig: Rig, seat: 'ALPHA' | 'BETA', slice: TenantSlice) =>
  rig.when({ kind: 'claim', step_id: rig.turnOf(seat).step_id, worker: 'w', slice });

describe('a month that is used up', () => {
  it('PIPE-11: the run waits instead of ending, and says for what', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, 'ALPHA', NONE);
    expect(rig.state.outcome).toBeNull();
    expect(toPipeline(rig.state)).toMatchObject({
      waiting_for: 'queue',
      waiting_detail: expect.stringContaining('budget of 2026-11'),
    });
    expect(rig.turnOf('ALPHA')).toMatchObject({ failures: 0, reserved: null, held: { on: 'budget' } });
    const { seq } = rig.state;
    for (let n = 0; n < 20; n++) claim(rig, 'ALPHA', NONE);
    expect(rig.state.seq).toBe(seq);
  });

  it('PIPE-10, PIPE-11: no deadline or round runs meanwhile, however many weeks, and after half an hour its tokens go', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, 'ALPHA', NONE);
    claim(rig, 'BETA', NONE);
    const kinds = () => timers(rig.state, {}).map((t) => t.kind);
    for (const clock of ['deadline', 'round_limit', 'stall', 'stuck']) expect(kinds()).not.toContain(clock);
    rig.pass(30 * 60_000 - 1);
    expect(rig.state.suspended).toBe(false);
    rig.pass(1).revokeAll();
    expect(rig.state.suspended).toBe(true);
    rig.pass(20 * 86_400_000);
    expect(rig.state).toMatchObject({ outcome: null, recovery: null, waiting_for: 'queue' });
  });

  it('PIPE-11: a new month or a raised quota: it goes on by itself, before its tokens are gone and after', () => {
    const soon = new Rig().toRoundOne();
    claim(soon, 'ALPHA', NONE);
    soon.now += 60_000;
    claim(soon, 'ALPHA', PLENTY);
    expect(soon.state.waiting_for).toBeNull();

    const late = new Rig().toRoundOne();
    claim(late, 'ALPHA', NONE);
    claim(late, 'BETA', NONE);
    late.pass(86_400_000).revokeAll();
    claim(late, 'BETA', PLENTY);
    expect(late.state.waiting_for).toBeNull();
    late.login().bootstrap();
    late.speak('ALPHA', { proposal: proposal('a') }).speak('BETA', { proposal: proposal('b') });
    expect(late.state.round?.round).toBe(2);
    expect(late.state.clock.stopped_ms).toBe(86_400_000);
  });

  it('REC-2, PIPE-11: the supervisor waits for no month: rules write the handoff', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.bootstrap();
    const [step] = rig.ready('synthesis');
    rig.when({ kind: 'claim', step_id: step!.step_id, worker: 'w', slice: NONE });
    expect(rig.state.outcome).toMatchObject({ exit_code: 3 });
    expect(rig.state.synthesis?.agent_id).toBeNull();
  });

  it('PIPE-10, PIPE-11: a person may still pause, resume, cancel and abort it', () => {
    const rig = new Rig().toRoundOne();
    claim(rig, 'ALPHA', NONE);
    rig.when({ kind: 'pause', reason: 'look' });
    expect(rig.state.waiting_for).toBe('resume');
    rig.when({ kind: 'resume', reason: 'on' });
    expect(rig.state.waiting_for).toBe('queue');
    expect(rig.state.clock.stopped_since).not.toBeNull();
    rig.when({ kind: 'abort', reason: 'enough' });
    expect(rig.state.recovery?.trigger).toBe('abort');
  });

  it('REC-3: a successor that waits for a quota is said to, on its predecessor', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.pass(60_000);
    const [step] = rig.ready('spawn_successor');
    rig.failing(step!, {
      code: 'quota_exceeded',
      message: '100 pipelines are live; 100 is this tenant’s quota.',
    });
    expect(toPipeline(rig.state)).toMatchObject({
      exit_code: 3,
      waiting_for: null,
      waiting_detail: expect.stringContaining('100 is this tenant’s quota'),
    });
  });
});
