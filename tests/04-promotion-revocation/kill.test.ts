import { describe, expect, it } from 'vitest';
import type { Role } from '#domain/agents/roles.ts';
import { inFlight } from '#domain/pipeline/in-flight.ts';
import { liveAgent } from '#domain/pipeline/state.ts';
import { ALLOW, proposal, Rig, spawnCommand } from '#tests/support/pipeline.ts';

const PERSON = 'person:ps_2';
const idOf = (rig: Rig, role: Role): string => liveAgent(rig.state, role)?.agent_id ?? '';
const kill = (rig: Rig, agent_id: string | null, actor = PERSON) =>
  rig.when({ kind: 'kill', kill: null, agent_id, reason: 'it looks odd' }, actor);
const lift = (rig: Rig, kill_id: string, actor = PERSON) =>
  rig.when({ kind: 'lift', kill_id, reason: 'a false alarm' }, actor);

/** A `once` action that the gate has let through. */
function acting(effect: 'once' | 'pure' = 'once') {
  const rig = new Rig().toRoundOne().call('ALPHA', 'webhook_dispatch');
  const step = rig.ready('action')[0]!;
  const epoch = rig.claim(step);
  const decision = { ...ALLOW, effect };
  rig.when({
    kind: 'admit',
    step_id: step.step_id,
    epoch,
    version: rig.state.facts_seq,
    decision,
  });
  return rig;
}

describe('a switch on one agent', () => {
  it('ENF-6 CRED-4: its token is revoked and its seat falls silent, in the commit that says who and why; the others go on', () => {
    const rig = new Rig().toRoundOne();
    const alpha = idOf(rig, 'ALPHA');
    const before = rig.log.length;
    kill(rig, alpha);
    expect(rig.log.slice(before).map((e) => e.type)).toEqual([
      'kill_switch_thrown',
      'agent_revoked',
      'step_cancelled',
      'step_scheduled',
      'turn_taken',
    ]);
    expect(rig.last('kill_switch_thrown')).toMatchObject({
      actor: PERSON,
      body: { scope: 'agent', id: alpha, reason: 'it looks odd', by: PERSON },
    });
    expect(rig.ready('revoke')[0]?.work).toMatchObject({ tokens: [{ agent_id: alpha }] });
    expect(rig.state.outcome).toBeNull();
    rig.speak('BETA', { proposal: proposal('alone') });
    expect(rig.state.round?.round).toBe(2);
  });

  it('ENF-6 TEN-5: lifted by a person, its seat is given to a new agent, which takes part from the next round', () => {
    const rig = new Rig().toRoundOne();
    kill(rig, idOf(rig, 'ALPHA'));
    const kill_id = rig.state.kills[0]?.kill_id ?? '';
    expect(lift(rig, kill_id, 'service:ps_9')).toMatchObject({ ok: false, error: { code: 'person_needed' } });
    expect(liveAgent(rig.state, 'ALPHA')).toBeNull();
    expect(lift(rig, kill_id).ok).toBe(true);
    expect(rig.state.kills[0]).toMatchObject({ lifted_by: PERSON, lift_reason: 'a false alarm' });
    rig.bootstrap();
    rig.speak('BETA');
    expect(rig.roleOf(rig.turnOf('ALPHA'))).toBe('ALPHA');
    const events = rig.log.length;
    expect(lift(rig, kill_id).ok).toBe(true);
    expect(rig.log.length).toBe(events);
  });

  it('ENF-6: an agent that is not there is not found', () => {
    const rig = new Rig().toRoundOne();
    expect(kill(rig, 'ag_nobody_1')).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(lift(rig, 'ks_nothing_1')).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });
});

describe('a switch on the pipeline', () => {
  it('ENF-6 REC-3: FAILED 1 killed in the same commit, every token being revoked, no successor; nothing is admitted after', () => {
    const rig = acting();
    const held = Object.values(rig.state.steps).find((s) => s.work.kind === 'action')!;
    kill(rig, null);
    expect(rig.state.outcome).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'killed' });
    expect(rig.state.gate_closed).toBe(true);
    expect(rig.state.handoff).toBeNull();
    expect(rig.ready('spawn_successor')).toEqual([]);
    const late = rig.when({
      kind: 'admit',
      step_id: held.step_id,
      epoch: held.epoch,
      version: rig.state.facts_seq,
      decision: ALLOW,
    });
    expect(late.ok).toBe(false);
    rig.revokeAll();
    expect(rig.state.sealed).toBe(true);
  });

  it('ENF-6 REC-6: what was let through before is in flight: a once action stays unknown, on record', () => {
    const rig = acting();
    expect(inFlight(rig.state)).toMatchObject([
      { tool: 'webhook_dispatch', pipeline_id: 'pl_0123456789abcdef' },
    ]);
    kill(rig, null);
    expect(inFlight(rig.state)).toHaveLength(1);
    expect(Object.values(rig.state.actions)[0]?.unknown?.why).toContain('after it was let through');
  });

  it('ENF-6 REC-3: thrown after an early end it keeps the successor from coming', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.synthesise();
    expect(rig.ready('spawn_successor')).toHaveLength(1);
    rig.revokeAll();
    kill(rig, null);
    expect(rig.ready('spawn_successor')).toEqual([]);
    expect(rig.types().slice(-3)).toEqual(['kill_switch_thrown', 'step_cancelled', 'sealed']);
    lift(rig, rig.state.kills[0]!.kill_id);
    expect(kill(rig, null)).toMatchObject({ ok: false, error: { code: 'pipeline_ended' } });
  });

  it('ENF-6: thrown twice, on an agent or on the run, it is one switch; lifted, it can be thrown again', () => {
    const rig = new Rig().toRoundOne();
    const [alpha, beta] = [idOf(rig, 'ALPHA'), idOf(rig, 'BETA')];
    kill(rig, alpha);
    const before = rig.log.length;
    expect(kill(rig, alpha).ok).toBe(true);
    expect(rig.log.length).toBe(before);
    lift(rig, rig.state.kills[0]!.kill_id);
    kill(rig, alpha);
    kill(rig, beta);
    expect(rig.state.kills.map((k) => k.id)).toEqual([alpha, alpha, beta]);
    const run = new Rig().toRoundOne();
    kill(run, null);
    const ended = run.log.length;
    expect(kill(run, null, 'person:ps_3').ok).toBe(true);
    expect(run.log.length).toBe(ended);
  });

  it('ENF-6: while it waits for a person, or is paused, or its consensus has failed, it stops just the same', () => {
    const waiting = new Rig().toRoundOne(spawnCommand({ auto_continue: false }));
    const paused = new Rig().toRoundOne();
    paused.when({ kind: 'pause', reason: 'x' });
    const failed = new Rig().toConsensusFailure();
    for (const rig of [waiting, paused, failed]) {
      expect(rig.state.outcome).toBeNull();
      kill(rig, null);
      expect(rig.state.outcome).toMatchObject({ exit_code: 1, reason: 'killed' });
    }
  });

  it('ENF-6 TEN-5: lifting it after the end is on record, and sealed again', () => {
    const rig = new Rig().toRoundOne();
    kill(rig, null);
    rig.revokeAll();
    lift(rig, rig.state.kills[0]?.kill_id ?? '');
    expect(rig.types().slice(-2)).toEqual(['kill_switch_lifted', 'sealed']);
    expect(rig.state.outcome?.reason).toBe('killed');
  });
});
