import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { toTokenStatus } from '#contract/views.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { StepDispatch, type StepQueues } from '#objects/pipeline/dispatch.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { everyRole, StepWorld, samplePlan } from '../03-agent-execution/step-world.ts';
import { type EmbeddedFault, type EmbeddedServices, startEmbedded } from '../support/embedded.ts';
import { credentialsFor } from '../support/embedded-credentials.ts';
import { PIPELINE, Rig, spawnCommand } from '../support/pipeline.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, 'acme');
});
afterAll(() => services.stop());
afterEach(async () => {
  await services.setFault('vault', { mode: 'none' });
  await services.setFault('redis', { mode: 'none' });
});

const plan = () => ({
  ...samplePlan('approval'),
  models: everyRole({ provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_000 }),
});

/** The real consumer, prompts, gate, tools, model layer and credentials over a Vault and a store that speak their protocols. */
function world(): StepWorld {
  const made = new StepWorld();
  Object.assign(made.deps, { credentials: setup.make() });
  made.model = (request) => handleModel(request, { EMBEDDED_MODEL_KEY: services.modelKey });
  return made.spawn(plan());
}
const failures = (w: StepWorld) => w.rig.log.flatMap((e) => (e.type === 'step_failed' ? [e.body] : []));
const ended = (w: StepWorld) => w.rig.state.outcome;

/** Delivers, and moves the clock to the next try, until `until`. */
async function deliverUntil(w: StepWorld, until: () => boolean, limit = 100): Promise<void> {
  for (let n = 0; n < limit && !until(); n++) {
    const next = Math.min(...w.rig.ready().map((s) => Date.parse(s.ready_at)));
    if (Number.isFinite(next)) w.rig.now = Math.max(w.rig.now, next);
    await w.deliver();
  }
  if (!until()) throw new Error(`not after ${limit} deliveries: ${w.rig.types().slice(-8).join(', ')}`);
}

/** The same pipeline worked on by an isolate that has nothing in memory: it must ask the store. */
const elsewhere = (w: StepWorld) => Object.assign(w.deps, { credentials: setup.make() });

const withAgents = (w: StepWorld) => w.rig.ready('agent_turn').length > 0;

describe('Vault', () => {
  const faults: [string, EmbeddedFault][] = [
    ['failing', { mode: 'error', status: 503 }],
    ['throttling', { mode: 'throttle', delay_ms: 7_000 }],
    ['standing by', { mode: 'standby' }],
  ];
  for (const [how, fault] of faults) {
    it(`PIPE-2, REL-3: Vault ${how} at the spawn is asked for two minutes, then FAILED 1 credentials_unavailable`, async () => {
      await services.setFault('vault', fault);
      const w = world();
      const began = w.rig.now;
      await deliverUntil(w, () => ended(w) !== null);
      expect(ended(w)).toMatchObject({
        state: 'FAILED',
        exit_code: 1,
        reason: 'credentials_unavailable',
      });
      expect(w.rig.now - began).toBeGreaterThanOrEqual(CLOCKS.credentials_window);
      expect(failures(w).length).toBeGreaterThan(5);
      expect(failures(w).every((f) => f.cause === 'dependency')).toBe(true);
      // PIPE-2: no agent step ran, and nothing is left to revoke.
      expect(w.rig.types()).not.toContain('agent_spawned');
      expect(w.prompts).toEqual([]);
      expect(w.rig.state.sealed).toBe(true);
    });
  }

  it('PIPE-2, REL-3: something that answers in Vault’s place ends the spawn, since nothing it says can be trusted', async () => {
    await services.setFault('vault', { mode: 'garbage' });
    const w = world();
    await deliverUntil(w, () => ended(w) !== null);
    expect(ended(w)).toMatchObject({ exit_code: 1, reason: 'credentials_unavailable' });
    expect(w.prompts).toEqual([]);
  });

  it('REL-3, PIPE-2: a slow Vault only costs time', async () => {
    await services.setFault('vault', { mode: 'slow', delay_ms: 30 });
    const w = await world().run();
    expect(ended(w)).toMatchObject({ exit_code: 0 });
    expect(failures(w)).toEqual([]);
  });

  it('CRED-4, REL-3: Vault gone at the end: tokens stay “revoking”, and the seal comes when it is back', async () => {
    const w = world();
    await deliverUntil(w, () => ended(w) !== null);
    await services.setFault('vault', { mode: 'error', status: 503 });
    for (let n = 0; n < 5; n++) {
      w.rig.now += 30_000;
      await w.deliver();
    }
    expect(toTokenStatus(w.rig.state).status).toBe('revoking');
    expect(w.rig.state.sealed).toBe(false);
    await services.setFault('vault', { mode: 'none' });
    await deliverUntil(w, () => w.rig.state.sealed);
    expect(w.rig.last('sealed')?.body).toMatchObject({ by_expiry: 0, tokens: w.rig.state.tokens.length });
  });

  it('CRED-4, PIPE-6, REL-3: Vault that never comes back: leases run out, and the seal says so', async () => {
    const w = world();
    await deliverUntil(w, () => ended(w) !== null);
    await services.setFault('vault', { mode: 'error', status: 503 });
    await w.deliver();
    w.rig.pass(2 * 3_600_000 + 60_000);
    expect(w.rig.state.sealed).toBe(true);
    expect(w.rig.last('sealed')?.body).toMatchObject({ by_lookup: 0, by_expiry: w.rig.state.tokens.length });
  });

  it('CRED-4, REL-3: a Vault that says “revoked” and lies is not believed', async () => {
    const w = new StepWorld().spawn(plan());
    await deliverUntil(w, () => w.desk.alive.size >= 2);
    for (const accessor of w.desk.alive) w.desk.stubborn.add(accessor);
    w.rig.when({ kind: 'cancel', reason: 'stop' });
    for (let n = 0; n < 3; n++) {
      w.rig.now += 61_000;
      await w.deliver();
    }
    expect(w.desk.calls.filter((c) => c.startsWith('revoke')).length).toBeGreaterThan(3);
    expect(w.rig.state.sealed).toBe(false);
    expect(toTokenStatus(w.rig.state).status).toBe('revoking');
  });
});

describe('the sealed store', () => {
  it('CRED-2, REL-3: a store that fails is waited for, and the run goes on when it is back', async () => {
    const w = world();
    await deliverUntil(w, () => withAgents(w));
    await services.setFault('redis', { mode: 'error', status: 500 });
    elsewhere(w);
    await w.deliver();
    expect(failures(w)).toEqual([]);
    expect(w.rig.last('step_deferred')?.body).toMatchObject({ code: 'credentials_store_unavailable' });
    expect(w.rig.state.waiting_for).toBe('credentials');
    await services.setFault('redis', { mode: 'none' });
    await w.run();
    expect(w.rig.types()).toContain('credentials_restored');
    expect(ended(w)).toMatchObject({ exit_code: 0 });
  });

  it('CRED-2, REL-3: a store that has lost its tokens: they are revoked by accessor, and a new login goes on', async () => {
    const w = world();
    await deliverUntil(w, () => withAgents(w));
    const before = w.rig.state.tokens.map((t) => t.accessor);
    await fetch(`${services.url}/redis`, {
      method: 'POST',
      headers: { authorization: `Bearer ${services.redisToken}` },
      body: JSON.stringify(['FLUSHALL']),
    });
    elsewhere(w);
    await w.run();
    expect(failures(w)[0]).toMatchObject({ code: 'credentials_store_lost' });
    // The revocation of the old login may still clear the store after the new one; then it is found lost once more.
    const logins = w.rig.types().filter((t) => t === 'credentials_recorded').length;
    expect([2, 3]).toContain(logins);
    const gone = w.rig.state.tokens.filter((t) => before.includes(t.accessor));
    expect(gone.every((t) => t.how === 'lookup')).toBe(true);
    expect(ended(w)).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
    expect(w.rig.state.sealed).toBe(true);
  });

  it('CRED-2, REL-3: a store that loses everything again and again ends the run, with no token left', async () => {
    const w = new StepWorld();
    const { desk } = w;
    desk.readSecret = async () => ({
      ok: false,
      error: { kind: 'store_lost', retryable: false, message: 'nothing there' },
    });
    w.spawn(plan());
    await deliverUntil(w, () => w.rig.state.sealed, 400);
    expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
    expect([...desk.alive]).toEqual([]);
    expect(w.rig.types().filter((t) => t === 'credentials_recorded').length).toBeLessThanOrEqual(5);
  });
});

describe('the model', () => {
  const answers: [string, () => Response][] = [
    ['answers 503', () => new Response('busy', { status: 503 })],
    ['answers a web page', () => new Response('<html>it works</html>', { status: 200 })],
    ['breaks off', () => new Response('data: {"choices":[{"delta":{"content":"{"}}]}\n\n')],
  ];
  for (const [how, answer] of answers) {
    it(`AGENT-3, REL-3: a model that ${how} for ever fails the planner after its retries, and every token goes`, async () => {
      const w = world();
      w.model = async () => answer();
      await deliverUntil(w, () => w.rig.state.sealed);
      expect(ended(w)).toMatchObject({ state: 'FAILED', exit_code: 1 });
      expect(failures(w).at(-1)?.retry_at).toBeNull();
      expect(w.rig.state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
    });
  }

  it('AGENT-3, CONS-4, REL-3: a model that is gone once the seats speak leaves them silent, and the run ends honestly', async () => {
    const w = world();
    await deliverUntil(w, () => w.rig.state.round !== null);
    w.model = async () => new Response('busy', { status: 503 });
    await deliverUntil(w, () => w.rig.state.sealed);
    // Which of them gives up first is chance: retries are spread.
    expect(w.rig.last('round_closed')?.body.silent.toSorted()).toEqual(['ALPHA', 'BETA']);
    expect(ended(w)).toMatchObject({ exit_code: 1, reason: 'no_agent_answered' });
  });

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

describe('the queue', () => {
  afterEach(() => vi.useRealTimers());

  it('PIPE-8, REL-3: a message that is lost is sent again, later each time, until its step is claimed', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
    const rig = new Rig();
    rig.now = Date.now();
    rig.when(spawnCommand());
    const sent: string[] = [];
    const queue = { send: async (m: { step_id: string }) => void sent.push(m.step_id) };
    const queues = Object.fromEntries(
      Array.from({ length: 8 }, (_, n) => [`STEPS_${n}`, queue]),
    ) as unknown as StepQueues;
    const dispatch = new StepDispatch(queues);
    const [step] = rig.ready();
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      await dispatch.announce(rig.state);
      await dispatch.announce(rig.state);
      const due = dispatch.nextDue(rig.state);
      waits.push(due - Date.now());
      vi.setSystemTime(due);
    }
    expect(sent).toEqual(Array(4).fill(step!.step_id));
    expect(waits).toEqual([1, 2, 4, 8].map((n) => n * CLOCKS.redispatch));
    rig.now = Date.now();
    rig.claim(step!);
    await dispatch.announce(rig.state);
    expect(sent.length).toBe(4);
    expect(dispatch.nextDue(rig.state)).toBe(Number.POSITIVE_INFINITY);
  });

  it('PIPE-8, REL-3: every message delivered twice, and late, changes nothing in what comes out', async () => {
    const outcome = async (copies: number) => {
      const w = new StepWorld().spawn(plan());
      for (let n = 0; n < 200 && w.rig.ready().length > 0; n++) {
        for (let c = 0; c < copies; c++) await w.deliver();
        const next = Math.min(...w.rig.ready().map((s) => Date.parse(s.ready_at)));
        if (Number.isFinite(next)) w.rig.now = Math.max(w.rig.now, next);
      }
      return [
        ended(w)?.reason,
        w.rig.state.usage,
        w.rig.state.verdict?.proposal_id,
        w.rig.state.spawned?.pipeline_id,
      ];
    };
    const once = await outcome(1);
    expect(await outcome(3)).toEqual(once);
    expect(once).toContain(PIPELINE);
  });
});
