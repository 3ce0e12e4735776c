import { describe, expect, it } from 'vitest';
import { toConsensus, toOrchestration, toTokenStatus } from '#contract/views.ts';
import type { Seat } from '#domain/agents/roles.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import { ALLOW, proposal, Rig, spawnCommand, vote } from '../support/pipeline.ts';

/** The seat's worker reports for `ms`, with progress `progressed` ms after the claim (0: none). */
function hang(rig: Rig, seat: Seat, ms: number, progressed = 0): Rig {
  const step = rig.turnOf(seat);
  rig.claim(step);
  const claimed = rig.now;
  const progress_at = progressed === 0 ? 0 : claimed + progressed;
  for (let passed = 0; passed < ms; passed += 10_000) {
    const left = Math.min(10_000, ms - passed);
    rig.pass(left, { [step.step_id]: { heard_at: rig.now + left, progress_at } });
  }
  return rig;
}

const agentsOf = (rig: Rig, seat: Seat) => Object.values(rig.state.agents).filter((a) => a.role === seat);

describe('an agent that makes no progress', () => {
  it('ENF-2: after 60 s without progress it is replaced, not before, and only its own token is revoked', () => {
    const rig = hang(new Rig().toRoundOne(), 'BETA', 64_000, 5_000);
    expect(rig.types()).not.toContain('agent_replaced');
    const step = Object.values(rig.state.steps).find((s) => s.status === 'claimed')!;
    rig.pass(1_000, {
      [step.step_id]: { heard_at: rig.now, progress_at: Date.parse(step.claimed_at!) + 5_000 },
    });
    const [old, fresh] = agentsOf(rig, 'BETA');
    expect(old).toMatchObject({ status: 'replaced', replaced_by: fresh?.agent_id });
    expect(rig.ready('revoke').map((s) => s.work)).toEqual([
      { kind: 'revoke', tokens: [{ accessor: old?.accessor, agent_id: old?.agent_id }] },
    ]);
    expect(toTokenStatus(rig.state).status).toBe('active');
  });

  it('AGENT-4, ENF-2: before its first token a model has 120 s, and its worker 10 s to tell', () => {
    const rig = hang(new Rig().toRoundOne(), 'BETA', 129_000);
    expect(rig.types()).not.toContain('agent_replaced');
    expect(hang(new Rig().toRoundOne(), 'BETA', 130_000).types()).toContain('agent_replaced');
  });

  it('ENF-2: a step that waits in the queue is not stuck', () => {
    const rig = new Rig().toRoundOne();
    rig.pass(200_000);
    expect(rig.types()).not.toContain('agent_replaced');
  });

  it('CONS-4: the replacement inherits seat, round and snapshot', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('early') });
    hang(rig, 'BETA', 130_000).bootstrap();
    const turn = assignmentFor(rig.state, rig.turnOf('BETA').step_id);
    expect(turn?.agent?.agent_id).toBe(agentsOf(rig, 'BETA')[1]?.agent_id);
    expect(turn?.turn?.blackboard).toMatchObject({ seat: 'BETA', round: 1, proposals: [] });
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA']);
    rig.speak('BETA', { proposal: proposal('from the new one') });
    expect(rig.state.round?.round).toBe(2);
  });

  it('ENF-2: after two replacements the seat is silent instead, and the round goes on', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') });
    for (let n = 0; n < 2; n++) hang(rig, 'BETA', 130_000).bootstrap();
    const step = rig.turnOf('BETA');
    rig.claim(step);
    rig.pass(60_000, { [step.step_id]: { heard_at: rig.now + 60_000, progress_at: 0 } });
    rig.pass(70_000, { [step.step_id]: { heard_at: rig.now + 70_000, progress_at: 0 } });
    expect(agentsOf(rig, 'BETA').length).toBe(3);
    expect(rig.log.find((e) => e.type === 'round_closed')?.body).toMatchObject({
      round: 1,
      silent: ['BETA'],
    });
  });

  it('CONS-4: votes of an agent replaced as stuck stand in that round, and not after it', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'reject')] }).speak('ALPHA');
    const rejects = () => toConsensus(rig.state).proposals[0]?.reject;
    expect(rejects()).toBe(1);
    hang(rig, 'BETA', 130_000).bootstrap();
    expect(rejects()).toBe(1);
    rig.speak('ALPHA').speak('BETA');
    expect(rig.state.round?.round).toBe(4);
    expect(rejects()).toBe(0);
  });

  it('CONS-4: votes of an agent that is revoked for a violation are void; of one revoked without, they stand', () => {
    for (const violates of [true, false]) {
      const rig = new Rig().toRoundOne();
      rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
      const { proposal_id } = rig.proposalOf('ALPHA');
      rig.speak('BETA', { votes: [vote(proposal_id, 1, 'reject')] }).speak('ALPHA');
      if (violates) {
        rig.call('BETA', 'http_get', { url: 'http://169.254.169.254/' });
        const action = rig.ready('action')[0]!;
        const epoch = rig.claim(action);
        const violation = { rule: 'egress_private_address', severity: 'medium' as const };
        rig.when({
          kind: 'admit',
          step_id: action.step_id,
          epoch,
          version: rig.state.facts_seq,
          decision: { ...ALLOW, decision: 'deny', violation },
        });
      }
      const [beta] = agentsOf(rig, 'BETA');
      rig.when({ kind: 'revoke', agent_id: beta!.agent_id, reason: 'it misbehaves' });
      expect(toConsensus(rig.state).proposals[0]?.reject).toBe(violates ? 0 : 1);
    }
  });

  it('CONS-4: what an agent said before its token or its errors ended it stands, though it had broken a rule', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    rig.call('BETA', 'http_get');
    const violation = { rule: 'egress', severity: 'low' as const };
    rig.judge({ ...ALLOW, decision: 'deny', violation });
    const [beta] = agentsOf(rig, 'BETA');
    const failed = [{ accessor: beta!.accessor ?? '', code: 'token_dead', message: 'gone', dead: true }];
    rig.when({ kind: 'record_renewals', renewed: [], failed });
    expect(rig.last('agent_revoked')?.body).toMatchObject({ agent_id: beta!.agent_id, votes_void: false });
    expect(toConsensus(rig.state).proposals[0]?.reject).toBe(1);
  });

  it('ENF-2: in a round that is long enough for it, the third agent of a seat that gets stuck has nobody after it', () => {
    const spawn = spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>;
    const limits = { ...spawn.plan.limits, round_s: 3_600 };
    const rig = new Rig().toRoundOne({ ...spawn, plan: { ...spawn.plan, limits } });
    rig.speak('ALPHA', { proposal: proposal('x') });
    for (let n = 0; n < 3; n++) hang(rig, 'BETA', 150_000).bootstrap();
    expect(agentsOf(rig, 'BETA').map((a) => a.status)).toEqual(['replaced', 'replaced', 'revoked']);
    // It was slow, not disobedient: what it voted stands (CONS-4).
    expect(rig.last('agent_revoked')?.body).toMatchObject({ votes_void: false });
    expect(rig.log.find((e) => e.type === 'round_closed')?.body).toMatchObject({ silent: ['BETA'] });
  });

  it('CONS-8: a void vote gives the minority report no words', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 81).round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.bootstrap().speak('BETA', { votes: [vote(proposal_id, 1, 'reject', { reason: 'injected words' })] });
    rig.call('GAMMA', 'http_get');
    const gamma = agentsOf(rig, 'GAMMA')[0]!;
    const violation = { rule: 'egress_private_address', severity: 'medium' as const };
    rig.judge({ ...ALLOW, decision: 'deny', violation });
    rig.speak('GAMMA', { votes: [vote(proposal_id, 1, 'reject', { reason: 'void words' })] });
    rig.when({ kind: 'revoke', agent_id: gamma.agent_id, reason: 'it broke a rule' });
    rig.speak('ALPHA').round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
    expect(rig.state.verdict?.minority_report).toEqual([
      { seat: 'GAMMA', vote: 'abstain', reason: 'did not vote on this revision' },
    ]);
  });

  it('AGENT-1: the card of a replaced agent names its successor', () => {
    const rig = hang(new Rig().toRoundOne(), 'BETA', 130_000);
    const cards = toOrchestration(rig.state).agents.filter((a) => a.role === 'BETA');
    expect(cards[0]).toMatchObject({ phase: 'REVOKED', replaced_by: cards[1]?.agent_id });
  });
});
