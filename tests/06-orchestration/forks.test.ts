import { describe, expect, it } from 'vitest';
import type { TurnOutput } from '#domain/agents/output.ts';
import type { Command } from '#domain/pipeline/command.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { ALLOW, proposal, Rig, spawnCommand, vote } from '../support/pipeline.ts';

const ONCE = { ...ALLOW, effect: 'once' as const };
const deliver = { tool: 'webhook_dispatch', arguments: '{"text":"done"}', target: 'chat' };
const withAction = (title: string): NonNullable<TurnOutput['proposal']> => ({
  ...proposal(title),
  actions: [deliver],
});

/** The pipeline that somebody forks from the source at this event; the last one when none is given. */
function forkOf(rig: Rig, at = rig.log.length): Rig {
  const source = forkSource(replay(rig.log.slice(0, at)), rig.log[at - 1]!.hash)!;
  const fork = new Rig();
  const change = { pipeline_id: 'pl_fork0000', plan: source.plan, fork: source.seed };
  fork.when(spawnCommand(change as Partial<Extract<Command, { kind: 'spawn' }>>));
  return fork.login().bootstrap();
}

const at = (rig: Rig, type: PipelineEvent['type']): number => rig.log.findIndex((e) => e.type === type) + 1;

/** ALPHA's proposal with one action has won; the action is ready. */
function won(): Rig {
  const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: withAction('x') } });
  const { proposal_id } = rig.proposalOf('ALPHA');
  return rig.round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
}

describe('a fork', () => {
  it('PIPE-7: what its source did is told instead of done again, by the winner’s actions', () => {
    const rig = won();
    rig.judge(ONCE);
    rig.report();
    expect(rig.state.outcome?.reason).toBe('consensus_reached');
    const fork = forkOf(rig).round();
    expect(fork.types()).not.toContain('action_decided');
    expect(fork.ready('action')).toEqual([]);
    const [told] = Object.values(fork.state.actions);
    expect(told?.outcome).toMatchObject({ status: 'succeeded' });
    expect(JSON.parse(told?.outcome?.result ?? '{}')).toMatchObject({
      already_done: true,
      by: Object.keys(rig.state.actions)[0],
    });
    expect(fork.state.outcome?.state).toBe('COMPLETED');
  });

  it('PIPE-7: and by a turn’s calls, after which the model goes on; what was only read is read again', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'memory_write', { title: 't' });
    rig.judge(ALLOW);
    rig.report();
    rig.call('ALPHA', 'document_read', { name: 'd' });
    rig.judge({ ...ALLOW, effect: 'pure' });
    rig.report();
    const fork = forkOf(rig);
    fork.call('ALPHA', 'memory_write', { title: 't' });
    expect(fork.ready('action')).toEqual([]);
    fork.call('ALPHA', 'document_read', { name: 'd' });
    expect(fork.ready('action').length).toBe(1);
    fork.judge();
    fork.report();
    fork.call('ALPHA', 'memory_write', { title: 'another' });
    expect(fork.ready('action').length).toBe(1);
  });

  it('PIPE-7, REC-6: what its source may have done waits for a person instead of being tried', () => {
    const rig = won();
    rig.judge(ONCE);
    const fork = forkOf(rig).round();
    expect(fork.state.waiting_for).toBe('approval');
    expect(fork.ready('action')).toEqual([]);
    const [action_id] = Object.keys(fork.state.actions);
    fork.when({ kind: 'resolve_action', action_id: action_id!, status: 'succeeded', reason: 'I looked' });
    expect(fork.state.outcome?.state).toBe('COMPLETED');
  });

  it('PIPE-7, REC-6: what somebody found out about it counts from then on, here and in the next fork', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'webhook_dispatch', { text: 'x' });
    rig.judge(ONCE);
    const found = (status: 'succeeded' | 'failed'): Rig => {
      const fork = forkOf(rig);
      fork.call('ALPHA', 'webhook_dispatch', { text: 'x' });
      const [action_id] = Object.keys(fork.state.actions);
      fork.when({ kind: 'resolve_action', action_id: action_id!, status, reason: 'I looked' });
      return fork;
    };
    for (const next of [found('succeeded'), forkOf(found('succeeded'))]) {
      next.call('ALPHA', 'webhook_dispatch', { text: 'x' });
      expect(next.ready('action')).toEqual([]);
      expect(next.last('action_finished')?.body.result).toContain('already_done');
    }
    for (const next of [found('failed'), forkOf(found('failed'))]) {
      next.call('ALPHA', 'webhook_dispatch', { text: 'x' });
      expect(next.ready('action').length).toBe(1);
    }
  });

  it('PIPE-7: what was asked for and not done, or failed, may be tried', () => {
    const asked = won();
    expect(forkOf(asked).round().ready('action').length).toBe(1);
    const failed = won();
    failed.judge(ONCE);
    failed.report({ status: 'failed', error: 'refused' });
    expect(forkOf(failed).round().ready('action').length).toBe(1);
  });

  it('PIPE-7: a fork of a fork knows what the first source did', () => {
    const rig = won();
    rig.judge(ONCE);
    rig.report();
    expect(forkOf(forkOf(rig)).round().ready('action')).toEqual([]);
  });

  it('PIPE-7, CONS-4: votes that were void in its source count nothing in it, and neither does their author’s word', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')], proposal: proposal('y') } });
    rig.call('BETA', 'http_get');
    const violation = { rule: 'egress_private_address', severity: 'medium' as const };
    rig.judge({ ...ALLOW, decision: 'deny', violation });
    const beta = Object.values(rig.state.agents).find((a) => a.role === 'BETA')!;
    rig.when({ kind: 'revoke', agent_id: beta.agent_id, reason: 'it broke a rule' });
    const fork = forkOf(rig);
    expect(fork.state.votes).toEqual([]);
    const y = fork.proposalOf('BETA');
    fork.round({ ALPHA: { votes: [vote(y.proposal_id, 1, 'approve')] } });
    expect(fork.state.verdict).toBeNull();
  });

  it('PIPE-7, CONS-4: a vote that stood for the round of its agent’s replacement ends with it', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    const step = rig.turnOf('BETA');
    rig.claim(step);
    rig.pass(150_000, { [step.step_id]: { heard_at: rig.now + 150_000, progress_at: 0 } });
    rig.bootstrap().round();
    expect(rig.last('agent_replaced')?.body.round).toBe(3);
    expect(forkOf(rig, at(rig, 'agent_replaced')).state.votes.length).toBe(1);
    expect(forkOf(rig).state.votes).toEqual([]);
  });

  it('PIPE-7: a round that was open is held again: its votes are cast anew', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'reject')] });
    const fork = forkOf(rig);
    expect(fork.state.round?.round).toBe(2);
    fork.round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
    expect(fork.types()).not.toContain('vote_refused');
    expect(fork.state.outcome?.reason).toBe('consensus_reached');
  });

  it('PIPE-7, CONS-9: its own GAMMA is heard, also when the source’s had already written', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 81).round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const no = { votes: [vote(proposal_id, 1, 'reject')] };
    rig.round({ BETA: no, GAMMA: { proposal: proposal('merged') } });
    const merged = rig.proposalOf('GAMMA');
    rig.round({ ALPHA: { votes: [vote(merged.proposal_id, 1, 'reject')] } });
    const fork = forkOf(rig).round();
    expect(fork.state).toMatchObject({ idle_rounds: 1, failure: null, mediation: { trigger: 'complexity' } });
    expect(fork.state.round?.electorate).toContain('GAMMA');
    fork.round({ GAMMA: { proposal: proposal('better') } });
    const better = fork.proposalOf('GAMMA');
    fork.round({ ALPHA: { votes: [vote(better.proposal_id, better.revision, 'approve')] } });
    expect(fork.state.verdict).toMatchObject({ proposal_id: better.proposal_id });
  });

  it('PIPE-7: and copies no agent, token, approval, reservation or step', () => {
    const rig = new Rig().toRoundOne();
    rig.claim(rig.turnOf('ALPHA'));
    const fork = forkOf(rig, rig.log.length);
    const text = JSON.stringify(fork.log[1]);
    for (const { accessor, agent_id } of rig.state.tokens) {
      expect(text).not.toContain(accessor);
      if (agent_id) expect(text).not.toContain(agent_id);
    }
    expect(Object.values(fork.state.steps).every((s) => s.reserved === null)).toBe(true);
    expect(fork.state.approvals).toEqual([]);
    expect(fork.state.usage.tokens_in).toBe(0);
  });
});
