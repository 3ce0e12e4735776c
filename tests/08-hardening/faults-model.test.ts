import { describe, expect, it } from 'vitest';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { MODEL_KEY, StepWorld } from '../03-agent-execution/step-world.ts';
import { answers, type Fault, refused } from '../support/faults/line.ts';
import {
  between,
  cutOff,
  endless,
  errorAsBody,
  errorInStream,
  keepsAlive,
  reports,
  says,
} from '../support/faults/model.ts';
import { deliverUntil, ended, failures, plan } from '../support/faults/world.ts';
import { Rig } from '../support/pipeline.ts';

interface Row {
  model: string;
  fault: Fault;
  code: string;
  /** Not what waiting or another try could mend. */
  final?: true;
  /** Laid to the agent, which has an error budget (ENF-5); the rest are the provider's. */
  agent?: true;
  /** It had begun to answer, and bills for that (PIPE-11). */
  charged?: true;
  retry_after_s?: number;
}

const JUNK = says('{"nothing": "that was asked for"}');
const ROWS: Row[] = [
  {
    model: 'has no credits left (402)',
    fault: answers(402, { error: { code: 402 } }),
    code: 'model_credits',
    final: true,
  },
  {
    model: 'refuses the key (401)',
    fault: answers(401, { error: {} }),
    code: 'model_key_refused',
    final: true,
  },
  { model: 'does not exist (404)', fault: answers(404, { error: {} }), code: 'model_not_found', final: true },
  {
    model: 'limits the rate (429) and says for how long',
    fault: answers(429, { error: {} }, { 'retry-after': '20' }),
    code: 'model_rate_limited',
    retry_after_s: 20,
  },
  { model: 'fails (500)', fault: answers(500, { error: {} }), code: 'model_unavailable' },
  { model: 'is overloaded (503)', fault: answers(503, 'busy'), code: 'model_unavailable' },
  { model: 'timed out at its host (408)', fault: answers(408, { error: {} }), code: 'model_timeout' },
  { model: 'cannot be reached', fault: refused, code: 'model_unavailable' },
  {
    model: 'is a web page',
    fault: answers(200, '<html>it works</html>', { 'content-type': 'text/html' }),
    code: 'model_malformed_stream',
  },
  {
    model: 'says 429 inside a 200',
    fault: errorAsBody({ code: 429, message: 'slow down' }),
    code: 'model_rate_limited',
  },
  {
    model: 'says 402 inside a 200',
    fault: errorAsBody({ code: 402, message: 'pay' }),
    code: 'model_credits',
    final: true,
  },
  {
    model: 'fails in the middle of its stream',
    fault: errorInStream({ code: 502, message: 'host gone' }),
    code: 'model_unavailable',
    charged: true,
  },
  { model: 'loses its connection in the middle', fault: cutOff, code: 'model_unavailable', charged: true },
  { model: 'never says its first token', fault: keepsAlive(), code: 'model_timeout' },
  {
    model: 'falls silent in the middle',
    fault: keepsAlive('{"summary": "half'),
    code: 'model_timeout',
    charged: true,
  },
  { model: 'never ends', fault: endless, code: 'model_malformed_stream', charged: true },
  { model: 'says nothing', fault: says(''), code: 'model_empty_answer' },
  {
    model: 'answers nonsense, and nonsense again when asked to mend it',
    fault: JUNK,
    code: 'invalid_output',
    agent: true,
    charged: true,
  },
  {
    model: 'stops at its length, twice',
    fault: says('{"summary": "ha', undefined, 'length'),
    code: 'invalid_output',
    agent: true,
    charged: true,
  },
  {
    model: 'filters the answer',
    fault: says('', undefined, 'content_filter'),
    code: 'model_refused',
    agent: true,
    final: true,
  },
];
const FINE = { state: 'COMPLETED', exit_code: 0, reason: 'consensus_reached' };
const passing = ROWS.filter((row) => !row.final);

/** Tokens in memory; what stands between a plan and its model is the product's own. */
function world(): StepWorld {
  const w = new StepWorld().spawn(plan());
  Object.assign(w.deps.models, { timeouts: { first_token: 60, idle: 60 } });
  return w;
}
const meets = (w: StepWorld, seats: string[], fault: Fault, times = Number.POSITIVE_INFINITY) =>
  between(w, MODEL_KEY, seats, fault, times);

const allGone = (w: StepWorld) => {
  expect(w.rig.state.sealed).toBe(true);
  expect(w.rig.state.tokens.every((t) => t.how === 'lookup')).toBe(true);
};
/** What stands in the log about each failure is what happened. */
function asRecorded(w: StepWorld, row: Row): void {
  const failed = w.rig.log.flatMap((e) => (e.type === 'step_failed' ? [e] : []));
  expect(failed.length).toBeGreaterThan(0);
  for (const { at, body } of failed) {
    expect(body).toMatchObject({ code: row.code, cause: row.agent ? 'agent' : 'dependency' });
    expect((body.usage?.tokens_in ?? 0) > 0).toBe(row.charged === true || row.code === 'model_refused');
    if (row.retry_after_s && body.retry_at)
      expect(Date.parse(body.retry_at) - Date.parse(at)).toBeGreaterThanOrEqual(row.retry_after_s * 1_000);
  }
}

describe('one failure', () => {
  it.each(passing)(
    'REL-3, AGENT-3: a model that $model, once: the step is tried again and the run ends as if nothing had been',
    async (row) => {
      const undisturbed = await world().run();
      const w = world();
      // An answer that does not fit is asked for again within the step.
      const seen = meets(w, ['PLANNER'], row.fault, row.agent ? 2 : 1);
      await w.run();
      expect(seen.met).toBe(row.agent ? 2 : 1);
      asRecorded(w, row);
      expect(failures(w)).toHaveLength(1);
      expect(ended(w)).toMatchObject(FINE);
      expect(w.rig.state.verdict?.proposal_id).toBe(undisturbed.rig.state.verdict?.proposal_id);
      const extra = w.rig.state.usage.tokens_in - undisturbed.rig.state.usage.tokens_in;
      expect(extra > 0).toBe(row.charged === true);
      allGone(w);
    },
  );

  it('REL-3, AGENT-3: an answer that does not fit, once: mended within the step, both calls charged, no failure', async () => {
    const undisturbed = await world().run();
    const w = world();
    meets(w, ['PLANNER'], JUNK, 1);
    await w.run();
    expect(failures(w)).toEqual([]);
    expect(ended(w)).toMatchObject(FINE);
    const first = (rig: Rig) => rig.log.find((e) => e.type === 'step_completed' && e.body.usage !== null);
    const spent = (rig: Rig) => (first(rig) as { body: { usage: Usage } }).body.usage.tokens_in;
    expect(spent(w.rig)).toBeGreaterThan(spent(undisturbed.rig) + 100);
  });
});

/** One that never ends uses up the budget before it uses up its tries. */
const lasting = ROWS.filter(({ fault }) => fault !== endless);

describe('the PLANNER’s model, for ever', () => {
  it('REL-3, PIPE-11: a model that never ends: what it said is charged, and the run ends at its limit', async () => {
    const w = world();
    meets(w, ['PLANNER'], endless);
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1, reason: 'limit_reached' });
    expect(failures(w).every((f) => f.code === 'model_malformed_stream')).toBe(true);
    allGone(w);
  });

  it.each(lasting)(
    'REL-3, AGENT-3: a model that $model: FAILED, exit 1, $code, and every token goes',
    async (row) => {
      const w = world();
      const seen = meets(w, ['PLANNER'], row.fault);
      await deliverUntil(w, () => w.rig.state.sealed);
      asRecorded(w, row);
      const tries = row.final ? 1 : row.agent ? 3 : 5;
      expect(failures(w)).toHaveLength(tries);
      if (!row.agent) expect(seen.met).toBe(tries);
      expect(ended(w)).toMatchObject({
        state: 'FAILED',
        exit_code: 1,
        reason: row.agent && !row.final ? 'error_budget_spent' : row.code,
      });
      allGone(w);
    },
  );
});

/** What a whole run makes of it: those that wait, those that cost, those that are the agent's own. */
const named = (...names: string[]) => ROWS.filter((row) => names.some((name) => row.model.startsWith(name)));
const KINDS = named(
  'has no credits',
  'limits the rate',
  'fails (500)',
  'never says',
  'falls silent',
  'answers nonsense',
);

describe('the seats’ models, for ever', () => {
  it.each(KINDS)(
    'REL-3, CONS-4: both with a model that $model: silent, and the run says that nobody answered',
    async (row) => {
      const w = world();
      meets(w, ['ALPHA', 'BETA'], row.fault);
      await deliverUntil(w, () => w.rig.state.sealed, 200);
      asRecorded(w, row);
      // ENF-1: more than a few errors of agents within a minute stop the run.
      const reason = row.agent ? 'error_rate' : 'no_agent_answered';
      expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1, reason });
      allGone(w);
    },
  );

  it.each(KINDS)(
    'REL-3, CONS-4, CONS-9: only BETA with a model that $model: an end all the same, never a verdict by one seat',
    async (row) => {
      const w = world();
      meets(w, ['BETA'], row.fault);
      await deliverUntil(
        w,
        () => (w.rig.state.sealed || w.rig.state.failure !== null) && w.rig.ready().length === 0,
        400,
      );
      asRecorded(w, row);
      const verdict = w.rig.last('consensus_reached');
      if (verdict) expect(new Set(verdict.body.approvals).size).toBeGreaterThan(1);
      else expect(w.rig.state.failure).not.toBeNull();
      expect(w.rig.state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
    },
  );

  it('CONS-5, CONS-4, REL-3: models that never answer: GAMMA after 30 s, silence at the round’s limit, an end', () => {
    const rig = new Rig().toRoundOne();
    const turns = rig.ready('agent_turn');
    for (const turn of turns) rig.claim(turn);
    const alive = () =>
      Object.fromEntries(turns.map((t) => [t.step_id, { heard_at: rig.now + 5_000, progress_at: 0 }]));
    for (let s = 0; s < 305; s += 5) rig.pass(5_000, alive());
    expect(rig.state.mediation?.trigger).toBe('no_progress');
    expect(rig.last('round_closed')?.body.silent).toEqual(['ALPHA', 'BETA']);
    expect(rig.state.outcome?.reason).toBe('no_agent_answered');
  });
});

describe('GAMMA’s model during a recovery', () => {
  it.each(lasting)(
    'REL-3, REC-2: with a model that $model the rules write, the handoff is sealed, exit 3, one successor',
    async (row) => {
      const w = world();
      await deliverUntil(w, () => w.rig.state.round !== null);
      meets(w, ['GAMMA'], row.fault);
      w.rig.when({ kind: 'abort', reason: 'enough' });
      await deliverUntil(w, () => w.rig.state.sealed, 200);
      expect(w.rig.state.synthesis).toMatchObject({ agent_id: null, synthesis_type: 'abort_recovery' });
      expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 3 });
      const [began, wrote] = [w.rig.last('recovery_started'), w.rig.last('synthesis_written')];
      expect(Date.parse(wrote?.at ?? '') - Date.parse(began?.at ?? '')).toBeLessThanOrEqual(
        CLOCKS.recovery_window,
      );
      expect(w.successors).toHaveLength(1);
      expect(w.successors[0]?.successor_of?.sha256).toBe(w.rig.last('handoff_sealed')?.body.sha256);
      allGone(w);
    },
  );
});

describe('a model that lies about what it used', () => {
  const LIES: [string, object][] = [
    ['less than nothing', { prompt_tokens: -1_000_000, completion_tokens: -5, total_tokens: -1 }],
    ['a half of a token', { prompt_tokens: 10.5, completion_tokens: 0.25, total_tokens: 1 }],
    ['nothing at all', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
  ];
  it.each(LIES)(
    'REL-3, PIPE-11, AGENT-6: it reports %s: the estimate counts, and no budget comes back',
    async (_, reported) => {
      const w = world();
      const seen = meets(w, ['PLANNER', 'ALPHA', 'BETA', 'GAMMA'], reports(reported));
      await w.run();
      expect(seen.met).toBeGreaterThan(2);
      expect(ended(w)).toMatchObject({ exit_code: 0 });
      for (const e of w.rig.log) {
        if (e.type !== 'step_completed' || e.body.usage === null) continue;
        const { tokens_in, tokens_out } = e.body.usage;
        for (const n of [tokens_in, tokens_out]) expect(Number.isSafeInteger(n) && n > 0).toBe(true);
      }
      expect(w.rig.state.usage.tokens_in).toBeGreaterThan(1_000);
    },
  );

  it('REL-3, PIPE-11: it reports a thousand times its limit: the run ends at its budget with the next call', async () => {
    const w = world();
    meets(w, ['PLANNER'], reports({ prompt_tokens: 2_000_000_000, completion_tokens: 1, total_tokens: 1 }));
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
    expect(ended(w)?.reason).toMatch(/budget|limit|token/);
  });
});
