import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStyle } from '#cli/terminal/style.ts';
import { liveBlock } from '#cli/views/dashboard.ts';
import { happening, newCast } from '#cli/views/happening.ts';
import type { ApprovalView, PipelineEvent as WireEvent } from '#client/index.ts';
import { OutcomeRequest } from '#contract/agents.ts';
import { Lineage, Orchestration, Pipeline } from '#contract/pipeline.ts';
import { FallbackRequest, ForkRequest } from '#contract/requests.ts';
import { toConsensus, toOrchestration, toTokenStatus } from '#contract/views.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { parsePlan, planJsonSchema } from '#domain/plan/index.ts';
import { type FakeApi, goldenLog, problem, startFakeApi } from '#tests/support/fake-api.ts';
import { ALLOW, PIPELINE, proposal, Rig, spawnCommand } from '#tests/support/pipeline.ts';
import { newShell, type Shell } from './cli-run.ts';

let api: FakeApi;
let shell: Shell;
beforeEach(async () => {
  api = await startFakeApi();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
});
afterEach(async () => {
  shell.remove();
  await api.stop();
});

const sent = (path: string) => api.requests.filter((request) => request.path === path);
const plain = createStyle(false);

describe('following a lineage', () => {
  const SECOND = 'pl_0000000second';
  const entry = (pipeline_id: string, attempt: number, exit_code: number | null) => ({
    pipeline_id,
    number: attempt,
    attempt,
    generation: 1,
    state: exit_code === 0 ? 'COMPLETED' : exit_code === null ? 'RUNNING' : 'FAILED',
    exit_code,
    reason: exit_code === 3 ? 'round_limit' : null,
    verdict: null,
    created_at: '2026-11-22T12:00:00.000Z',
    ended_at: null,
  });

  /** The first attempt hands over; the second, once it is admitted, ends as the golden log did. */
  async function handOver(looksUntilAdmitted: number): Promise<string> {
    api.play(goldenLog('v1-consensus'), 1_000);
    const first = api.pipelineId;
    const { stdout } = await shell.ags('pipeline', 'show', first, '--json');
    const shown = Orchestration.parse(JSON.parse(stdout));
    const ended = {
      ...shown,
      pipeline: { ...shown.pipeline, state: 'FAILED', exit_code: 3, successor_id: SECOND },
    };
    const succeeded = {
      ...shown,
      pipeline: { ...shown.pipeline, pipeline_id: SECOND, attempt: 2, predecessor_id: first },
    };
    let looks = 0;
    const admitted = () => looks > looksUntilAdmitted;
    api.answer('GET /api/pipeline/lineage', () => {
      looks += 1;
      const items = admitted() ? [entry(first, 1, 3), entry(SECOND, 2, 0)] : [entry(first, 1, 3)];
      const outcome = { state: 'FAILED', exit_code: 3 };
      return {
        status: 200,
        body: Lineage.parse({ items, outcome, waiting: admitted() ? null : SECOND }),
      };
    });
    api.answer('GET /api/pipeline/orchestration', ({ query }) => {
      if (query.pipeline_id === first) return { status: 200, body: ended };
      return admitted()
        ? { status: 200, body: succeeded }
        : problem('not_found', 'There is no such pipeline here yet.');
    });
    return first;
  }

  it('REC-3 CLI-1: exit code 3 means that the successor is waited for, also before it exists', async () => {
    const first = await handOver(2);
    const { exitCode, stderr, stdout } = await shell.ags('pipeline', 'wait', first, '--json');
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${first} hands over to ${SECOND}`);
    expect(JSON.parse(stdout)).toMatchObject({
      exit_code: 0,
      pipeline: { pipeline_id: SECOND },
      lineage: [{ exit_code: 3 }, { exit_code: 0 }],
    });
  });

  it('REC-3 REC-4: a successor that waits for the quota is said to wait, once, and waited for', async () => {
    const { exitCode, stderr, stdout } = await shell.ags('pipeline', 'wait', await handOver(6));
    expect(exitCode).toBe(0);
    expect(stderr.match(/waits to be admitted/g)).toHaveLength(1);
    expect(stdout).toContain('attempt 2 of 3');
  });

  it('CLI-1 REC-4: the live view says which attempt it is and what it resumes', () => {
    const rig = new Rig().toRoundOne();
    const orchestration = toOrchestration(rig.state);
    const show = (pipeline: Pipeline) =>
      liveBlock(
        { orchestration: { ...orchestration, pipeline }, reached: 'RUNNING', stream: 'live', elapsedMs: 0 },
        plain,
        120,
        0,
      ).join('\n');
    expect(show(orchestration.pipeline)).not.toContain('attempt');
    const second = Pipeline.parse({ ...orchestration.pipeline, attempt: 2, predecessor_id: PIPELINE });
    expect(show(second)).toContain(`attempt 2 of 3 resumes ${PIPELINE}`);
  });

  it('REC-4: `pipeline lineage` names every attempt with its end in words', async () => {
    const first = await handOver(0);
    const { stdout } = await shell.ags('pipeline', 'lineage', first);
    expect(stdout).toContain('attempt 1 of 3');
    expect(stdout).toContain('used all their rounds');
    expect(stdout).toContain(SECOND);
  });
});

describe('deciding about a failed consensus', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig().toConsensusFailure();
    api.play(rig.log, 1_000);
    api.answer('GET /api/pipeline/consensus/status', () => ({ status: 200, body: toConsensus(rig.state) }));
    api.answer('POST /api/pipeline/consensus/fallback', ({ body }) => {
      const { action } = FallbackRequest.parse(body);
      const { pipeline } = toOrchestration(rig.state);
      const asked = action === 'escalate_tier' ? { approval_id: 'ap_0123456789abcdef_1' } : {};
      return { status: 202, body: { pipeline, action, ...asked } };
    });
  });
  const fallback = (...more: string[]) => shell.ags('pipeline', 'fallback', PIPELINE, ...more);

  it('REC-1: without an action it says which fit, and why the others do not', async () => {
    const { exitCode, stdout } = await fallback();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('✔ rerun_gamma');
    rig.state = new Rig().toRoundOne().state;
    expect((await fallback()).stdout).toMatch(/✘ rerun_gamma +Consensus has not failed/);
  });

  it('REC-1: the reason is demanded before anything is sent', async () => {
    expect((await fallback('rerun_same')).exitCode).toBe(64);
    expect((await fallback('give_up', '--reason', 'x')).exitCode).toBe(64);
    expect(sent('/api/pipeline/consensus/fallback')).toEqual([]);
    expect((await fallback('rerun_same', '--reason', 'once more')).exitCode).toBe(0);
    expect(sent('/api/pipeline/consensus/fallback')[0]?.body).toEqual({
      pipeline_id: PIPELINE,
      action: 'rerun_same',
      reason: 'once more',
    });
  });

  it('REC-1: accept_partial without a name lists what can be named; with one it sends it, confirmed only when asked', async () => {
    const { proposal_id, revision } = rig.proposalOf('ALPHA');
    const unnamed = await fallback('accept_partial', '--reason', 'x');
    expect(unnamed.exitCode).toBe(64);
    expect(unnamed.stderr).toContain(`--proposal ${proposal_id} --revision ${revision}`);
    const named = ['accept_partial', '--reason', 'x', '--proposal', proposal_id, '--revision', '1'];
    await fallback(...named);
    await fallback(...named, '--confirm');
    expect(
      sent('/api/pipeline/consensus/fallback').map(({ body }) => FallbackRequest.parse(body).confirm),
    ).toEqual([undefined, true]);
  });

  it('REC-1 GOV-5: an escalation that needs an approval says which, and how to give it', async () => {
    const { stdout } = await fallback('escalate_tier', '--reason', 'more rights', '--wait');
    expect(stdout).toContain('ags approve ap_0123456789abcdef_1');
  });

  it('REC-1: download_log writes one private file, and never over another', async () => {
    api.answer('POST /api/pipeline/consensus/fallback', () => ({ status: 200, body: { events: rig.log } }));
    const path = join(shell.home, 'log.json');
    const download = (...more: string[]) =>
      shell.ags('pipeline', 'log', PIPELINE, '--download', 'log.json', ...more);
    expect((await download()).exitCode).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ events: JSON.parse(JSON.stringify(rig.log)) });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await download();
    expect(again.exitCode).toBe(64);
    expect(again.stderr).toContain('--force');
    expect((await download('--force')).exitCode).toBe(0);
    expect((await shell.ags('pipeline', 'log', PIPELINE)).exitCode).toBe(64);
    const nowhere = await shell.ags('pipeline', 'log', PIPELINE, '--download', 'no/such/folder');
    expect(nowhere.exitCode).toBe(64);
  });

  it('REC-1: a refused download leaves no file', async () => {
    api.answer('POST /api/pipeline/consensus/fallback', () => problem('not_found', 'Nothing here.'));
    const { exitCode } = await shell.ags('pipeline', 'log', PIPELINE, '--download', 'log.json');
    expect(exitCode).toBe(77);
    expect(existsSync(join(shell.home, 'log.json'))).toBe(false);
  });
});

describe('approving', () => {
  const APPROVAL: ApprovalView = {
    approval_id: `ap_${PIPELINE.slice(3)}_1`,
    action_id: null,
    pipeline_id: PIPELINE,
    tool: 'escalate_tier',
    arguments: { tier: 2 },
    target: PIPELINE,
    action_sha256: 'c'.repeat(64),
    requested_by: 'person:ps_1',
    reason: 'it needs to see the state\u001b[2J',
    policies: [],
    status: 'pending',
    decided_by: null,
    expires_at: '2026-11-23T12:00:00.000Z',
  };
  const path = `/api/approvals/${APPROVAL.approval_id}/decision`;
  beforeEach(() => {
    api.answer('GET /api/approvals', ({ query }) => ({
      status: 200,
      body: { items: (query.pipeline_id ?? PIPELINE) === PIPELINE ? [APPROVAL] : [], next_cursor: null },
    }));
    api.answer(`POST ${path}`, () => ({
      status: 200,
      body: toOrchestration(new Rig().toRoundOne().state).pipeline,
    }));
  });

  it.each([
    ['approve', 'Approved'],
    ['deny', 'Denied'],
  ])('GOV-5 CLI-1: `%s` shows what is decided, and sends the hash of exactly that', async (word, says) => {
    const { exitCode, stdout, stderr } = await shell.ags(word, APPROVAL.approval_id, '--reason', 'read it');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(says);
    for (const shown of ['escalate_tier', '{"tier":2}', 'person:ps_1', 'it needs to see', 'c'.repeat(64)]) {
      expect(stderr).toContain(shown);
    }
    expect(stderr).not.toContain('\u001b[2J');
    expect(sent(path)[0]?.body).toEqual({ decision: word, reason: 'read it', action_sha256: 'c'.repeat(64) });
  });

  it('GOV-5 CLI-1: without a reason it only shows; what is no approval, or not there, is not sent', async () => {
    const shown = await shell.ags('approve', APPROVAL.approval_id);
    expect(shown.exitCode).toBe(64);
    expect(shown.stderr).toContain('escalate_tier');
    expect((await shell.ags('approve', 'yes', '--reason', 'x')).exitCode).toBe(64);
    expect((await shell.ags('deny', 'ap_0000000000000000_9', '--reason', 'x')).exitCode).toBe(77);
    expect(api.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('GOV-5: `approvals` lists what waits', async () => {
    expect((await shell.ags('approvals')).stdout).toContain(APPROVAL.approval_id);
    api.answer('GET /api/approvals', () => ({ status: 200, body: { items: [], next_cursor: null } }));
    expect((await shell.ags('approvals', '--status', 'pending')).stdout).toContain('Nothing waits');
    expect(sent('/api/approvals').at(-1)?.query).toEqual({ status: 'pending' });
  });
});

describe('forks and unknown outcomes', () => {
  it('PIPE-7: a fork names the event; without one nothing is sent', async () => {
    api.answer('POST /api/pipeline/fork', ({ body }) => {
      ForkRequest.parse(body);
      return { status: 201, body: toOrchestration(new Rig().toRoundOne().state).pipeline };
    });
    expect((await shell.ags('pipeline', 'fork', PIPELINE)).exitCode).toBe(64);
    expect((await shell.ags('pipeline', 'fork', PIPELINE, '--at', '40', '--tier', '0')).exitCode).toBe(0);
    expect(sent('/api/pipeline/fork').map(({ body }) => body)).toEqual([
      { pipeline_id: PIPELINE, at: 40, tier: 0 },
    ]);
  });

  it('PIPE-9: a fork that was cut off is sent again under the same key; one’s own key is used as it is', async () => {
    let cut = 0;
    const pipeline = toOrchestration(new Rig().toRoundOne().state).pipeline;
    api.answer('POST /api/pipeline/fork', () =>
      cut++ === 0 ? { status: 200, body: 'cut o' } : { status: 201, body: pipeline },
    );
    const fork = (...more: string[]) => shell.ags('pipeline', 'fork', PIPELINE, '--at', '40', ...more);
    expect((await fork()).exitCode).toBe(0);
    expect((await fork('--idempotency-key', 'mine')).exitCode).toBe(0);
    const keys = sent('/api/pipeline/fork').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([expect.stringMatching(/^.{36}$/), keys[0], 'mine']);
  });

  it('PIPE-8: `pipeline redrive` sends out the step that its id names, in its pipeline', async () => {
    const id = `st_${PIPELINE.slice(3)}_4`;
    api.answer('POST /api/pipeline/redrive', () => ({
      status: 202,
      body: toOrchestration(new Rig().toRoundOne().state).pipeline,
    }));
    expect((await shell.ags('pipeline', 'redrive', 'it')).exitCode).toBe(64);
    expect((await shell.ags('pipeline', 'redrive', id)).exitCode).toBe(0);
    expect(sent('/api/pipeline/redrive').map(({ body }) => body)).toEqual([
      { pipeline_id: PIPELINE, step_id: id },
    ]);
  });

  it('REC-6: `pipeline resolve` demands an outcome and how one knows', async () => {
    const id = `ac_${PIPELINE.slice(3)}_1`;
    api.answer(`POST /api/actions/${id}/outcome`, ({ body }) => {
      OutcomeRequest.parse(body);
      return { status: 200, body: toOrchestration(new Rig().toRoundOne().state).pipeline };
    });
    const resolve = (...more: string[]) => shell.ags('pipeline', 'resolve', ...more);
    expect((await resolve('it', '--status', 'failed', '--reason', 'x')).exitCode).toBe(64);
    expect((await resolve(id, '--reason', 'x')).exitCode).toBe(64);
    expect((await resolve(id, '--status', 'failed')).exitCode).toBe(64);
    expect((await resolve(id, '--status', 'maybe', '--reason', 'x')).exitCode).toBe(64);
    expect((await resolve(id, '--status', 'succeeded', '--reason', 'I looked')).exitCode).toBe(0);
    expect(sent(`/api/actions/${id}/outcome`).map(({ body }) => body)).toEqual([
      { status: 'succeeded', reason: 'I looked' },
    ]);
  });
});

describe('a plan whose misbehaviour ends', () => {
  const misbehaving = (attempts: unknown) =>
    parsePlan(
      JSON.stringify({
        name: 'small',
        version: '1.0.0',
        tier: 1,
        objective: 'Is this fine?',
        embedded: { misbehave: [{ agent: 'ALPHA', kind: 'disagree', rounds: 3, attempts }] },
      }),
      {},
      {
        inputs: {},
        defaults: {
          model: { provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_192 },
          providers: ['embedded'],
          prices: {},
        },
      },
    );

  it('RUN-5 DSL-1: `attempts` is a whole number from 1 to 10, or absent', () => {
    for (const good of [1, 10, undefined]) expect(misbehaving(good).ok).toBe(true);
    for (const bad of [0, 11, 1.5, '1', null]) expect(misbehaving(bad).ok).toBe(false);
    expect(JSON.stringify(planJsonSchema())).toContain('runs of a lineage');
  });

  it.each([
    [1, 1, 1, true],
    [1, 2, 1, false],
    [1, 1, 2, false],
    [2, 1, 2, true],
    [2, 2, 2, false],
    [undefined, 3, 3, true],
  ])(
    'RUN-5 REC-3: with attempts %s, attempt %i, generation %i: %s',
    (attempts, attempt, generation, works) => {
      const base = spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>;
      const switched = { agent: 'ALPHA' as const, kind: 'gullible' as const, ...(attempts && { attempts }) };
      const rig = new Rig().toRoundOne({ ...base, plan: { ...base.plan, misbehave: [switched] } });
      const step = rig.turnOf('ALPHA');
      const spawned = { ...rig.state.spawned!, attempt };
      const turn = assignmentFor({ ...rig.state, spawned, generation }, step.step_id)?.turn;
      expect(turn?.misbehave.length === 1).toBe(works);
    },
  );
});

describe('what happened, in words', () => {
  const told = (rig: Rig): Map<string, string> => {
    const cast = newCast();
    return new Map(
      rig.log.flatMap((event) => {
        const text = happening(event as unknown as WireEvent, cast, plain);
        return text === null ? [] : [[event.type, text] as const];
      }),
    );
  };
  const fallback = (rig: Rig, action: 'rerun_gamma' | 'escalate_tier', actor?: string) =>
    rig.when(
      { kind: 'fallback', action, reason: 'once more', proposal_id: null, revision: null, confirm: false },
      actor,
    );

  it('CLI-1 REC-2: the supervisor, the synthesis and the handoff are told', () => {
    const base = spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>;
    const limits = { ...base.plan.limits, rounds: 1 };
    const rig = new Rig().toRoundOne({ ...base, plan: { ...base.plan, limits } });
    rig.round({ ALPHA: { proposal: proposal('half done') } }).synthesise();
    const texts = told(rig);
    expect(texts.get('recovery_started')).toContain('round limit');
    expect(texts.get('synthesis_written')).toBe('synthesis by GAMMA: what we have');
    const { successor_id, sha256, handoff } = rig.last('handoff_sealed')!.body;
    expect(texts.get('handoff_sealed')).toContain(`${successor_id} goes on`);
    const next = new Rig();
    next.when({
      ...base,
      pipeline_id: successor_id!,
      successor_of: { pipeline_id: PIPELINE, attempt: 2, handoff, sha256 },
    });
    expect(told(next).get('handoff_loaded')).toContain(`resumes from the handoff of ${PIPELINE}`);
  });

  it('CLI-1 REC-1 GOV-5: fallbacks, generations and approvals are told with who and why', () => {
    const rerun = new Rig().toConsensusFailure().revokeAll();
    fallback(rerun, 'rerun_gamma', 'person:ada');
    expect(told(rerun).get('fallback_chosen')).toBe('rerun gamma chosen by person:ada: once more');
    expect(told(rerun).get('generation_started')).toContain('GAMMA from the start');
    const escalated = new Rig().toConsensusFailure().revokeAll();
    fallback(escalated, 'escalate_tier', 'person:ada');
    const { approval_id, sha256 } = escalated.last('approval_requested')!.body;
    escalated.when(
      { kind: 'decide_approval', approval_id, decision: 'deny', reason: 'not now', sha256 },
      'person:bob',
    );
    expect(told(escalated).get('approval_requested')).toContain(`${approval_id}: escalate tier to tier 2`);
    expect(told(escalated).get('approval_decided')).toBe(`${approval_id} denied by person:bob: not now`);
    const partial = new Rig().toConsensusFailure().revokeAll();
    const named = partial.proposalOf('ALPHA');
    partial.when(
      { kind: 'fallback', action: 'accept_partial', reason: 'enough', confirm: true, ...named },
      'person:ada',
    );
    expect(told(partial).get('partial_accepted')).toContain('without consensus: enough');
  });

  it('CLI-1 PIPE-7 PIPE-10 REC-6: pauses, forks and unknown outcomes are told', () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'pause', reason: 'lunch' });
    rig.pass(31 * 60_000).revokeAll();
    rig.when({ kind: 'resume', reason: 'back' });
    const texts = told(rig);
    expect(texts.get('pause_requested')).toContain('lunch');
    expect(texts.get('paused')).toContain('deadlines stand still');
    expect(texts.get('credentials_suspended')).toContain('tokens revoked');
    expect(texts.get('resumed')).toContain('back');

    const source = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('first') } });
    const seed = forkSource(source.state, source.head.hash)!.seed;
    const fork = new Rig();
    fork.when({ ...spawnCommand(), pipeline_id: 'pl_fork0000', fork: seed } as ReturnType<
      typeof spawnCommand
    >);
    expect(told(fork).get('pipeline_forked')).toContain(`of ${PIPELINE}, with 0 findings and 1 proposal`);

    const lost = new Rig().toRoundOne();
    lost.call('ALPHA', 'webhook_dispatch');
    const [step] = lost.ready('action');
    const epoch = lost.claim(step!);
    const version = lost.state.facts_seq;
    lost.when({
      kind: 'admit',
      step_id: step!.step_id,
      epoch,
      version,
      decision: { ...ALLOW, effect: 'once' },
    });
    lost.pass(20_001);
    const { action_id } = lost.last('action_unknown')!.body;
    lost.when({ kind: 'resolve_action', action_id, status: 'succeeded', reason: 'I looked' });
    expect(told(lost).get('action_unknown')).toContain('webhook_dispatch');
    expect(told(lost).get('action_resolved')).toContain('I looked');
  });
});

describe('credentials', () => {
  it('CRED-5: `pipeline token` tells the state of every token and the last error, and has no secret to tell', async () => {
    const rig = new Rig().toRoundOne();
    rig.failing(rig.turnOf('ALPHA'), {
      code: 'credentials_sealed',
      message: 'Vault is sealed; could not read the secret models/embedded',
    });
    api.play(rig.log, 1_000);
    api.answer('GET /api/pipeline/token', () => ({ status: 200, body: toTokenStatus(rig.state) }));
    const { stdout } = await shell.ags('pipeline', 'token', PIPELINE);
    expect(stdout).toMatch(/pipeline\s+active\s+until 2026/);
    expect(stdout).toMatch(/BETA\s+active/);
    expect(stdout).toContain('last error: Vault is sealed');
    expect(stdout).not.toContain('acc-');
  });
});
