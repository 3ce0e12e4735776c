import { describe, expect, it } from 'vitest';
import { Finding, Orchestration } from '#contract/pipeline.ts';
import { toConsensus, toOrchestration, toPipeline } from '#contract/views.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { assignmentFor, failureContexts } from '#domain/pipeline/assign.ts';
import type { StepResult } from '#domain/pipeline/assignment.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { CLOCKS, FAILURE_CONTEXT_TTL_S } from '#domain/pipeline/rules.ts';
import { ALLOW, PIPELINE, proposal, Rig, spawnCommand, vote } from '../support/pipeline.ts';

type Spawn = Extract<Command, { kind: 'spawn' }>;
const spawn = (change: Partial<Spawn> = {}): Spawn => spawnCommand(change) as Spawn;
const withLimits = (limits: Partial<Spawn['plan']['limits']>, change: Partial<Spawn> = {}): Spawn => {
  const base = spawn(change);
  return { ...base, plan: { ...base.plan, limits: { ...base.plan.limits, ...limits } } };
};

/** What the worker would spawn from the sealed handoff. */
function successorOf(rig: Rig): Spawn {
  const step = rig.ready('spawn_successor')[0];
  const next = step && assignmentFor(replay(rig.log), step.step_id)?.successor;
  if (!next) throw new Error('no successor is planned');
  const { pipeline_id, predecessor_id, attempt, handoff, sha256, plan } = next;
  return spawn({
    pipeline_id,
    plan,
    successor_of: { pipeline_id: predecessor_id, attempt, handoff, sha256 },
  });
}

const fail = (rig: Rig, action: 'rerun_same' | 'rerun_gamma' | 'escalate_tier', actor?: string) =>
  rig.when(
    { kind: 'fallback', action, reason: 'again', proposal_id: null, revision: null, confirm: false },
    actor,
  );

describe('fallbacks', () => {
  it('CONS-9: the failure context is scheduled for the store, and holds proposals, votes and reasons', () => {
    const rig = new Rig().toConsensusFailure();
    const [step] = rig.ready('store_context');
    const context = assignmentFor(rig.state, step!.step_id)?.failure_context;
    expect(context?.proposals.length).toBeGreaterThan(0);
    expect(context?.votes.some((v) => v.vote === 'reject' && v.reason !== '')).toBe(true);
    expect(context?.conflicts).toBeGreaterThan(0);
    rig.finish(step!, { kind: 'store_context', key: 'k', sha256: 'a'.repeat(64), ttl_s: 60 });
    expect(rig.state.failure_context).toMatchObject({ key: 'k', ttl_s: 60 });
    // It is there for as long as somebody may decide to try again.
    expect(FAILURE_CONTEXT_TTL_S * 1_000).toBeGreaterThanOrEqual(CLOCKS.undecided);
  });

  it('REC-1: nothing but the log is offered while consensus has not failed, and each refusal says why', () => {
    const rig = new Rig().toRoundOne();
    const offered = toConsensus(rig.state).fallbacks;
    expect(offered.filter((f) => f.allowed).map((f) => f.action)).toEqual(['download_log']);
    expect(offered.filter((f) => !f.allowed).every((f) => f.why_not)).toBe(true);
    expect(fail(rig, 'rerun_same')).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
  });

  it('REC-1: rerun_same is a new generation: new agents, token, votes and rounds; usage goes on', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    const before = { agents: Object.keys(rig.state.agents), used: rig.state.usage.tokens_in };
    expect(fail(rig, 'rerun_same').ok).toBe(true);
    expect(toPipeline(rig.state)).toMatchObject({ generation: 2, exit_code: null, waiting_for: null });
    rig.login().bootstrap();
    const fresh = Object.values(rig.state.agents).filter((a) => a.generation === 2);
    expect(fresh.map((a) => a.role)).toEqual(['ALPHA', 'BETA']);
    expect(fresh.some((a) => before.agents.includes(a.agent_id))).toBe(false);
    expect(rig.state.round).toMatchObject({ round: 1, electorate: ['ALPHA', 'BETA'] });
    expect(rig.state.idle_rounds).toBe(0);
    expect(rig.state.proposals).toEqual([]);
    expect(rig.state.usage.tokens_in).toBe(before.used);
    expect(rig.state.history[0]?.proposals.length).toBeGreaterThan(0);
  });

  it('REC-1: agents of a rerun are shown why the earlier generation failed', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    fail(rig, 'rerun_same');
    rig.login().bootstrap();
    const turn = assignmentFor(rig.state, rig.turnOf('ALPHA').step_id)?.turn;
    expect(turn?.earlier?.source).toBe('failure_context');
    expect(JSON.parse(turn?.earlier?.text ?? '{}').reason).toContain('nothing passes');
  });

  it('CONS-9, REC-1: what the retry is shown is what was stored, byte for byte in its canonical form', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    const [step] = rig.ready('store_context');
    const stored = assignmentFor(rig.state, step!.step_id)!.failure_context;
    fail(rig, 'rerun_same');
    rig.login().bootstrap();
    const { text } = assignmentFor(rig.state, rig.turnOf('ALPHA').step_id)!.turn!.earlier!;
    expect(hashJson(JSON.parse(text))).toBe(hashJson(stored));
    expect(failureContexts(rig.state).map((c) => hashJson(c))).toEqual([hashJson(stored)]);
  });

  it('REC-1, PIPE-6: taking the log away is recorded with who and why in any state, and an ended run is sealed again', () => {
    const download = (rig: Rig) =>
      rig.when(
        {
          ...{ kind: 'fallback', action: 'download_log', reason: 'to review it' },
          ...{ proposal_id: null, revision: null, confirm: false },
        },
        'person:bob',
      );
    const live = new Rig().toRoundOne();
    const before = toPipeline(live.state);
    expect(download(live).ok).toBe(true);
    expect({ ...toPipeline(live.state), seq: before.seq }).toEqual(before);
    const ended = new Rig().toRoundOne();
    ended.when({ kind: 'cancel', reason: 'x' });
    ended.revokeAll();
    expect(download(ended).ok).toBe(true);
    expect(toOrchestration(ended.state).recovery.fallbacks).toMatchObject([
      { action: 'download_log', by: 'person:bob', reason: 'to review it' },
    ]);
    expect(ended.types().slice(-2)).toEqual(['fallback_chosen', 'sealed']);
  });

  it('REC-1: rerun_gamma has GAMMA in the electorate from round 1', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    fail(rig, 'rerun_gamma');
    rig.login().bootstrap();
    expect(rig.state.round?.electorate).toEqual(['ALPHA', 'BETA', 'GAMMA']);
    expect(rig.turnOf('GAMMA')).toBeTruthy();
  });

  it('REC-1: escalate_tier from 0 to 1 reruns with agents of tier 1', () => {
    const rig = new Rig().toConsensusFailure(spawnCommand({ tier: 0 })).revokeAll();
    fail(rig, 'escalate_tier');
    rig.login().bootstrap();
    expect(rig.state.tier).toBe(1);
    expect(
      Object.values(rig.state.agents)
        .filter((a) => a.generation === 2)
        .every((a) => a.tier === 1),
    ).toBe(true);
  });

  it('REC-1, GOV-5: tier 2 waits for another person’s approval, bound by hash, decided once', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    fail(rig, 'escalate_tier', 'person:ada');
    expect(toPipeline(rig.state).waiting_for).toBe('approval');
    const [approval] = toOrchestration(rig.state).approvals;
    const decide = (actor: string, sha256 = approval!.action_sha256) =>
      rig.when(
        {
          kind: 'decide_approval',
          approval_id: approval!.approval_id,
          decision: 'approve',
          reason: 'ok',
          sha256,
        },
        actor,
      );
    // Until it is decided on there is nothing else to choose, and the run is neither paused nor aborted.
    for (const action of ['rerun_same', 'rerun_gamma', 'escalate_tier'] as const)
      expect(fail(rig, action, 'person:bob')).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
    for (const kind of ['pause', 'abort'] as const)
      expect(rig.when({ kind, reason: 'x' })).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
    expect(decide('person:ada')).toMatchObject({ ok: false, error: { code: 'self_approval' } });
    expect(decide('service:bot')).toMatchObject({ ok: false, error: { code: 'person_needed' } });
    expect(decide('person:bob', 'x')).toMatchObject({ ok: false, error: { code: 'action_changed' } });
    expect(decide('person:bob').ok).toBe(true);
    expect(rig.state.tier).toBe(2);
    expect(decide('person:bob')).toMatchObject({ ok: false, error: { code: 'already_decided' } });
    rig.login().bootstrap();
    expect(rig.turnOf('ALPHA')).toBeTruthy();
  });

  it('GOV-5: a denied or expired approval leads back to the fallbacks', () => {
    for (const how of ['deny', 'expire'] as const) {
      const rig = new Rig().toConsensusFailure().revokeAll();
      fail(rig, 'escalate_tier', 'person:ada');
      const [approval] = toOrchestration(rig.state).approvals;
      if (how === 'expire') rig.pass(24 * 3_600_000 + 1);
      else {
        rig.when(
          {
            kind: 'decide_approval',
            approval_id: approval!.approval_id,
            decision: 'deny',
            reason: 'no',
            sha256: approval!.action_sha256,
          },
          'person:bob',
        );
      }
      expect(toPipeline(rig.state)).toMatchObject({ waiting_for: 'fallback', exit_code: 2 });
    }
  });

  it('API-1 REC-1: accept_partial that is not confirmed asks for that, named or not; a refusal is one sentence', () => {
    const rig = new Rig().toConsensusFailure();
    const accept = { kind: 'fallback', action: 'accept_partial', reason: 'r' } as const;
    expect(rig.when({ ...accept, proposal_id: null, revision: null, confirm: false })).toMatchObject({
      ok: false,
      error: { code: 'confirmation_required' },
    });
    expect(rig.when({ ...accept, proposal_id: null, revision: null, confirm: true })).toMatchObject({
      ok: false,
      error: { code: 'invalid', field: 'proposal_id' },
    });
    const early = fail(new Rig().toRoundOne(), 'rerun_same');
    expect(!early.ok && early.error.code === 'wrong_state' && early.error.detail).toMatch(/[^.]\.$/);
  });

  it('API-2: the blackboard has the fields that its schema has, and no others', () => {
    const view = toOrchestration(new Rig().toConsensusFailure().state);
    expect(view.blackboard.proposals.length).toBeGreaterThan(0);
    // What the schema does not know, parsing leaves out.
    expect(Orchestration.parse(view)).toEqual(view);
    const finding = { agent_id: 'ag_1', author: 'ALPHA', round: 1, severity: 'low', title: 't', body: 'b' };
    const written = {
      ...finding,
      finding_id: 'fi_1',
      citations: [],
      origin: [],
      seq: 1,
      at: view.pipeline.created_at,
    };
    expect(Finding.parse(written)).toEqual(written);
  });

  it('REC-1, PIPE-6: accept_partial completes with a named, confirmed proposal, by a person only', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    const { proposal_id, revision } = rig.proposalOf('ALPHA');
    const accept = (more: object, actor = 'person:ada') =>
      rig.when(
        {
          kind: 'fallback',
          action: 'accept_partial',
          reason: 'good enough',
          proposal_id,
          revision,
          confirm: true,
          ...more,
        },
        actor,
      );
    expect(accept({ confirm: false })).toMatchObject({ ok: false, error: { code: 'confirmation_required' } });
    expect(accept({ proposal_id: null })).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(accept({}, 'service:bot')).toMatchObject({ ok: false, error: { code: 'person_needed' } });
    expect(accept({}).ok).toBe(true);
    expect(toPipeline(rig.state)).toMatchObject({ state: 'COMPLETED', exit_code: 0, verdict: 'x' });
    expect(toConsensus(rig.state).status).toBe('partial_accepted');
  });

  it('REC-1, REC-6: while nobody knows what became of an action no generation begins that might repeat it', () => {
    const rig = new Rig().toRoundOne(withLimits({ rounds: 50 }), 81);
    rig.round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const no = { votes: [vote(proposal_id, 1, 'reject')] };
    rig.round({ BETA: no, GAMMA: { proposal: proposal('merged') } });
    rig.call('ALPHA', 'webhook_dispatch');
    rig.judge({ ...ALLOW, effect: 'once' });
    for (const seat of ['BETA', 'GAMMA'] as const) rig.speak(seat);
    const running = Object.values(rig.state.steps).find((s) => s.work.kind === 'action')!;
    const late = rig.now + 300_000;
    rig.pass(300_000, { [running.step_id]: { heard_at: late, progress_at: late } });
    expect(rig.state.failure).not.toBeNull();
    const options = () =>
      toConsensus(rig.state)
        .fallbacks.filter((f) => f.allowed)
        .map((f) => f.action);
    expect(options()).toEqual(['download_log']);
    expect(toConsensus(rig.state).fallbacks[0]?.why_not).toContain('unknown');
    const [action_id] = Object.keys(rig.state.actions);
    rig.when({ kind: 'resolve_action', action_id: action_id!, status: 'failed', reason: 'it never came' });
    expect(rig.state.waiting_for).toBe('fallback');
    expect(options()).toContain('rerun_same');
  });

  it('REC-1: used-up budgets refuse reruns and not what needs none; each refusal says its own reason', () => {
    const rig = new Rig().toConsensusFailure(spawnCommand({ tier: 2 })).revokeAll();
    const why = () => Object.fromEntries(toConsensus(rig.state).fallbacks.map((f) => [f.action, f.why_not]));
    expect(why()).toMatchObject({ rerun_same: null, accept_partial: null, download_log: null });
    expect(why().escalate_tier).toContain('highest tier');
    const { limits } = rig.state.spawned!;
    rig.state = { ...rig.state, usage: { ...rig.state.usage, tokens_in: limits.tokens } };
    expect(why()).toMatchObject({ accept_partial: null });
    expect(why().rerun_same).toContain('token limit');
    rig.state = {
      ...rig.state,
      usage: { ...rig.state.usage, tokens_in: 0, cost_microusd: limits.cost_microusd },
    };
    expect(why().rerun_gamma).toContain('cost limit');
    const bare = { ...rig.state, usage: { ...rig.state.usage, cost_microusd: 0 }, proposals: [] };
    expect(toConsensus(bare).fallbacks.find((f) => f.action === 'accept_partial')?.why_not).toContain(
      'no proposal',
    );
  });

  it('REC-1: every fallback is recorded with who and why', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    fail(rig, 'rerun_gamma', 'person:ada');
    expect(toOrchestration(rig.state).recovery.fallbacks).toMatchObject([
      { action: 'rerun_gamma', by: 'person:ada', reason: 'again' },
    ]);
  });
});

describe('the supervisor', () => {
  const limited = () => withLimits({ rounds: 2 });
  const toRoundLimit = (command = limited()): Rig => {
    const rig = new Rig().toRoundOne(command);
    rig.round({ ALPHA: { proposal: proposal('half done') } }).round();
    return rig;
  };

  it('REC-2: the round limit calls GAMMA before the run ends', () => {
    const rig = toRoundLimit();
    expect(rig.state.recovery).toMatchObject({ trigger: 'round_limit' });
    expect(rig.state.outcome).toBeNull();
    rig.bootstrap();
    expect(assignmentFor(rig.state, rig.ready('synthesis')[0]!.step_id)?.turn).toMatchObject({
      schema: 'mediation_turn',
      tools_allowed: false,
    });
  });

  it('REC-2: synthesis, sealed handoff, FAILED with exit code 3 and the successor’s effect are one commit', () => {
    const rig = toRoundLimit();
    const before = rig.log.length;
    rig.synthesise();
    const commit = rig.log.slice(before).map((e) => e.type);
    const tail = commit.slice(commit.indexOf('synthesis_written'));
    expect(tail).toEqual([
      'synthesis_written',
      'handoff_sealed',
      'pipeline_ended',
      'step_scheduled',
      'step_scheduled',
    ]);
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'round_limit' });
    expect(
      rig
        .ready()
        .map((s) => s.work.kind)
        .sort(),
    ).toEqual(['revoke', 'spawn_successor']);
    expect(rig.state.synthesis).toMatchObject({ synthesis_type: 'abort_recovery', title: 'what we have' });
  });

  it('REC-2: the live GAMMA writes the synthesis when there is one', () => {
    const rig = new Rig().toRoundOne(spawnCommand(), 90).bootstrap();
    rig.when({ kind: 'abort', reason: 'enough' });
    expect(rig.ready('agent_bootstrap')).toEqual([]);
    expect(rig.ready('synthesis').length).toBe(1);
    expect(Object.values(rig.state.agents).filter((a) => a.role === 'GAMMA').length).toBe(1);
  });

  it('REC-2: a GAMMA that does not answer within 60 s is done without: the blackboard decides by rule', () => {
    const rig = toRoundLimit().bootstrap();
    rig.claim(rig.ready('synthesis')[0]!);
    rig.pass(59_999, {});
    expect(rig.state.synthesis).toBeNull();
    rig.pass(1);
    expect(rig.state.synthesis).toMatchObject({ agent_id: null, title: 'half done' });
    expect(rig.state.outcome?.exit_code).toBe(3);
  });

  it('REC-2: a GAMMA that fails itself is done without', () => {
    const rig = toRoundLimit().bootstrap();
    rig.failing(rig.ready('synthesis')[0]!, { retryable: false });
    expect(rig.state.synthesis?.agent_id).toBeNull();
    expect(rig.state.outcome?.exit_code).toBe(3);
  });

  it('REC-2: with Vault gone during the synthesis the rules write it', () => {
    const rig = toRoundLimit();
    rig.failing(rig.ready('agent_bootstrap')[0]!, { retryable: false });
    expect(rig.state.synthesis?.agent_id).toBeNull();
    expect(rig.state.outcome?.exit_code).toBe(3);
  });

  it('REC-2: an abort before there is any token ends by rule at once', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    rig.when({ kind: 'abort', reason: 'changed my mind' });
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'abort' });
  });

  it('REC-3: the successor resumes: first log line, proven hash, GAMMA from the start, fresh rounds', () => {
    const first = toRoundLimit().synthesise();
    const second = new Rig();
    second.when(successorOf(first));
    expect(second.state.log[0]?.message).toBe(`Resuming from ${PIPELINE} handoff`);
    expect(second.state.inherited?.sha256).toBe(first.state.handoff?.sha256);
    second.login().plan().bootstrap();
    expect(second.state.round).toMatchObject({ round: 1, electorate: ['ALPHA', 'BETA', 'GAMMA'] });
    const turn = assignmentFor(second.state, second.turnOf('GAMMA').step_id)?.turn;
    expect(JSON.parse(turn?.earlier?.text ?? '{}').synthesis.title).toBe('what we have');
    expect(toPipeline(second.state)).toMatchObject({ attempt: 2, predecessor_id: PIPELINE });
  });

  it('REC-3: a handoff that is not what was sealed is refused', () => {
    const good = successorOf(toRoundLimit().synthesise());
    const handoff = { ...good.successor_of!.handoff, objective: 'something else' };
    const bad = { ...good, successor_of: { ...good.successor_of!, handoff } };
    expect(new Rig().when(bad)).toMatchObject({ ok: false, error: { code: 'invalid', field: 'handoff' } });
  });

  it('REC-3: tokens, cost and actions are inherited', () => {
    const first = toRoundLimit().synthesise();
    const used = first.state.usage.tokens_in + first.state.usage.tokens_out;
    const limits = successorOf(first).plan.limits;
    expect(limits.tokens).toBe(first.state.spawned!.limits.tokens - used);
    expect(limits.cost_microusd).toBe(
      first.state.spawned!.limits.cost_microusd - first.state.usage.cost_microusd,
    );
    expect(limits.rounds).toBe(2);
  });

  it('REC-3: the third attempt is the last: exit 1 recovery_exhausted, no successor', () => {
    let rig = toRoundLimit().synthesise();
    for (const attempt of [2, 3]) {
      const command = successorOf(rig);
      rig = new Rig().toRoundOne(command);
      rig.round().round().synthesise();
      expect(rig.state.spawned?.attempt).toBe(attempt);
    }
    expect(toPipeline(rig.state)).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'recovery_exhausted',
      successor_id: null,
    });
    expect(rig.ready('spawn_successor')).toEqual([]);
  });

  it('REC-3: a full quota makes the successor wait, without end', () => {
    const rig = toRoundLimit().synthesise();
    for (let n = 0; n < 50; n++) {
      const [step] = rig.ready('spawn_successor');
      rig.now = Math.max(rig.now, Date.parse(step!.ready_at));
      rig.failing(step!, { code: 'quota_exceeded' });
    }
    expect(rig.ready('spawn_successor').length).toBe(1);
  });

  it('REC-3: cancel, revocation, a kill and a critical violation leave exit code 1 and no successor', () => {
    const ways: ((rig: Rig) => unknown)[] = [
      (rig) => rig.when({ kind: 'cancel', reason: 'x' }),
      (rig) => rig.when({ kind: 'revoke', agent_id: null, reason: 'x' }),
      (rig) => rig.when({ kind: 'kill', kill: null, agent_id: null, reason: 'x' }),
      (rig) => {
        const violation = { rule: 'forbidden_action:delete_production', severity: 'critical' as const };
        rig.call('ALPHA', 'delete_production');
        rig.judge({ ...ALLOW, decision: 'deny', violation });
      },
    ];
    for (const end of ways) {
      // Also while the supervisor is at work: what stops a run comes before what saves it.
      const running = new Rig().toRoundOne();
      const recovering = new Rig().toRoundOne(spawnCommand(), 90).bootstrap();
      if (end !== ways.at(-1)) recovering.when({ kind: 'abort', reason: 'y' });
      for (const rig of [running, recovering]) {
        end(rig);
        expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 1, successor_id: null });
        expect(rig.ready('spawn_successor')).toEqual([]);
      }
    }
  });

  it('REC-3: without tokens or money left there is no next attempt: exit 1 recovery_exhausted', () => {
    for (const used of ['tokens', 'cost_microusd'] as const) {
      const rig = new Rig().toRoundOne();
      const { limits } = rig.state.spawned!;
      const spend =
        used === 'tokens' ? { tokens_in: limits.tokens } : { cost_microusd: limits.cost_microusd };
      rig.state = { ...rig.state, usage: { ...rig.state.usage, ...spend } };
      rig.when({ kind: 'abort', reason: 'enough' });
      rig.pass(60_000);
      expect(rig.state.handoff?.handoff.budgets_left[used]).toBe(0);
      expect(toPipeline(rig.state)).toMatchObject({
        ...{ state: 'FAILED', exit_code: 1, reason: 'recovery_exhausted', successor_id: null },
      });
    }
    // No limit of cost is no lack of it.
    const free = new Rig().toRoundOne(withLimits({ cost_microusd: 0 }));
    free.when({ kind: 'abort', reason: 'enough' });
    free.pass(60_000);
    expect(free.state.outcome?.exit_code).toBe(3);
  });

  it('REC-2: the handoff says what the run leaves, and its hash is of exactly that', () => {
    const rig = toRoundLimit().synthesise();
    const sealed = rig.last('handoff_sealed')!.body;
    expect(sealed.handoff).toMatchObject({ prior_pipeline: PIPELINE, trigger: 'round_limit', attempt: 1 });
    expect(hashJson(JSON.parse(JSON.stringify(sealed.handoff)))).toBe(sealed.sha256);
  });
});

describe('pause, fork, limits, unknown outcomes', () => {
  it('PIPE-10: a pause lets steps in flight finish and starts nothing new', () => {
    const rig = new Rig().toRoundOne();
    const alpha = rig.turnOf('ALPHA');
    const epoch = rig.claim(alpha);
    rig.when({ kind: 'pause', reason: 'lunch' });
    expect(rig.state.pause).toBe('requested');
    expect(rig.when({ kind: 'claim', step_id: rig.turnOf('BETA').step_id, worker: 'w' }).ok).toBe(false);
    rig.when({
      kind: 'complete',
      step_id: alpha.step_id,
      epoch,
      result: {
        kind: 'turn',
        output: { findings: [], proposal: proposal('p'), votes: [], messages: [] },
        usage: usage(),
      },
    });
    expect(toPipeline(rig.state).waiting_for).toBe('resume');
    expect(rig.state.proposals.length).toBe(1);
    rig.when({ kind: 'resume', reason: 'back' });
    rig.speak('BETA');
    expect(rig.state.round?.round).toBe(2);
  });

  it('PIPE-10: the deadline and the round’s limit stand still during a pause', () => {
    const rig = new Rig().toRoundOne(withLimits({ deadline_s: 600, round_s: 300 }));
    rig.pass(100_000).when({ kind: 'pause', reason: 'wait' });
    rig.pass(1_500_000);
    rig.when({ kind: 'resume', reason: 'go' });
    rig.pass(190_000);
    expect(rig.state.recovery).toBeNull();
    expect(rig.state.round?.round).toBe(1);
    rig.pass(20_000);
    expect(rig.last('round_closed')?.body.round).toBe(1);
  });

  it('PIPE-10: tokens are revoked after 30 minutes of waiting and issued anew on resume', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'pause', reason: 'long' });
    rig.pass(30 * 60_000 - 1);
    expect(rig.state.suspended).toBe(false);
    rig.pass(1);
    expect(rig.state.suspended).toBe(true);
    expect(rig.state.gate_closed).toBe(true);
    rig.revokeAll().when({ kind: 'resume', reason: 'back' });
    expect(rig.ready('agent_turn').length).toBe(2);
    expect(rig.when({ kind: 'claim', step_id: rig.turnOf('ALPHA').step_id, worker: 'w' }).ok).toBe(false);
    rig.login().bootstrap();
    rig.speak('ALPHA', { proposal: proposal('after') }).speak('BETA');
    expect(rig.state.round?.round).toBe(2);
  });

  it('PIPE-4, PIPE-10: a pipeline that waited long for its continuation logs in again before it goes on', () => {
    const rig = new Rig();
    rig.when(spawnCommand({ auto_continue: false }));
    rig.login().plan();
    rig.pass(31 * 60_000).revokeAll();
    rig.when({ kind: 'continue', reason: null });
    expect(rig.state.state).toBe('REPORT');
    rig.login();
    expect(rig.state.state).toBe('ORCHESTRATING');
  });

  it('PIPE-7: a fork takes findings, proposals and votes up to its event, and neither tokens nor actions', () => {
    const rig = new Rig().toRoundOne();
    rig.speak('ALPHA', { proposal: proposal('first') }).speak('BETA');
    const at = rig.log.length;
    rig.speak('ALPHA', { proposal: proposal('second', rig.proposalOf('ALPHA').proposal_id) });
    const source = forkSource(replay(rig.log.slice(0, at)), rig.log[at - 1]!.hash)!;
    const fork = new Rig();
    fork.when(spawn({ pipeline_id: 'pl_fork0000', plan: source.plan, fork: source.seed }));
    expect(fork.state.tokens).toEqual([]);
    expect(fork.state.actions).toEqual({});
    expect(fork.state.proposals.map((p) => p.title)).toEqual(['first']);
    fork.login().bootstrap();
    expect(fork.state.state).toBe('ORCHESTRATING');
    expect(fork.state.round?.round).toBe(2);
    const { proposal_id } = fork.proposalOf('ALPHA');
    fork.speak('ALPHA').speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
    expect(toPipeline(fork.state)).toMatchObject({ state: 'COMPLETED', verdict: 'first' });
  });

  it('PIPE-7: a fork from before the report begins with the planner', () => {
    const rig = new Rig();
    rig.when(spawnCommand());
    const source = forkSource(rig.state, rig.head.hash)!;
    const fork = new Rig();
    fork.when(spawn({ pipeline_id: 'pl_fork0001', plan: source.plan, fork: source.seed }));
    fork.login().bootstrap();
    expect(fork.turnOf('PLANNER')).toBeTruthy();
  });

  it('PIPE-11: what a call may use is reserved before it, and parallel agents cannot overrun', () => {
    const bound = new Rig().toRoundOne();
    bound.claim(bound.turnOf('ALPHA'));
    const reserved = Object.values(bound.state.steps).find((s) => s.reserved)!.reserved!.tokens;
    const used = bound.state.usage.tokens_in + bound.state.usage.tokens_out;
    const rig = new Rig().toRoundOne(withLimits({ tokens: used + Math.ceil(reserved * 1.5) }));
    rig.claim(rig.turnOf('ALPHA'));
    expect(rig.when({ kind: 'claim', step_id: rig.turnOf('BETA').step_id, worker: 'w' })).toMatchObject({
      ok: false,
    });
    expect(rig.state.outcome).toBeNull();
  });

  it('PIPE-11: a call that could exceed the limit with nothing else under way ends the run before it is made', () => {
    const rig = new Rig().toRoundOne(withLimits({ tokens: 10_500 }));
    const step = rig.turnOf('ALPHA');
    rig.state = { ...rig.state, usage: { ...rig.state.usage, tokens_in: 9_000 } };
    rig.when({ kind: 'claim', step_id: step.step_id, worker: 'w' });
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', reason: 'limit_reached' });
  });

  it('PIPE-11: no model call and no action is begun beyond the limit of steps, and agents side by side share what is left', () => {
    const used = new Rig().toRoundOne().state.usage.steps;
    const rig = new Rig().toRoundOne(withLimits({ steps: used + 1 }));
    const alpha = rig.turnOf('ALPHA');
    const epoch = rig.claim(alpha);
    expect(rig.when({ kind: 'claim', step_id: rig.turnOf('BETA').step_id, worker: 'w' }).ok).toBe(false);
    expect(rig.state.outcome).toBeNull();
    const calls = [{ call_id: 'c1', tool: 'document_read', arguments: {}, target: '' }];
    const result = { kind: 'tool_calls' as const, calls, usage: usage() };
    rig.when({ kind: 'complete', step_id: alpha.step_id, epoch, result });
    expect(rig.state.usage.steps).toBe(used + 1);
    rig.when({ kind: 'claim', step_id: rig.ready('action')[0]!.step_id, worker: 'w' });
    expect(toPipeline(rig.state)).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'limit_reached' });
  });

  it('PIPE-11: rounds without tools end at the limit of steps too', () => {
    const rig = new Rig().toRoundOne(withLimits({ steps: 8 }));
    for (let n = 0; n < 8 && !rig.state.outcome; n++) {
      const [next] = rig.ready('agent_turn');
      rig.when({ kind: 'claim', step_id: next!.step_id, worker: 'w' });
      const held = rig.state.steps[next!.step_id];
      if (!held) break;
      const output = { findings: [], proposal: proposal(`p${n}`), votes: [], messages: [] };
      const result: StepResult = { kind: 'turn', output, usage: usage() };
      rig.when({ kind: 'complete', step_id: held.step_id, epoch: held.epoch, result });
    }
    expect(rig.state.usage.steps).toBe(8);
    expect(toPipeline(rig.state).reason).toBe('limit_reached');
  });

  it('REC-2, PIPE-11: a run whose steps are used up is still handed over, by rule', () => {
    const rig = new Rig().toRoundOne(withLimits({ steps: 6 }), 90).bootstrap();
    expect(rig.state.usage.steps).toBe(6);
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.when({ kind: 'claim', step_id: rig.ready('synthesis')[0]!.step_id, worker: 'w' });
    expect(rig.state.synthesis).toMatchObject({ agent_id: null });
    expect(rig.state.outcome?.exit_code).toBe(3);
  });

  it('PIPE-11: a lost call stays charged with all it could have used', () => {
    const rig = new Rig().toRoundOne();
    const before = rig.state.usage.tokens_in;
    rig.claim(rig.turnOf('ALPHA'));
    const held = Object.values(rig.state.steps).find((s) => s.reserved)!.reserved!.tokens;
    rig.pass(20_001);
    expect(rig.state.usage.tokens_in).toBe(before + held);
  });

  it('PIPE-11: a call that is cut off by the end stays charged too', () => {
    const rig = new Rig().toRoundOne();
    const before = rig.state.usage.tokens_in;
    rig.claim(rig.turnOf('ALPHA'));
    const held = Object.values(rig.state.steps).find((s) => s.reserved)!.reserved!.tokens;
    rig.when({ kind: 'cancel', reason: 'x' });
    expect(rig.state.usage.tokens_in).toBe(before + held);
  });

  it('REC-6: a once action whose worker was lost is unknown, never retried, and waits for a person', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'webhook_dispatch');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const version = rig.state.facts_seq;
    rig.when({
      kind: 'admit',
      step_id: step!.step_id,
      epoch,
      version,
      decision: { ...ALLOW, effect: 'once' },
    });
    rig.pass(20_001);
    expect(rig.ready('action')).toEqual([]);
    const [action] = toOrchestration(rig.state).actions;
    expect(action?.status).toBe('unknown');
    expect(toPipeline(rig.state).waiting_for).toBe('approval');

    const late: StepResult = {
      kind: 'action',
      status: 'succeeded',
      result: '{}',
      result_sha256: null,
      truncated: false,
      error: null,
      origin: [],
    };
    rig.when({ kind: 'complete', step_id: step!.step_id, epoch, result: late });
    expect(rig.state.log.at(-1)?.message).toContain('succeeded');
    expect(toOrchestration(rig.state).actions[0]?.status).toBe('unknown');

    rig.when({
      kind: 'resolve_action',
      action_id: action!.action_id,
      status: 'succeeded',
      reason: 'I looked',
    });
    expect(toOrchestration(rig.state).actions[0]?.status).toBe('succeeded');
    expect(rig.turnOf('ALPHA')).toBeTruthy();
    const again = rig.when({
      kind: 'resolve_action',
      action_id: action!.action_id,
      status: 'failed',
      reason: 'no',
    });
    expect(again).toMatchObject({ ok: false, error: { code: 'outcome_conflict' } });
    // What the lost worker tells after that is kept too, and changes nothing.
    const before = rig.state.log.length;
    rig.when({ kind: 'complete', step_id: step!.step_id, epoch, result: { ...late, status: 'failed' } });
    expect(rig.state.log[before]?.message).toContain('on record as succeeded');
    expect(toOrchestration(rig.state).actions[0]?.status).toBe('succeeded');
  });

  it('PIPE-6, REC-6: what becomes known after the end is appended, and the log is sealed again', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'webhook_dispatch');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    const version = rig.state.facts_seq;
    rig.when({
      kind: 'admit',
      step_id: step!.step_id,
      epoch,
      version,
      decision: { ...ALLOW, effect: 'once' },
    });
    rig.when({ kind: 'cancel', reason: 'stop' });
    rig.revokeAll();
    expect(rig.types().filter((t) => t === 'sealed').length).toBe(1);
    const [action] = toOrchestration(rig.state).actions;
    expect(action?.status).toBe('unknown');
    rig.when({
      kind: 'resolve_action',
      action_id: action!.action_id,
      status: 'failed',
      reason: 'never arrived',
    });
    expect(rig.types().at(-1)).toBe('sealed');
    expect(rig.types().filter((t) => t === 'sealed').length).toBe(2);
    expect(toOrchestration(rig.state).actions[0]?.status).toBe('failed');
  });

  it('REC-6: an idempotent action whose worker was lost is done again by itself', () => {
    const rig = new Rig().toRoundOne();
    rig.call('ALPHA', 'memory_read');
    const [step] = rig.ready('action');
    const epoch = rig.claim(step!);
    rig.when({ kind: 'admit', step_id: step!.step_id, epoch, version: rig.state.facts_seq, decision: ALLOW });
    rig.pass(20_001);
    expect(rig.ready('action').length).toBe(1);
  });
});

const usage = () => ({
  tokens_in: 1,
  tokens_out: 1,
  tokens_cached: 0,
  cost_microusd: 0,
  provider: 'compatible',
  model: 'm',
  latency_ms: 1,
});
