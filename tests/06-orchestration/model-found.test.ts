import { describe, expect, it } from 'vitest';
import { toPipeline } from '#contract/views.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { ALLOW, proposal, Rig, spawnCommand, vote } from '../support/pipeline.ts';

/** What random histories found, each in the fewest moves. */

type Spawn = Extract<Command, { kind: 'spawn' }>;
const pause = (rig: Rig) => rig.when({ kind: 'pause', reason: 'wait' });
const resume = (rig: Rig) => rig.when({ kind: 'resume', reason: 'on' });

/** ALPHA has won, and its first action waits to be worked on. */
function toWinningAction(): Rig {
  const rig = new Rig().toRoundOne();
  const act = { tool: 'http_get', arguments: '{}', target: 'example.test' };
  rig.round({ ALPHA: { proposal: { ...proposal('act'), actions: [act, act] } } });
  const { proposal_id } = rig.proposalOf('ALPHA');
  rig.round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
  if (!rig.state.verdict) throw new Error('no verdict');
  return rig;
}

function admit(rig: Rig, effect: 'idempotent' | 'once') {
  const step = rig.ready('action')[0]!;
  const epoch = rig.claim(step);
  rig.when({
    kind: 'admit',
    step_id: step.step_id,
    epoch,
    version: rig.state.facts_seq,
    decision: { ...ALLOW, effect },
  });
  return step;
}

describe('pauses', () => {
  it('PIPE-10: a login that ends during a pause does not end the pause', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    pause(rig);
    rig.login();
    expect(toPipeline(rig.state)).toMatchObject({ state: 'RUNNING', waiting_for: 'resume' });
    resume(rig);
    rig.plan().bootstrap();
    expect(rig.state.round?.round).toBe(1);
  });

  it('PIPE-10: a pause is complete when what was in flight is cancelled by the round’s limit', () => {
    const rig = new Rig().toRoundOne();
    const turn = rig.turnOf('ALPHA');
    rig.claim(turn);
    pause(rig);
    expect(rig.state.pause).toBe('requested');
    rig.pass(301_000, { [turn.step_id]: { heard_at: rig.now + 301_000, progress_at: rig.now + 301_000 } });
    expect(toPipeline(rig.state).waiting_for === 'resume' || rig.state.outcome !== null).toBe(true);
  });

  it('PIPE-10, REC-6: a long pause before there is a token leaves no timer that is due for ever', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    pause(rig);
    rig.pass(31 * 60_000);
    const due = timers(rig.state, {}).filter((t) => t.kind !== 'step_ready' && t.at <= rig.now);
    expect(due).toEqual([]);
  });

  it('PIPE-10, CRED-1: a late resolution of a suspended pipeline brings a new login', () => {
    const rig = toWinningAction();
    const step = admit(rig, 'once');
    rig.pass(21_000);
    expect(toPipeline(rig.state).waiting_for).toBe('approval');
    rig.pass(31 * 60_000).revokeAll();
    expect(rig.state.suspended).toBe(true);
    const action_id = step.work.kind === 'action' ? step.work.action_id : '';
    rig.when({ kind: 'resolve_action', action_id, status: 'succeeded', reason: 'seen there' });
    rig.login().bootstrap();
    expect(rig.when({ kind: 'claim', step_id: rig.ready('action')[0]!.step_id, worker: 'w' }).ok).toBe(true);
  });

  it('PIPE-2, PIPE-10: after a long pause Vault has its two minutes again for each agent’s token', () => {
    const rig = new Rig().toRoundOne();
    pause(rig);
    rig.pass(31 * 60_000).revokeAll();
    resume(rig);
    rig.login();
    rig.failing(rig.ready('agent_bootstrap')[0]!);
    expect(rig.state.outcome).toBeNull();
    rig.pass(121_000);
    rig.failing(rig.ready('agent_bootstrap')[0]!);
    expect(rig.state.outcome?.reason).toBe('credentials_unavailable');
  });

  it('PIPE-2, PIPE-10: a login that fails after a long pause is tried again', () => {
    const rig = new Rig().toRoundOne();
    pause(rig);
    rig.pass(31 * 60_000).revokeAll();
    resume(rig);
    rig.failing(rig.ready('credentials_login')[0]!, { code: 'credentials_unavailable' });
    expect(rig.state.outcome).toBeNull();
    expect(rig.ready('credentials_login').length).toBe(1);
  });
});

describe('revoked agents', () => {
  it('CRED-5: what a revocation did not reach is asked for again while the pipeline goes on', () => {
    const rig = new Rig().toRoundOne();
    const beta = Object.values(rig.state.agents).find((a) => a.role === 'BETA')!;
    rig.when({ kind: 'revoke', agent_id: beta.agent_id, reason: 'x' });
    rig.finish(rig.ready('revoke')[0]!, { kind: 'revoke', gone: [] });
    expect(rig.state.outcome).toBeNull();
    expect(rig.ready('revoke').flatMap((s) => (s.work.kind === 'revoke' ? s.work.tokens : []))).toMatchObject(
      [{ agent_id: beta.agent_id }],
    );
  });

  it('PIPE-5, CRED-5: a revoked author’s action does not hold up the end', () => {
    const rig = toWinningAction();
    const author = rig.state.proposals[0]!.agent_id;
    rig.when({ kind: 'revoke', agent_id: author, reason: 'x' });
    expect(Object.values(rig.state.actions).map((a) => a.outcome?.status)).toEqual(['failed']);
    expect(rig.state.outcome?.reason).toBe('consensus_reached');
  });

  it('REC-6: a once action of a revoked agent that was let through is unknown, not forgotten', () => {
    const rig = toWinningAction();
    admit(rig, 'once');
    rig.when({ kind: 'revoke', agent_id: rig.state.proposals[0]!.agent_id, reason: 'x' });
    expect(toPipeline(rig.state).waiting_for).toBe('approval');
    expect(Object.values(rig.state.actions)[0]?.unknown).not.toBeNull();
  });

  it('REC-6, PIPE-1: a once action in flight at the end is unknown, and what has ended waits for nobody', () => {
    const rig = toWinningAction();
    const step = admit(rig, 'once');
    rig.when({ kind: 'cancel', reason: 'stop' });
    const [action] = Object.values(rig.state.actions);
    expect(action?.unknown?.why).toContain('the pipeline ended');
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', waiting_for: null });
    rig.when({
      kind: 'complete',
      step_id: step.step_id,
      epoch: 1,
      result: {
        kind: 'action',
        status: 'succeeded',
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: [],
      },
    });
    expect(rig.last('log_written')?.body).toMatchObject({ source: 'late outcome' });
    rig.when({ kind: 'resolve_action', action_id: action!.action_id, status: 'succeeded', reason: 'seen' });
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 1, waiting_for: null });
  });

  it('CONS-4, REC-1: revoking an agent of an earlier generation does not silence its seat', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    const old = Object.values(rig.state.agents).find((a) => a.role === 'ALPHA')!;
    rig.when({
      kind: 'fallback',
      action: 'rerun_same',
      reason: 'again',
      proposal_id: null,
      revision: null,
      confirm: false,
    });
    rig.login().bootstrap();
    rig.when({ kind: 'revoke', agent_id: old.agent_id, reason: 'x' });
    expect(rig.state.round?.spoken).toEqual([]);
    expect(rig.turnOf('ALPHA')).toBeTruthy();
  });

  it('REC-2: revoking seats during the recovery reopens no round', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'abort', reason: 'enough' });
    for (const agent of Object.values(rig.state.agents)) {
      if (agent.role === 'ALPHA' || agent.role === 'BETA')
        rig.when({ kind: 'revoke', agent_id: agent.agent_id, reason: 'x' });
    }
    expect(rig.ready('agent_turn')).toEqual([]);
    rig.synthesise();
    expect(rig.state.outcome?.exit_code).toBe(3);
  });
});

describe('forks', () => {
  it('PIPE-7, REC-1: a rerun of a fork has the plan’s rounds, not its source’s on top', () => {
    const base = spawnCommand() as Spawn;
    const seed = { from: 'pl_source', at_seq: 9, at_hash: 'f'.repeat(64), round: 5 };
    const board = { findings: [], proposals: [], votes: [], messages: [] };
    const fork = { ...seed, ...board, report: null };
    const limits = { ...base.plan.limits, rounds: 30 };
    const rig = new Rig().toConsensusFailure({ ...base, fork, plan: { ...base.plan, limits } });
    expect(rig.state.failure).not.toBeNull();
    const again = { reason: 'again', proposal_id: null, revision: null, confirm: false };
    rig.revokeAll().when({ kind: 'fallback', action: 'rerun_same', ...again });
    rig.login().bootstrap();
    expect(rig.state.round?.round).toBe(1);
    // Something new in every round: only the limit ends it.
    for (let n = 1; n <= 40 && !rig.state.recovery; n++)
      rig.round({ ALPHA: { proposal: proposal(`p${n}`) } });
    expect(rig.state.recovery?.trigger).toBe('round_limit');
    expect(rig.state.round?.round).toBe(30);
  });
});

describe('budgets', () => {
  it('REC-2, PIPE-11: a synthesis that no longer fits the budget is written by rule', () => {
    const base = spawnCommand() as Spawn;
    const limits = { ...base.plan.limits, tokens: 12_000, rounds: 1 };
    const rig = new Rig().toRoundOne({ ...base, plan: { ...base.plan, limits } });
    rig.round({ ALPHA: { proposal: proposal('half') } });
    rig.bootstrap();
    const step = rig.ready('synthesis')[0]!;
    rig.state = { ...rig.state, usage: { ...rig.state.usage, tokens_in: 9_000 } };
    rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' });
    expect(rig.state.synthesis).toMatchObject({ agent_id: null, title: 'half' });
    expect(rig.state.outcome?.exit_code).toBe(3);
  });
});
