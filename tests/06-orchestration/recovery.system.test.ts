import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, ConsensusView, Orchestration } from '#client/index.ts';
import { ApiError } from '#client/index.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { Fallback } from '#domain/pipeline/states.ts';
import { newShell, type Shell } from '#tests/05-bootstrap-checkpointing/cli-run.ts';
import {
  endOfLineage,
  LEDGER,
  logOf,
  ofType,
  only,
  successorsOf,
  when,
  whenLogged,
} from '#tests/support/lineage.ts';
import { quarrel, type Sky, sky, skyPlan } from '#tests/support/plans/sky.ts';
import { startSystem, type TestSystem } from '#tests/support/system.ts';

const BOTH = ['ALPHA', 'BETA'] as const;
const ALL = ['ALPHA', 'BETA', 'GAMMA'] as const;
/** A failed consensus in the first generation; a rerun agrees. */
const FAILING = { rounds: 30, misbehave: quarrel(ALL, 1) };

/** All of them run side by side from the start; each test waits for its own. */
const PLANS = {
  never: { name: 'never', rounds: 1, misbehave: quarrel(ALL) },
  rerun: { name: 'rerun', ...FAILING },
  escalate: { name: 'escalate', tier: 1, ...FAILING },
  partial: { name: 'partial', ...FAILING },
  broken: {
    name: 'broken',
    rounds: 1,
    misbehave: [...quarrel(BOTH, 1), { agent: 'GAMMA', kind: 'error', status: 400, times: 20, attempts: 1 }],
  },
} satisfies Record<string, Sky>;
type Name = keyof typeof PLANS;

let system: TestSystem;
/** The requester’s: an operator. `otherShell` is the approver’s: an admin. */
let ags: Client;
let shell: Shell;
let otherShell: Shell;
const ids = {} as Record<Name, string>;

beforeAll(async () => {
  system = await startSystem();
  ags = system.client();
  shell = newShell({ AGS_URL: system.url, AGS_KEY: system.keys.requester });
  otherShell = newShell({ AGS_URL: system.url, AGS_KEY: system.keys.approver });
  for (const name of Object.keys(PLANS) as Name[]) {
    ids[name] = (await ags.spawn(sky(PLANS[name]))).pipeline_id;
  }
});
afterAll(async () => {
  shell?.remove();
  otherShell?.remove();
  await system?.stop();
});

const json = <T>(text: string): T => JSON.parse(text) as T;
const refusal = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiError ? error.problem.code : String(error)),
  );
const failed = (id: string): Promise<Orchestration> => when(ags, id, (p) => p.exit_code === 2);
const fallback = (id: string, action: Fallback, more: object = {}) =>
  ags.fallback({ pipeline_id: id, action, reason: 'as the test asks', ...more });

describe('a lineage', () => {
  interface Waited {
    exit_code: number;
    pipeline: { pipeline_id: string; attempt: number; predecessor_id: string | null; verdict: string | null };
    lineage: { pipeline_id: string; exit_code: number | null; reason: string | null }[];
  }

  it('REC-3 REC-4 CLI-1: a run that agrees is its own lineage, and exits 0', async () => {
    const plan = shell.write('first.json', skyPlan({ name: 'first' }));
    const { exitCode, stdout } = await shell.ags('run', plan, '--wait', '--json');
    const { pipeline, lineage } = json<Waited>(stdout);
    expect({ exitCode, lineage }).toEqual({ exitCode: 0, lineage: [] });
    expect(pipeline).toMatchObject({ attempt: 1, predecessor_id: null });
    expect(await ags.lineage(pipeline.pipeline_id)).toMatchObject({
      items: [{ pipeline_id: pipeline.pipeline_id, exit_code: 0 }],
      outcome: { state: 'COMPLETED', exit_code: 0 },
      waiting: null,
    });
  });

  it('REC-2 REC-3 REC-4 CLI-1: at the round limit it hands over with exit code 3, and the second attempt agrees', async () => {
    const plan = shell.write(
      'second.json',
      skyPlan({ name: 'second', rounds: 2, misbehave: quarrel(BOTH, 1) }),
    );
    const { exitCode, stdout, stderr } = await shell.ags('run', plan, '--wait', '--json');
    expect(exitCode).toBe(0);
    const waited = json<Waited>(stdout);
    const [first, second] = waited.lineage;
    expect(waited.lineage).toMatchObject([
      { exit_code: 3, reason: 'round_limit' },
      { exit_code: 0, reason: 'consensus_reached' },
    ]);
    expect(waited.pipeline).toMatchObject({
      pipeline_id: second!.pipeline_id,
      attempt: 2,
      predecessor_id: first!.pipeline_id,
    });
    expect(stderr).toContain(`${first!.pipeline_id} hands over to ${second!.pipeline_id}`);

    const [before, after] = await Promise.all([
      logOf(ags, first!.pipeline_id),
      logOf(ags, second!.pipeline_id),
    ]);
    const sealed = only(before, 'handoff_sealed').body;
    expect(sealed.successor_id).toBe(second!.pipeline_id);
    expect(hashJson(sealed.handoff)).toBe(sealed.sha256);
    expect(sealed.handoff.synthesis.synthesis_type).toBe('abort_recovery');
    const loaded = only(after, 'handoff_loaded').body;
    expect(loaded).toEqual({
      prior_pipeline: first!.pipeline_id,
      sha256: sealed.sha256,
      handoff: sealed.handoff,
    });
    expect(ofType(after, 'log_written')[0]?.body.message).toBe(`Resuming from ${first!.pipeline_id} handoff`);
    expect(ofType(after, 'round_started')[0]?.body.electorate).toEqual(ALL);
    await expect.poll(() => successorsOf(ags, first!.pipeline_id), LEDGER).toEqual([second!.pipeline_id]);
  });

  it('REC-3 REC-4: three attempts are the most: exit 1, recovery_exhausted, budgets inherited all along', async () => {
    const attempts = await endOfLineage(ags, ids.never);
    expect(
      attempts.map(({ pipeline: p }) => [p.attempt, p.state, p.exit_code, p.reason, p.successor_id === null]),
    ).toEqual([
      [1, 'FAILED', 3, 'round_limit', false],
      [2, 'FAILED', 3, 'round_limit', false],
      [3, 'FAILED', 1, 'recovery_exhausted', true],
    ]);
    const tokens = attempts.map(({ pipeline: p }) => ({
      limit: p.limits.tokens,
      left: p.limits.tokens - p.usage.tokens_in - p.usage.tokens_out,
    }));
    expect(tokens.slice(1).map((t) => t.limit)).toEqual(tokens.slice(0, -1).map((t) => t.left));
    const lineage = await ags.lineage(attempts[1]!.pipeline.pipeline_id);
    expect(lineage.items.map((i) => i.attempt)).toEqual([1, 2, 3]);
    expect(lineage).toMatchObject({ outcome: { state: 'FAILED', exit_code: 1 }, waiting: null });
    const told = await shell.ags('pipeline', 'lineage', ids.never);
    expect(told.stdout).toContain('attempt 3 of 3');
  });

  it('REC-2 PIPE-10: an operator’s abort hands over; a cancel does not', async () => {
    const stalls = (agent: 'ALPHA' | 'PLANNER') =>
      [{ agent, kind: 'stall', seconds: 8, times: 1, attempts: 1 }] as const;
    const { pipeline_id: aborted } = await ags.spawn(
      sky({ name: 'aborted', misbehave: [...stalls('ALPHA')] }),
    );
    await whenLogged(ags, aborted, 'round_started');
    const done = await shell.ags('pipeline', 'abort', aborted, '--reason', 'going in circles');
    expect(done.exitCode).toBe(0);
    const [first, second, ...more] = await endOfLineage(ags, aborted);
    expect(more).toEqual([]);
    expect(first?.pipeline).toMatchObject({ state: 'FAILED', exit_code: 3, reason: 'abort' });
    expect(first?.recovery).toMatchObject({ trigger: 'abort', detail: 'going in circles' });
    expect(second?.pipeline).toMatchObject({ exit_code: 0, predecessor_id: aborted });
    expect(second?.recovery.resumed_from).toEqual({
      pipeline_id: aborted,
      sha256: first?.recovery.handoff_sha256,
    });
    const { pipeline_id } = await ags.spawn(sky({ name: 'cancelled', misbehave: [...stalls('PLANNER')] }));
    expect((await shell.ags('pipeline', 'cancel', pipeline_id, '--reason', 'wrong plan')).exitCode).toBe(0);
    const [cancelled, ...none] = await endOfLineage(ags, pipeline_id);
    expect(cancelled?.pipeline).toMatchObject({ exit_code: 1, reason: 'cancelled', successor_id: null });
    expect(none).toEqual([]);
  });
});

describe('a failed consensus', () => {
  it('CONS-9 REC-1 CRED-4: it waits with exit code 2, its tokens gone, its context stored, and every fallback says whether it fits', async () => {
    const { pipeline, recovery } = await failed(ids.rerun);
    expect(pipeline).toMatchObject({ state: 'ORCHESTRATING', waiting_for: 'fallback', ended_at: null });
    expect(recovery.failure?.reason).toContain('nothing passes');
    const status: ConsensusView = await ags.consensus(ids.rerun);
    expect(status).toMatchObject({ status: 'failed', verdict: null });
    expect(status.fallbacks.map((f) => [f.action, f.allowed])).toEqual([
      ['rerun_same', true],
      ['rerun_gamma', true],
      ['escalate_tier', true],
      ['accept_partial', true],
      ['download_log', true],
    ]);
    const stored = await whenLogged(ags, ids.rerun, 'failure_context_stored');
    expect(stored.body.ttl_s).toBeGreaterThan(0);
    await whenLogged(ags, ids.rerun, 'token_confirmed_gone');
    const waited = await shell.ags('pipeline', 'wait', ids.rerun, '--quiet');
    expect(waited.exitCode).toBe(2);
  });

  it('REC-1: rerun_gamma is a new generation of the same pipeline, with GAMMA from the start, and it succeeds', async () => {
    await failed(ids.rerun);
    const ran = await shell.ags(
      ...['pipeline', 'fallback', ids.rerun, 'rerun_gamma', '--reason', 'let a mediator try'],
      ...['--wait', '--json'],
    );
    expect(ran.exitCode).toBe(0);
    const { pipeline, recovery } = await ags.orchestration(ids.rerun);
    expect(pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0, generation: 2, attempt: 1 });
    expect(recovery.fallbacks).toMatchObject([{ action: 'rerun_gamma', reason: 'let a mediator try' }]);
    const log = await logOf(ags, ids.rerun);
    const again = log.slice(log.findIndex((e) => e.type === 'generation_started'));
    expect(ofType(again, 'round_started')[0]?.body).toMatchObject({ round: 1, electorate: ALL });
    expect(ofType(again, 'credentials_recorded')).toHaveLength(1);
    expect(await refusal(fallback(ids.rerun, 'rerun_same'))).toMatch(/wrong_state|pipeline_ended/);
  });

  it('REC-1 GOV-5 PROM-3: tier 2 is asked for by who may grant it, and approved by somebody else for exactly that', async () => {
    await failed(ids.escalate);
    expect(await refusal(fallback(ids.escalate, 'escalate_tier'))).toBe('tier_not_permitted');
    const asked = await otherShell.ags(
      ...['pipeline', 'fallback', ids.escalate, 'escalate_tier', '--reason', 'it needs to see the state'],
      '--json',
    );
    const { approval_id } = json<{ approval_id: string }>(asked.stdout);
    const [approval] = (await ags.approvals({ status: 'pending' })).items;
    expect(approval).toMatchObject({ approval_id, pipeline_id: ids.escalate, status: 'pending' });

    expect(
      json((await otherShell.ags('approve', approval_id, '--reason', 'I say so', '--json')).stdout),
    ).toMatchObject({ error: { code: 'self_approval' } });
    const wrong = { decision: 'approve', reason: 'blind', action_sha256: '0'.repeat(64) } as const;
    expect(await refusal(ags.decideApproval(approval_id, wrong))).toBe('action_changed');

    const approved = await shell.ags('approve', approval_id, '--reason', 'read and agreed');
    expect(approved.exitCode).toBe(0);
    expect(approved.stderr).toContain(approval!.action_sha256);
    const { pipeline } = await when(ags, ids.escalate, (p) => p.ended_at !== null);
    expect(pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0, tier: 2, generation: 2 });
    const late = await shell.ags('deny', approval_id, '--reason', 'too late', '--json');
    expect(late.exitCode).toBe(77);
    expect(json(late.stdout)).toMatchObject({ error: { code: 'already_decided' } });
  });

  it('REC-1 PIPE-6: accept_partial names a proposal and is confirmed, and completes without consensus', async () => {
    const { blackboard } = await failed(ids.partial);
    const { proposal_id, revision } = blackboard.proposals.at(-1)!;
    const verb = ['pipeline', 'fallback', ids.partial, 'accept_partial', '--reason', 'good enough'];
    const unnamed = await shell.ags(...verb);
    expect(unnamed.exitCode).toBe(64);
    expect(unnamed.stderr).toContain(`--proposal ${proposal_id} --revision ${revision}`);
    const named = [...verb, '--proposal', proposal_id, '--revision', String(revision)];
    const unconfirmed = await shell.ags(...named, '--json');
    expect(json(unconfirmed.stdout)).toMatchObject({ error: { code: 'confirmation_required' } });
    expect((await shell.ags(...named, '--confirm')).exitCode).toBe(0);
    expect(await ags.pipeline(ids.partial)).toMatchObject({
      state: 'COMPLETED',
      exit_code: 0,
      reason: 'partial_accepted',
    });
    expect(await ags.consensus(ids.partial)).toMatchObject({ status: 'partial_accepted' });
  });

  it('REC-1: download_log is one file with everything, and its chain verifies', async () => {
    await when(ags, ids.partial, (p) => p.exit_code !== null);
    const file = join(shell.home, 'review.json');
    expect((await shell.ags('pipeline', 'log', ids.partial, '--download', file)).exitCode).toBe(0);
    const whole = json<{ orchestration: Orchestration; events: PipelineEvent[] }>(readFileSync(file, 'utf8'));
    expect(whole.orchestration.pipeline.pipeline_id).toBe(ids.partial);
    expect(whole.events.length).toBeGreaterThan(50);
    expect(verifyChain(whole.events)).toEqual({ ok: true, count: whole.events.length });
    const again = await shell.ags('pipeline', 'log', ids.partial, '--download', file);
    expect(again.exitCode).toBe(64);
  });
});

describe('the supervisor', () => {
  it('REC-2: a GAMMA that fails itself is done without, by rule', async () => {
    const [first, second] = await endOfLineage(ags, ids.broken);
    expect(first?.recovery.synthesis).toMatchObject({ synthesis_type: 'abort_recovery', agent_id: null });
    expect(first?.pipeline.exit_code).toBe(3);
    expect(second?.recovery.resumed_from?.sha256).toBe(first?.recovery.handoff_sha256);
  });
});

describe('pause, fork, verdict', () => {
  it('PIPE-10: a pause holds and a resume goes on', async () => {
    const plan = sky({
      name: 'paused',
      misbehave: [{ agent: 'BETA', kind: 'stall', seconds: 2, times: 1 }],
    });
    const { pipeline_id } = await ags.spawn(plan);
    await whenLogged(ags, pipeline_id, 'round_started');
    expect((await shell.ags('pipeline', 'pause', pipeline_id, '--reason', 'freeze')).exitCode).toBe(0);
    const held = await when(ags, pipeline_id, (p) => p.waiting_for === 'resume');
    expect(held.pipeline.ended_at).toBeNull();
    expect((await shell.ags('pipeline', 'resume', pipeline_id, '--reason', 'over')).exitCode).toBe(0);
    const { pipeline } = await when(ags, pipeline_id, (p) => p.ended_at !== null);
    expect(pipeline).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
  });

  it('PIPE-7: a fork goes on from an event with tokens of its own, and says where it came from', async () => {
    const { pipeline_id } = await ags.spawn(sky({ name: 'source' }));
    await when(ags, pipeline_id, (p) => p.ended_at !== null);
    const at = ofType(await logOf(ags, pipeline_id), 'round_closed')[0]!.seq;
    const forked = await shell.ags('pipeline', 'fork', pipeline_id, '--at', String(at), '--wait', '--json');
    expect(forked.exitCode).toBe(0);
    const { pipeline } = json<Orchestration>(forked.stdout);
    const log = await logOf(ags, pipeline.pipeline_id);
    expect(only(log, 'pipeline_forked').body).toMatchObject({ from: pipeline_id, at_seq: at });
    expect(ofType(log, 'credentials_recorded')).toHaveLength(1);
    expect(ofType(log, 'round_started')[0]?.body.round).toBe(2);
  });

  it('CONS-4 CLI-1: the verdicts of all of them are recounted by another path, which agrees', async () => {
    const { items } = await ags.activePipelines({ limit: 1_000 });
    const all = await ags.pipelines({ limit: 1_000 });
    const every = new Set([...items, ...all.items].map((p) => p.pipeline_id));
    expect(every.size).toBeGreaterThan(Object.keys(PLANS).length);
    for (const id of every) {
      const { exitCode, stdout } = await shell.ags('pipeline', 'verdict', id);
      expect(exitCode, `${id}\n${stdout}`).toBe(0);
    }
  });
});
