import { describe, expect, it } from 'vitest';
import { toConsensus, toOrchestration, toPipeline } from '#contract/views.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { proposal, Rig, silentTurn, spawnCommand, USAGE, vote } from '../support/pipeline.ts';

const cited = [{ source: 'a', locator: '/b', quote: 'c' }];

/** Both reject each other's newest revision and revise their own, round after round. */
function disagree(rig: Rig, rounds: number): Rig {
  for (let i = 0; i < rounds; i++) {
    const [a, b] = [
      rig.state.proposals.findLast((p) => p.author === 'ALPHA'),
      rig.state.proposals.findLast((p) => p.author === 'BETA'),
    ];
    const round = rig.state.round?.round;
    rig.speak('ALPHA', {
      proposal: proposal(`A${round}`, a?.proposal_id ?? null),
      votes: b ? [vote(b.proposal_id, b.revision, 'reject')] : [],
    });
    rig.speak('BETA', {
      proposal: proposal(`B${round}`, b?.proposal_id ?? null),
      votes: a ? [vote(a.proposal_id, a.revision, 'reject')] : [],
    });
  }
  return rig;
}

describe('rounds', () => {
  it('CONS-2: what is written in a round is not visible to the other seat before the next one', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('early') });
    const beta = assignmentFor(rig.state, rig.turnOf('BETA').step_id);
    expect(beta?.turn?.blackboard?.proposals).toEqual([]);
    rig.speak('BETA');
    const next = assignmentFor(rig.state, rig.turnOf('BETA').step_id);
    expect(next?.turn?.blackboard?.proposals.map((p) => p.title)).toEqual(['early']);
  });

  it('CONS-2: a vote on a revision that the voter could not see is refused and kept as evidence', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('early') });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
    expect(rig.last('vote_refused')?.body).toMatchObject({ seat: 'BETA', proposal_id });
    expect(rig.state.votes).toEqual([]);
  });

  it('CONS-3: one vote per seat, round and proposal, and none on the seat’s own', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'reject'), vote(proposal_id, 1, 'approve')] });
    rig.speak('ALPHA', { votes: [vote(proposal_id, 1, 'approve')] });
    expect(rig.state.votes.map((v) => v.vote)).toEqual(['reject']);
    expect(rig.log.filter((e) => e.type === 'vote_refused').length).toBe(2);
  });

  it('CONS-3: nothing but an objection is critical, whatever its citations', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'abstain', { critical: true, citations: cited })] });
    expect(rig.last('vote_cast')?.body).toMatchObject({ vote: 'abstain', critical: false });
  });

  it('CONS-3: an objection without a citation is not critical', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('ALPHA').speak('BETA', { votes: [vote(proposal_id, 1, 'reject', { critical: true })] });
    expect(rig.state.votes[0]?.critical).toBe(false);
    rig
      .speak('ALPHA')
      .speak('BETA', { votes: [vote(proposal_id, 1, 'reject', { critical: true, citations: cited })] });
    expect(rig.state.votes[1]?.critical).toBe(true);
  });

  it('CONS-1: entries carry author, round, sequence, time and citations with the hash of the quote', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: { ...proposal('x'), citations: cited } });
    expect(rig.state.proposals[0]).toMatchObject({
      author: 'ALPHA',
      round: 1,
      revision: 1,
      citations: [
        { ...cited[0], sha256: '2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6' },
      ],
    });
    expect(rig.state.proposals[0]?.seq).toBeGreaterThan(0);
    expect(rig.state.proposals[0]?.at).toMatch(/^2026-/);
  });

  it('CONS-1, CONS-6: direct messages reach only the seat they are for, from the next round on; the mediator reads all', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 81).bootstrap();
    rig.speak('ALPHA', { proposal: proposal('x'), messages: [{ to: 'BETA', body: 'look' }] }).speak('BETA');
    const board = (role: 'ALPHA' | 'BETA' | 'GAMMA') =>
      assignmentFor(rig.state, rig.turnOf(role).step_id)?.turn?.blackboard;
    const seen = (role: 'ALPHA' | 'BETA' | 'GAMMA') => board(role)?.messages.map((m) => m.body);
    expect([seen('ALPHA'), seen('BETA'), seen('GAMMA')]).toEqual([['look'], ['look'], ['look']]);
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('GAMMA', { messages: [{ to: 'ALPHA', body: 'between us' }] });
    rig.speak('BETA', { votes: [vote(proposal_id, 1, 'reject')] });
    rig.speak('ALPHA', { proposal: proposal('y', proposal_id) });
    expect(seen('ALPHA')).toEqual(['look', 'between us']);
    expect(seen('BETA')).toEqual(['look']);
    expect(board('ALPHA')?.votes).toEqual([]);
    expect(board('GAMMA')?.votes).toMatchObject([{ seat: 'BETA', revision: 1, vote: 'reject' }]);
  });

  it('CONS-4: a seat that says nothing until the round’s limit abstains, and its late answer is refused', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') });
    const slow = rig.turnOf('BETA');
    const epoch = rig.claim(slow);
    const heard = () => ({ [slow.step_id]: { heard_at: rig.now + 10_000, progress_at: rig.now + 10_000 } });
    for (let i = 0; i < 31; i++) rig.pass(10_000, heard());
    expect(rig.log.find((e) => e.type === 'round_closed')?.body).toMatchObject({
      round: 1,
      silent: ['BETA'],
    });
    expect(rig.state.round?.round).toBe(2);
    const late = rig.when({
      kind: 'complete',
      step_id: slow.step_id,
      epoch,
      result: {
        kind: 'turn',
        output: { findings: [], proposal: null, votes: [], messages: [] },
        usage: null as never,
      },
    });
    expect(late.ok).toBe(false);
  });

  it('CONS-5: GAMMA is called when conflicts exceed three, not at three', () => {
    const rig = disagree(new Rig().toRoundOne(), 2);
    expect(toConsensus(rig.state).conflicts).toBe(2);
    expect(rig.state.mediation).toBeNull();
    disagree(rig, 1);
    expect(toConsensus(rig.state).conflicts).toBe(4);
    expect(rig.state.mediation).toMatchObject({ trigger: 'conflicts' });
  });

  it('CONS-5: exactly three conflicts call nobody, the fourth does', () => {
    const rig = new Rig().toRoundOne();
    rig.round({ ALPHA: { proposal: proposal('a') }, BETA: { proposal: proposal('b') } });
    const [a, b] = [rig.proposalOf('ALPHA'), rig.proposalOf('BETA')];
    rig.round({
      ALPHA: { votes: [vote(b.proposal_id, 1, 'reject')], proposal: proposal('a2', a.proposal_id) },
      BETA: { votes: [vote(a.proposal_id, 1, 'reject')] },
    });
    rig.round({
      BETA: { votes: [vote(a.proposal_id, 2, 'reject')], proposal: proposal('b2', b.proposal_id) },
    });
    expect(rig.last('round_closed')?.body.conflicts).toBe(3);
    expect(rig.state.mediation).toBeNull();
    rig.round({ ALPHA: { votes: [vote(b.proposal_id, 2, 'reject')] } });
    expect(rig.last('round_closed')?.body.conflicts).toBe(4);
    expect(rig.state.mediation).toMatchObject({ trigger: 'conflicts' });
  });

  it('CONS-5: GAMMA is called when complexity exceeds 80, not at 80', () => {
    expect(new Rig().toRoundOne(spawnCommand(), 80).state.mediation).toBeNull();
    expect(new Rig().toRoundOne(spawnCommand(), 81).state.mediation).toMatchObject({ trigger: 'complexity' });
  });

  it('CONS-5: GAMMA is called after 30 s without progress by any seat, while a seat’s step is claimed', () => {
    const rig = new Rig().toRoundOne();
    rig.pass(31_000);
    expect(rig.state.mediation, 'a queue backlog is not a stuck seat').toBeNull();
    const step = rig.turnOf('ALPHA');
    rig.claim(step);
    const alive = (progress_at: number) => ({ [step.step_id]: { heard_at: rig.now + 15_000, progress_at } });
    rig.pass(15_000, alive(0)).pass(14_999, alive(0));
    expect(rig.state.mediation).toBeNull();
    rig.pass(1, alive(0));
    expect(rig.state.mediation).toMatchObject({ trigger: 'no_progress' });
    expect(timers(rig.state, alive(0)).some((t) => t.kind === 'stall')).toBe(false);
  });

  it('CONS-5, AGENT-4: a slow model that still streams is not stuck', () => {
    const rig = new Rig().toRoundOne();
    const step = rig.turnOf('ALPHA');
    rig.claim(step);
    for (let i = 0; i < 10; i++) {
      rig.pass(10_000, { [step.step_id]: { heard_at: rig.now + 10_000, progress_at: rig.now + 10_000 } });
    }
    expect(rig.state.mediation).toBeNull();
  });

  it('CONS-4: GAMMA joins the electorate from the round after its spawn, once', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 90);
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA']);
    disagree(rig, 1);
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA', 'GAMMA']);
    rig.bootstrap();
    disagree(rig, 1);
    rig.speak('GAMMA');
    disagree(rig, 1);
    rig.speak('GAMMA');
    expect(rig.types().filter((t) => t === 'mediator_called').length).toBe(1);
    expect(Object.values(rig.state.agents).filter((a) => a.role === 'GAMMA').length).toBe(1);
  });

  it('CONS-6: GAMMA’s merged proposal, approved by another seat, is the verdict', () => {
    const rig = disagree(new Rig().toRoundOne(), 3).bootstrap();
    disagree(rig, 1);
    const step = rig.turnOf('GAMMA');
    const a = rig.state.proposals.find((p) => p.author === 'ALPHA')!;
    rig.finish(step, {
      kind: 'turn',
      output: {
        findings: [],
        proposal: proposal('merged'),
        votes: [],
        messages: [],
        taken: [{ proposal_id: a.proposal_id, revision: 1, what: 'its first half' }],
      },
      usage: {
        tokens_in: 1,
        tokens_out: 1,
        tokens_cached: 0,
        cost_microusd: 0,
        provider: 'compatible',
        model: 'm',
        latency_ms: 1,
      },
    });
    const merged = rig.proposalOf('GAMMA');
    rig.speak('ALPHA', { votes: [vote(merged.proposal_id, 1, 'approve')] });
    rig.speak('BETA', { votes: [vote(merged.proposal_id, 1, 'reject')] });
    rig.speak('GAMMA');
    expect(toPipeline(rig.state)).toMatchObject({ state: 'COMPLETED', verdict: 'merged' });
    expect(rig.state.proposals.find((p) => p.author === 'GAMMA')?.taken.length).toBe(1);
  });

  it('CONS-7: the same content again is not written a second time', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('same') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.speak('ALPHA', { proposal: proposal('same', proposal_id) }).speak('BETA');
    expect(rig.state.proposals.length).toBe(1);
    expect(rig.last('round_closed')?.body.progress).toBe(false);
  });

  it('CONS-7: votes that repeat for three rounds are no progress and call GAMMA', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    const reject = { votes: [vote(proposal_id, 1, 'reject' as const)] };
    rig.speak('ALPHA').speak('BETA', reject);
    for (let i = 0; i < 2; i++) rig.speak('ALPHA').speak('BETA', reject);
    expect(rig.state.idle_rounds).toBe(2);
    expect(rig.state.mediation).toBeNull();
    rig.speak('ALPHA').speak('BETA', reject);
    expect(rig.state.mediation).toMatchObject({ trigger: 'no_progress' });
    // It is called to speak, not to be counted among those who have.
    expect(rig.state.failure).toBeNull();
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA', 'GAMMA']);
  });

  it('CONS-7: a content that was given up is not news when it comes back', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('one') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({ ALPHA: { proposal: proposal('two', proposal_id) } });
    rig.round({ ALPHA: { proposal: proposal('one', proposal_id) } });
    expect(rig.state.proposals.map((p) => p.title)).toEqual(['one', 'two']);
    expect(rig.last('round_closed')?.body.progress).toBe(false);
  });

  it('CONS-7: a vote on a new revision is news, though it says what the seat said of the old one', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    rig.round({ ALPHA: { proposal: proposal('y', proposal_id) } });
    rig.round({ BETA: { votes: [vote(proposal_id, 2, 'reject')] } });
    expect(rig.last('round_closed')?.body.progress).toBe(true);
  });

  it('CONS-5: a new generation may call GAMMA again, once', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 81).round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    for (let n = 0; n < 9 && !rig.state.failure; n++)
      rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    const again = { reason: 'again', proposal_id: null, revision: null, confirm: false };
    rig.revokeAll().when({ kind: 'fallback', action: 'rerun_same', ...again });
    rig.login().round().round();
    expect(rig.log.flatMap((e) => (e.type === 'mediator_called' ? [e.body.trigger] : []))).toEqual([
      'complexity',
      'complexity',
    ]);
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA', 'GAMMA']);
  });

  it('CONS-7: a withdrawn critical objection is progress, though its seat still rejects', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const citations = [{ source: 'plan', locator: '/a', quote: 'q' }];
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject', { critical: true, citations })] } });
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    expect(rig.last('round_closed')?.body.progress).toBe(true);
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'reject')] } });
    expect(rig.last('round_closed')?.body.progress).toBe(false);
  });

  it('CONS-7, CONS-9: a GAMMA that never writes is waited for three idle rounds, then consensus fails', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 81);
    rig.round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const no = { BETA: { votes: [vote(proposal_id, 1, 'reject')] } };
    rig.round(no).round(no).round(no);
    expect(rig.state.idle_rounds).toBe(2);
    expect(rig.state.failure).toBeNull();
    rig.round(no);
    expect(rig.state.failure).toMatchObject({ round: 5 });
  });

  it('CONS-6: what the mediator says it took is kept where it could see it', () => {
    const rig = disagree(new Rig().toRoundOne(), 3).bootstrap();
    const { proposal_id } = rig.proposalOf('ALPHA');
    const taken = [
      { proposal_id, revision: 1, what: 'its order' },
      { proposal_id: 'pr_invented', revision: 1, what: 'nothing' },
    ];
    const output = { ...silentTurn, proposal: proposal('merged'), taken };
    rig.finish(rig.turnOf('GAMMA'), { kind: 'turn', output, usage: USAGE });
    expect(rig.last('proposal_written')?.body.taken).toEqual([taken[0]]);
  });

  it('CONS-8: reasons of those who reject or abstain are in the verdict', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 90).bootstrap();
    rig.speak('ALPHA', { proposal: proposal('x') }).speak('BETA');
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.bootstrap();
    rig.speak('ALPHA').speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
    rig.speak('GAMMA', { votes: [vote(proposal_id, 1, 'reject', { reason: 'too fast' })] });
    expect(toOrchestration(rig.state).blackboard.consensus?.minority_report).toEqual([
      { seat: 'GAMMA', vote: 'reject', reason: 'too fast' },
    ]);
  });

  it('CONS-9: when GAMMA has mediated and nothing passes, consensus fails: ORCHESTRATING, exit code 2, tokens revoked', () => {
    const rig = disagree(new Rig().toRoundOne(), 3).bootstrap();
    disagree(rig, 1);
    rig.speak('GAMMA', { proposal: proposal('merged') });
    const { proposal_id } = rig.proposalOf('GAMMA');
    const no = { votes: [vote(proposal_id, 1, 'reject' as const)] };
    for (let i = 0; rig.state.failure === null && i < 5; i++)
      rig.speak('ALPHA', no).speak('BETA', no).speak('GAMMA');
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'ORCHESTRATING',
      exit_code: 2,
      waiting_for: 'fallback',
    });
    expect(rig.ready().map((s) => s.work.kind)).toEqual(['store_context', 'revoke']);
    rig.revokeAll();
    expect(rig.state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
  });

  it('CONS-9: a failed consensus that nobody decides on for 7 days is FAILED', () => {
    const rig = new Rig().toConsensusFailure();
    expect(rig.state.failure).not.toBeNull();
    rig.revokeAll().pass(7 * 86_400_000 - 1);
    expect(rig.state.outcome).toBeNull();
    rig.pass(1);
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'consensus_undecided',
    });
  });

  it('CONS-4: when no seat can answer at all the pipeline fails instead of going round', () => {
    const rig = new Rig().toRoundOne();
    for (const role of ['ALPHA', 'BETA'] as const) rig.failing(rig.turnOf(role), { retryable: false });
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'no_agent_answered',
    });
  });
});
