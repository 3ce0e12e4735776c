import { describe, expect, it } from 'vitest';
import { toApproval, toOrchestration, toPipeline } from '#contract/views.ts';
import { assignmentFor, gateFacts } from '#domain/pipeline/assign.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { ALLOW, ASK, Rig, spawnCommand } from '#tests/support/pipeline.ts';

const DAY = 24 * 3_600_000;

/** ALPHA wants something irreversible; the gate asks for a person. */
const parked = (): Rig => {
  const rig = new Rig().toRoundOne();
  rig.call('ALPHA', 'webhook_dispatch', { endpoint: 'sandbox-ops' });
  rig.judge(ASK);
  return rig;
};
const asked = (rig: Rig) => rig.last('action_approval_requested')!.body;
const decide = (rig: Rig, decision: 'approve' | 'deny', actor = 'person:ps_2', sha256 = asked(rig).sha256) =>
  rig.when(
    { kind: 'decide_approval', approval_id: asked(rig).approval_id, decision, reason: 'because', sha256 },
    actor,
  );
const factsNow = (rig: Rig) => gateFacts(rig.state, asked(rig).action_id, null)!;
const action = (rig: Rig) => rig.state.actions[asked(rig).action_id]!;

describe('approvals of actions', () => {
  it('GOV-5 REC-3: what the plan wants approved is asked in every run of it: this one, a fork, a successor', () => {
    const command = spawnCommand();
    if (command.kind !== 'spawn') throw new Error('no spawn');
    const plan = { ...command.plan, approvals: ['artifact_write'] };
    const rig = new Rig().toRoundOne({ ...command, plan });
    const asksFor = (tool: string): boolean | undefined => {
      rig.call('ALPHA', tool, {});
      const facts = gateFacts(rig.state, rig.last('action_requested')!.body.action_id, null);
      rig.judge();
      rig.report();
      return facts?.plan_asks;
    };
    expect(asksFor('artifact_write')).toBe(true);
    expect(asksFor('memory_read')).toBe(false);
    expect(forkSource(rig.state, 'h')!.plan.approvals).toEqual(['artifact_write']);
    rig.when({ kind: 'abort', reason: 'night' });
    rig.synthesise();
    const step = rig.ready('spawn_successor')[0]!;
    expect(assignmentFor(rig.state, step.step_id)?.successor?.plan.approvals).toEqual(['artifact_write']);
  });

  it('GOV-5, PIPE-10: the action is parked without a worker; the run says whom it waits for, and its clocks stand', () => {
    const rig = parked();
    expect(rig.ready('action')).toEqual([]);
    expect(Object.values(rig.state.steps).filter((s) => s.status === 'claimed')).toEqual([]);
    expect(toPipeline(rig.state).waiting_for).toBe('approval');
    expect(timers(rig.state, {}).some((t) => t.kind === 'deadline' || t.kind === 'round_limit')).toBe(false);
    expect(action(rig).outcome).toBeNull();
    // The other seat works on.
    expect(rig.turnOf('BETA')).toBeDefined();
  });

  it('GOV-5: approved, it is judged again, knows what it was approved under, and runs once', () => {
    const rig = parked();
    expect(factsNow(rig).approved_under).toBeNull();
    expect(decide(rig, 'approve').ok).toBe(true);
    expect(rig.state.waiting_for).toBeNull();
    expect(factsNow(rig).approved_under).toBe(ASK.policy_sha256);
    rig.judge(ALLOW);
    rig.report();
    expect(action(rig).outcome?.status).toBe('succeeded');
    expect(decide(rig, 'approve')).toMatchObject({ ok: false, error: { code: 'already_decided' } });
    expect(rig.ready('action')).toEqual([]);
    expect(rig.types().filter((t) => t === 'action_finished')).toHaveLength(1);
  });

  it('GOV-5: an approval is of its own action: another one that waits beside it is not lifted', () => {
    const rig = parked();
    const first = asked(rig);
    rig.call('BETA', 'webhook_dispatch', { endpoint: 'sandbox-other' });
    rig.judge(ASK);
    const second = asked(rig);
    expect(second.action_id).not.toBe(first.action_id);
    const done = rig.when(
      {
        ...{
          kind: 'decide_approval',
          approval_id: first.approval_id,
          decision: 'approve',
          reason: 'this one',
        },
        sha256: first.sha256,
      },
      'person:ps_2',
    );
    expect(done.ok).toBe(true);
    expect(gateFacts(rig.state, first.action_id, null)?.approved_under).toBe(ASK.policy_sha256);
    expect(gateFacts(rig.state, second.action_id, null)?.approved_under).toBeNull();
    expect(rig.ready('action').map((s) => 'action_id' in s.work && s.work.action_id)).toEqual([
      first.action_id,
    ]);
    expect(toPipeline(rig.state).waiting_for).toBe('approval');
  });

  it('GOV-5: judged again means that it may be refused after all', () => {
    const rig = parked();
    decide(rig, 'approve');
    rig.judge({ ...ALLOW, decision: 'deny', determining: ['tenant:freeze'], reason: 'a freeze began' });
    expect(action(rig).outcome?.status).toBe('denied');
  });

  it('GOV-5: under other policies it is asked for anew, and the old approval does not count', () => {
    const rig = parked();
    decide(rig, 'approve');
    rig.judge({ ...ASK, policy_sha256: 'd'.repeat(64) });
    const second = asked(rig);
    expect(rig.state.approvals).toHaveLength(2);
    expect(second.sha256).not.toBe(rig.state.approvals[0]!.sha256);
    expect(factsNow(rig).approved_under).toBeNull();
  });

  it.each([
    ['service:ps_9', 'person_needed'],
    ['agent:ag_1', 'person_needed'],
    ['person:ps_1', 'self_approval'],
  ])('GOV-5: %s may not decide: %s', (actor, code) => {
    const rig = parked();
    expect(decide(rig, 'approve', actor)).toMatchObject({ ok: false, error: { code } });
    expect(rig.state.waiting_for).toBe('approval');
  });

  it('GOV-5: another hash than the one that was asked for is refused', () => {
    const rig = parked();
    expect(decide(rig, 'approve', 'person:ps_2', 'f'.repeat(64))).toMatchObject({
      ok: false,
      error: { code: 'action_changed' },
    });
  });

  it('GOV-5: the hash binds agent, tool, arguments, target and policies', () => {
    const base = asked(parked());
    const other = new Rig().toRoundOne();
    other.call('ALPHA', 'webhook_dispatch', { endpoint: 'sandbox-other' });
    other.judge(ASK);
    const beta = new Rig().toRoundOne();
    beta.call('BETA', 'webhook_dispatch', { endpoint: 'sandbox-ops' });
    beta.judge(ASK);
    const hashes = [base.sha256, asked(other).sha256, asked(beta).sha256];
    expect(new Set(hashes).size).toBe(3);
    expect(asked(parked()).sha256).toBe(base.sha256);
  });

  it('GOV-5: denied, the agent is told so and goes on', () => {
    const rig = parked();
    decide(rig, 'deny');
    expect(JSON.parse(action(rig).outcome!.result!)).toMatchObject({ denied: true, rule: 'approval_denied' });
    expect(rig.turnOf('ALPHA')).toBeDefined();
    expect(rig.state.violations).toEqual([]);
  });

  it('GOV-5: nobody decides in time: refused, exactly at its expiry', () => {
    const rig = parked().pass(DAY - 1);
    expect(rig.state.approvals[0]?.status).toBe('pending');
    rig.pass(1);
    expect(rig.state.approvals[0]?.status).toBe('expired');
    expect(JSON.parse(action(rig).outcome!.result!)).toMatchObject({ rule: 'approval_expired' });
    expect(decide(rig, 'approve')).toMatchObject({ ok: false, error: { code: 'approval_expired' } });
  });

  it('GOV-5, PIPE-10: it expires during a pause too, and the pause goes on', () => {
    const rig = parked();
    rig.when({ kind: 'pause', reason: 'night' });
    rig.pass(DAY);
    expect(rig.state.approvals[0]?.status).toBe('expired');
    expect(rig.state.waiting_for).toBe('resume');
  });

  it('GOV-5: approved and not used in time, it does not count any more', () => {
    const rig = parked();
    rig.when({ kind: 'pause', reason: 'night' });
    decide(rig, 'approve');
    rig.pass(DAY);
    expect(rig.state.approvals[0]?.status).toBe('expired');
    expect(factsNow(rig).approved_under).toBeNull();
    expect(action(rig).outcome).toBeNull();
  });

  it('GOV-5: an approval that expires between judgement and admission sends the action back to be judged', () => {
    const rig = parked()
      .pass(DAY - 1_000)
      .revokeAll();
    decide(rig, 'approve');
    rig.login().bootstrap();
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const version = rig.state.facts_seq;
    rig.pass(1_000);
    const done = rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version, decision: ALLOW });
    expect(done).toMatchObject({ ok: true, value: { admission: 'judge_again' } });
  });

  it('GOV-5, PIPE-10: half an hour without a decision ends the tokens; the approval brings new ones before the action', () => {
    const rig = parked()
      .pass(31 * 60_000)
      .revokeAll();
    expect(rig.state.gate_closed).toBe(true);
    decide(rig, 'approve');
    rig.login().bootstrap();
    expect(rig.state.gate_closed).toBe(false);
    rig.judge(ALLOW);
    rig.report();
    expect(action(rig).outcome?.status).toBe('succeeded');
  });

  it('GOV-5: what an agent that was revoked asked for needs no decision any more', () => {
    const rig = parked();
    rig.when({ kind: 'revoke', agent_id: asked(rig).agent_id, reason: 'gone' });
    expect(rig.state.approvals[0]?.status).toBe('expired');
    expect(rig.state.waiting_for).toBeNull();
  });

  it('GOV-5: a run that has ended shows nothing to decide', () => {
    const rig = parked();
    rig.when({ kind: 'cancel', reason: 'enough' });
    expect(toApproval(rig.state, rig.state.approvals[0]!).status).toBe('expired');
    expect(decide(rig, 'approve').ok).toBe(false);
  });

  it('GOV-5: shown with everything a person decides on', () => {
    const rig = parked();
    expect(toOrchestration(rig.state).approvals[0]).toMatchObject({
      action_id: asked(rig).action_id,
      tool: 'webhook_dispatch',
      arguments: { endpoint: 'sandbox-ops' },
      requested_by: 'person:ps_1',
      policies: ['irreversible_needs_approval'],
      status: 'pending',
    });
  });
});

describe('what happened before', () => {
  /** ALPHA's action is admitted with a label on what it leaves behind. */
  const labelled = (): Rig => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'secret_read', { path: 'db' });
    rig.judge({ ...ALLOW, labels: ['read_secret'] });
    return rig;
  };
  const factsOfLast = (rig: Rig) => gateFacts(rig.state, Object.keys(rig.state.actions).at(-1)!, null)!;

  it('GOV-3: a label stands from the admission on, for every agent of the run', () => {
    const rig = labelled();
    rig.call('BETA', 'http_get', { url: 'https://docs.example.com/' });
    expect(factsOfLast(rig).labels).toEqual(['read_secret']);
  });

  it('GOV-3: what was judged before the label came is judged again', () => {
    const rig = new Rig().toRoundOne();
    rig.call('BETA', 'http_get', { url: 'https://docs.example.com/' });
    const [get] = rig.ready('action');
    const epoch = rig.claim(get!);
    const version = rig.state.facts_seq;
    rig.call('ALPHA', 'secret_read', { path: 'db' });
    rig.judge({ ...ALLOW, labels: ['read_secret'] });
    expect(rig.when({ kind: 'admit', step_id: get!.step_id, epoch, version, decision: ALLOW })).toMatchObject(
      { ok: true, value: { admission: 'judge_again' } },
    );
  });

  it('GOV-3: a refused action leaves nothing behind', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'secret_read', { path: 'db' });
    rig.judge({ ...ALLOW, decision: 'deny' });
    expect(rig.state.labels).toEqual([]);
  });

  it('GOV-3, AGENT-5: memory carries it: a result with a labelled origin labels the run that reads it', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'memory_read', { id: 'mem_1' });
    rig.judge();
    rig.report({ origin: ['tool:memory_read', 'label:read_secret'] });
    expect(rig.state.labels).toEqual(['read_secret']);
    // And what this run writes into memory says so again.
    rig.call('BETA', 'memory_write', {});
    expect(factsOfLast(rig).origin).toContain('label:read_secret');
  });

  it('GOV-3: a fork and a successor begin with it', () => {
    const rig = labelled();
    rig.report();
    expect(forkSource(rig.state, 'h')!.seed.labels).toEqual(['read_secret']);
    rig.when({ kind: 'abort', reason: 'night' });
    rig.synthesise();
    expect(rig.last('handoff_sealed')!.body.handoff.labels).toEqual(['read_secret']);
  });
});
