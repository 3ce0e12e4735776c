import { describe, expect, it } from 'vitest';
import { parseDataBlocks } from '#domain/agents/data-block.ts';
import type { EventBodies, EventType } from '#domain/pipeline/event.ts';
import { startModelServer } from '#tests/support/model-server.ts';
import { PIPELINE, TENANT } from '#tests/support/pipeline.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { handleDeadSteps, handleStepBatch, type PipelinePort } from '#workers/steps/index.ts';
import { everyRole, MODEL_KEY, message, StepWorld, samplePlan } from './step-world.ts';

const hint = (step_id: string) => ({ tenant: TENANT, pipeline_id: PIPELINE, step_id });
const spawned = (plan = 'clean-change') => new StepWorld().spawn(samplePlan(plan));
const batch = (...messages: ReturnType<typeof message>[]) => ({ queue: 'ags-steps-3', messages });
const events = <T extends EventType>(world: StepWorld, type: T): EventBodies[T][] =>
  world.rig.log.filter((e) => e.type === type).map((e) => e.body as EventBodies[T]);
const nextStep = (world: StepWorld) => {
  const [step] = world.rig.ready();
  if (!step) throw new Error('nothing is ready');
  return step.step_id;
};
const without = (world: StepWorld, part: Partial<PipelinePort>) => ({
  ...world.deps,
  pipeline: () => ({ ...world.port, ...part }),
});

describe('the sample, from spawn to seal', () => {
  it('RUN-7 SEC-3: it ends with the split, the ticket’s fetch is refused, and the password is nowhere', async () => {
    const plan = samplePlan('encrypt-checkout-db');
    const world = await new StepWorld().spawn(plan).run();
    expect(world.rig.state.outcome).toMatchObject({
      state: 'COMPLETED',
      exit_code: 0,
      reason: 'consensus_reached',
    });
    expect(world.rig.state.proposals.at(-1)?.title).toMatch(/do not apply.*split.*three/i);
    expect(events(world, 'vote_cast').some(({ vote }) => vote === 'reject')).toBe(true);
    expect(events(world, 'proposal_written').some(({ revision }) => revision > 1)).toBe(true);

    const fetched = events(world, 'action_requested').find(({ tool }) => tool === 'http_get');
    expect(fetched).toBeDefined();
    expect(
      events(world, 'action_finished').find(({ action_id }) => action_id === fetched?.action_id)?.status,
    ).toBe('denied');

    const text = plan.documents.find(({ name }) => name === 'tfplan.json')?.text ?? '';
    const containers = JSON.parse(JSON.parse(text).resource_changes[3].change.after.container_definitions);
    const password = containers[0].environment.find(({ name }: { name: string }) =>
      name.includes('PASSWORD'),
    ).value;
    expect(text).toContain(password);
    expect(world.prompts.join()).not.toContain(password);
    expect(JSON.stringify(world.rig.log)).not.toContain(password);
    expect(JSON.stringify([world.rig.log, world.logged])).not.toContain(MODEL_KEY);
  });

  it('AGENT-2 CRED-4: every model call reads the key with its own agent’s token, and every token is gone at the end', async () => {
    const world = await spawned('encrypt-checkout-db').run();
    const reads = world.desk.calls.filter((call) => call.startsWith('read models/embedded as '));
    expect(reads).toHaveLength(world.prompts.length);
    const agents = events(world, 'agent_spawned').map(({ agent_id }) => agent_id);
    expect(new Set(reads.map((call) => call.split(' as ')[1]))).toEqual(new Set(agents));
    expect(world.desk.alive.size).toBe(0);
    expect(world.rig.types().at(-1)).toBe('sealed');
  });

  it('AGENT-5: a denied call comes back to the model as material, with the rule and the remedy', async () => {
    const world = await spawned('encrypt-checkout-db').run();
    const denied = world.prompts
      .flatMap((prompt) => JSON.parse(prompt).messages as { role: string; content: string }[])
      .filter(({ role }) => role === 'tool')
      .flatMap(({ content }) => parseDataBlocks(content))
      .filter(({ source }) => source === 'tool:http_get');
    expect(denied.length).toBeGreaterThan(0);
    expect(JSON.parse(denied[0]?.text ?? '')).toMatchObject({
      denied: true,
      rule: 'egress_private_address',
      remedy: expect.any(String),
    });
  });

  it('GOV-1 ENF-3: a forbidden action ends the run with exit code 1 and no live token', async () => {
    const world = await spawned('violation').run();
    expect(world.rig.state.outcome).toMatchObject({
      state: 'FAILED',
      exit_code: 1,
      reason: 'critical_violation',
    });
    expect(events(world, 'violation_recorded')).toMatchObject([{ severity: 'critical' }]);
    expect(world.desk.alive.size).toBe(0);
  });

  it('AGENT-3 PIPE-8: a model outage is waited out: failures are the dependency’s, and the run completes', async () => {
    const world = await spawned('model-outage').run();
    const failures = events(world, 'step_failed');
    expect(new Set(failures.map(({ code }) => code))).toEqual(
      new Set(['model_unavailable', 'model_rate_limited']),
    );
    expect(failures.every(({ cause, retry_at }) => cause === 'dependency' && retry_at !== null)).toBe(true);
    expect(world.rig.state.outcome).toMatchObject({ exit_code: 0 });
  });

  it('CONS-5: seats that never agree get a mediator, whose merged proposal passes', async () => {
    const world = await spawned('disagreement').run();
    expect(world.rig.types()).toContain('mediator_called');
    expect(
      events(world, 'proposal_written').find(({ author }) => author === 'GAMMA')?.taken.length,
    ).toBeGreaterThan(0);
    expect(world.rig.state.outcome).toMatchObject({ exit_code: 0 });
  });
});

describe('the sample through an OpenAI-compatible endpoint', () => {
  it('AGENT-2 RUN-3: over HTTP, as a provider that knows nothing of embedded switches, it comes to the same verdict', async () => {
    const server = await startModelServer((request) =>
      handleModel(request, { EMBEDDED_MODEL_KEY: MODEL_KEY }),
    );
    try {
      const plan = samplePlan('encrypt-checkout-db');
      const choice = {
        provider: 'compatible' as const,
        model: 'extractive-1',
        fallbacks: [],
        max_tokens: 8_000,
      };
      const models = everyRole(choice);
      const world = new StepWorld().spawn({ ...plan, models });
      world.deps.models.baseUrls = { compatible: server.url };
      world.deps.fetch = fetch;
      await world.run();
      expect(world.rig.state.outcome).toMatchObject({ exit_code: 0, reason: 'consensus_reached' });
      expect(world.rig.state.proposals.at(-1)?.title).toMatch(/do not apply.*split.*three/i);
      expect(server.requests.some(({ body }) => 'embedded' in body)).toBe(false);
      expect(world.desk.calls).toContain(
        `read models/compatible as ${events(world, 'agent_spawned')[0]?.agent_id}`,
      );
    } finally {
      await server.close();
    }
  });

  it('AGENT-3: a model that only ever gives the smallest answer that fits its schema ends in an honest failure, not in a crash', async () => {
    const server = await startModelServer();
    try {
      const plan = samplePlan('clean-change');
      const choice = { provider: 'compatible' as const, model: 'small', fallbacks: [], max_tokens: 8_000 };
      const models = everyRole(choice);
      const world = new StepWorld().spawn({ ...plan, models, limits: { ...plan.limits, rounds: 4 } });
      world.deps.models.baseUrls = { compatible: server.url };
      world.deps.fetch = fetch;
      await world.run();
      expect(world.rig.types()).toContain('consensus_failed');
      expect(world.stored.size).toBe(1);
      expect(events(world, 'step_failed')).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe('messages', () => {
  it('PIPE-8: duplicates, late messages and unknown steps are acknowledged and change nothing', async () => {
    const world = spawned();
    const step = nextStep(world);
    const [first, again, unknown] = [message(hint(step)), message(hint(step)), message(hint('st_none_1'))];
    await handleStepBatch(batch(first, again, unknown), world.deps);
    await handleStepBatch(batch(again), world.deps);
    expect([first.acked, again.acked, unknown.acked]).toEqual([1, 2, 1]);
    expect(events(world, 'step_claimed')).toHaveLength(1);
    expect(world.desk.calls.filter((call) => call === 'login')).toHaveLength(1);
  });

  it('PIPE-8: a message that is none is logged without its content and acknowledged', async () => {
    const world = spawned();
    const bad = [message(null), message({ tenant: 1 }), message('secret text')];
    await handleStepBatch(batch(...bad), world.deps);
    expect(bad.map(({ acked }) => acked)).toEqual([1, 1, 1]);
    expect(JSON.stringify(world.logged)).not.toContain('secret text');
  });

  it('PIPE-8: an overloaded object is left alone: one call, and the message comes back later', async () => {
    const world = spawned();
    let calls = 0;
    const claim = async () => {
      calls++;
      throw Object.assign(new Error('busy'), { overloaded: true });
    };
    const only = message(hint(nextStep(world)));
    await handleStepBatch(batch(only), without(world, { claim }));
    expect([calls, only.acked]).toEqual([1, 0]);
    expect(only.retried[0]).toBeGreaterThanOrEqual(15);
  });

  it('PIPE-8: other errors of the object are tried again on a fresh stub, up to a limit, without harm to other messages', async () => {
    const world = spawned();
    let stubs = 0;
    const deps = {
      ...world.deps,
      pipeline: (_tenant: string, id: string) => {
        if (id !== PIPELINE)
          return { ...world.port, claim: () => Promise.reject(new Error('gone for good')) };
        return ++stubs < 3 ? { ...world.port, claim: () => Promise.reject(new Error('reset')) } : world.port;
      },
    };
    const [good, bad] = [
      message(hint(nextStep(world))),
      message({ ...hint('st_x_1'), pipeline_id: 'pl_other' }),
    ];
    await handleStepBatch(batch(bad, good), deps);
    expect([good.acked, good.retried.length, bad.acked, bad.retried.length]).toEqual([1, 0, 0, 1]);
  });

  it('PIPE-8: a defect in the worker is reported as a failure to be retried, not thrown, and without its words', async () => {
    const world = spawned();
    const credentials = {
      ...world.deps.credentials,
      login: () => Promise.reject(new Error(`boom ${MODEL_KEY}`)),
    };
    const only = message(hint(nextStep(world)));
    await handleStepBatch(batch(only), { ...world.deps, credentials });
    expect(only.acked).toBe(1);
    expect(events(world, 'step_failed')).toMatchObject([
      { code: 'worker_error', cause: 'dependency', retry_at: expect.any(String) },
    ]);
    expect(JSON.stringify([world.rig.log, world.logged])).not.toContain(MODEL_KEY);
  });

  it('PIPE-8: dead letters are told to the pipeline and recorded once the object has them', async () => {
    const world = spawned();
    const step = nextStep(world);
    const [dead, junk] = [message(hint(step)), message('junk')];
    await handleDeadSteps({ queue: 'ags-steps-dead', messages: [dead, junk] }, world.deps);
    expect(events(world, 'step_dead_lettered')).toMatchObject([{ step_id: step }]);
    expect(world.logged).toContainEqual(expect.objectContaining({ step_id: step, queue: 'ags-steps-dead' }));
    expect(world.logged).toContainEqual(expect.objectContaining({ step_id: null, body: '"junk"' }));
    const later = message(hint(step));
    await handleDeadSteps(
      { queue: 'ags-steps-dead', messages: [later] },
      { ...world.deps, recordDeadLetter: () => Promise.reject(new Error('D1 is away')) },
    );
    expect([later.acked, later.retried.length]).toEqual([0, 1]);
  });
});

describe('heartbeats', () => {
  /** A model that streams one piece each time it is told to. */
  function slowModel(world: StepWorld) {
    let push = (_text: string): void => undefined;
    let opened = (): void => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    world.model = async () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            push = (text) => controller.enqueue(new TextEncoder().encode(text));
            opened();
          },
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      );
    const delta = (content: string) =>
      `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content } }] })}\n\n`;
    return { open, say: (text: string) => push(delta(text)), comment: () => push(': keep-alive\n\n') };
  }
  /** Polls; gives up after some seconds, so that a failure is one and not a hang. */
  const until = async (done: () => boolean) => {
    for (let n = 0; n < 3_000; n++) {
      if (done()) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error('it never came to that');
  };

  it('AGENT-4 ENF-2: a beat carries a note only when something new came; keep-alives are not new; a refused beat stops the call', async () => {
    const world = spawned();
    world.deps.clocks.heartbeat_ms = 4;
    while (!world.rig.ready('agent_turn')[0]) await world.deliver();
    const model = slowModel(world);
    world.beats.length = 0;
    let refuse = false;
    const completed: string[] = [];
    const deps = without(world, {
      heartbeat: async (_tenant, _step, _epoch, note) => {
        world.beats.push(note);
        return refuse ? { accepted: false, why: 'the gate is closed' } : { accepted: true };
      },
      complete: async (_tenant, step_id) => {
        completed.push(step_id);
        return { accepted: true };
      },
      fail: async (_tenant, step_id) => {
        completed.push(step_id);
        return { accepted: true };
      },
    });
    const only = message(hint(nextStep(world)));
    const working = handleStepBatch(batch(only), deps);
    await model.open;
    model.comment();
    await until(() => world.beats.length >= 3);
    expect(world.beats.every((note) => note === null)).toBe(true);
    model.say('{"sum');
    await until(() => world.beats.some((note) => note !== null));
    const [note] = world.beats.filter((beat) => beat !== null);
    expect(note).toBe('answering, 5 characters so far');
    const before = world.beats.length;
    model.comment();
    await until(() => world.beats.length >= before + 3);
    expect(world.beats.filter((beat) => beat !== null)).toHaveLength(1);
    refuse = true;
    await working;
    expect(only.acked).toBe(1);
    expect(completed).toEqual([]);
  });
});

describe('a worker that goes on', () => {
  it('PIPE-5, PIPE-8: one message carries a run to its end; the seats are worked on side by side', async () => {
    const world = spawned();
    world.rides = true;
    const only = message(hint(nextStep(world)));
    await handleStepBatch(batch(only), world.deps);
    expect(only.acked).toBe(1);
    expect(world.rig.state.outcome).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
    expect(world.rig.types().at(-1)).toBe('sealed');
    const turns = world.rig.log.filter((e) => {
      if (e.type !== 'step_claimed' && e.type !== 'step_completed') return false;
      const scheduled = world.rig.log.find(
        (other) => other.type === 'step_scheduled' && other.body.step_id === e.body.step_id,
      );
      const work = scheduled?.type === 'step_scheduled' ? scheduled.body.work : null;
      return (
        work?.kind === 'agent_bootstrap' && work.agent_id !== events(world, 'agent_spawned')[0]?.agent_id
      );
    });
    expect(turns.map((e) => e.type)).toEqual([
      'step_claimed',
      'step_claimed',
      'step_completed',
      'step_completed',
    ]);
  });

  it('PIPE-8, REC-6: where the object cannot be told of one step, the other is worked on all the same, and the message comes again', async () => {
    const world = spawned();
    world.rides = true;
    const { complete } = world.port;
    const roleOf = (stepId: string) => {
      const step = world.rig.state.steps[stepId];
      return step && world.rig.roleOf(step);
    };
    const deps = without(world, {
      complete: async (...args) => {
        if (roleOf(args[1]) === 'BETA') throw new Error('the object is away');
        return complete(...args);
      },
    });
    const only = message(hint(nextStep(world)));
    await handleStepBatch(batch(only), deps);
    expect([only.acked, only.retried.length]).toEqual([0, 1]);
    const spoken = events(world, 'turn_taken').map(({ seat }) => seat);
    expect(spoken).toEqual(['ALPHA']);
    const held = Object.values(world.rig.state.steps).filter((step) => step.status === 'claimed');
    expect(held.map((step) => world.rig.roleOf(step))).toEqual(['BETA']);
  });
});

describe('credentials', () => {
  it('CRED-1: the login is recorded under its short first lease, in the commit that ends its step', async () => {
    const world = spawned();
    await world.deliver();
    expect(world.desk.calls).toEqual(['login']);
    expect(events(world, 'credentials_recorded')).toMatchObject([{ accessor: 'pipeline-1' }]);
    const [token] = world.rig.state.tokens;
    expect(Date.parse(token?.expires_at ?? '') - world.rig.now).toBe(300_000);
  });

  it.each([
    ['credentials_login', 'pipeline-1'],
    ['agent_bootstrap', 'ag_'],
  ])('CRED-1 CRED-4: the token of a %s that goes on no record is revoked', async (kind, accessor) => {
    const world = spawned();
    while (world.rig.ready()[0]?.work.kind !== kind) await world.deliver();
    const deps = without(world, { complete: async () => ({ accepted: false, why: 'stale epoch' }) });
    const only = message(hint(nextStep(world)));
    await handleStepBatch(batch(only), deps);
    expect(world.desk.calls.at(-1)).toContain(`revoke ${accessor}`);
    expect(only.acked).toBe(1);
    expect(world.rig.state.tokens.filter((t) => t.accessor.startsWith(accessor))).toEqual([]);
  });

  it('CRED-1 PIPE-8: a worker that tells twice of the token it got is not told that it was refused', async () => {
    const world = spawned();
    const { complete } = world.port;
    const deps = without(world, {
      complete: async (...args) => {
        await complete(...args);
        return complete(...args);
      },
    });
    await handleStepBatch(batch(message(hint(nextStep(world)))), deps);
    expect(world.desk.calls).toEqual(['login']);
    expect(world.rig.state.tokens).toHaveLength(1);
  });

  it('PIPE-2: a silent Vault is retried with backoff, blamed on the dependency, and the run goes on when it is back', async () => {
    const world = spawned();
    world.desk.down = {
      kind: 'unavailable',
      retryable: true,
      message: 'Vault does not answer',
      retry_after_s: 2,
    };
    await world.deliver();
    expect(events(world, 'step_failed')).toMatchObject([
      { code: 'credentials_unavailable', cause: 'dependency' },
    ]);
    const [step] = world.rig.ready();
    expect(Date.parse(step?.ready_at ?? '') - world.rig.now).toBeGreaterThanOrEqual(2_000);
    world.desk.down = null;
    await world.run();
    expect(world.rig.state.outcome).toMatchObject({ exit_code: 0 });
  });

  it('AGENT-2 CRED-6: an agent whose token is dead reaches no model', async () => {
    const world = spawned();
    while (!world.rig.ready('agent_turn')[0]) await world.deliver();
    world.desk.alive.clear();
    await world.deliver();
    expect(world.prompts).toEqual([]);
    expect(events(world, 'step_failed')).toMatchObject([{ code: 'token_revoked', retry_at: null }]);
  });

  it('CRED-4: only what a lookup says is gone counts; the rest is tried again until it is', async () => {
    const world = spawned();
    while (world.desk.alive.size < 3) await world.deliver();
    const [stubborn] = [...world.desk.alive].filter((accessor) => accessor !== 'pipeline-1');
    world.desk.stubborn.add(String(stubborn));
    world.rig.when({ kind: 'cancel', reason: 'enough' });
    await world.deliver();
    const gone = () => events(world, 'token_confirmed_gone').map(({ accessor }) => accessor);
    expect(gone()).not.toContain(stubborn);
    expect(gone().length).toBeGreaterThanOrEqual(2);
    expect(world.rig.types()).not.toContain('sealed');
    await world.deliver();
    expect(events(world, 'step_failed').at(-1)).toMatchObject({
      code: 'revocation_unconfirmed',
      retry_at: expect.any(String),
    });
    world.desk.stubborn.clear();
    await world.run();
    expect(gone()).toContain(stubborn);
    expect(world.rig.types().at(-1)).toBe('sealed');
  });
});

describe('actions', () => {
  async function toAction(world: StepWorld) {
    while (!world.rig.ready('action')[0]) await world.deliver();
    return nextStep(world);
  }

  it('GOV-2: facts that changed between judging and admission are judged again', async () => {
    const world = spawned('encrypt-checkout-db');
    await toAction(world);
    const judged: number[] = [];
    const gate = {
      ...world.deps.gate,
      judge: (facts: Parameters<typeof world.deps.gate.judge>[0]) => {
        judged.push(facts.version);
        return world.deps.gate.judge(facts);
      },
    };
    const { admit } = world.port;
    let moved = false;
    const pipeline = () => ({
      ...world.port,
      admit: (tenant: string, asked: Parameters<typeof admit>[1]) => {
        const stale = moved ? asked : { ...asked, version: asked.version - 1 };
        moved = true;
        return admit(tenant, stale);
      },
    });
    await handleStepBatch(batch(message(hint(nextStep(world)))), { ...world.deps, gate, pipeline });
    expect(judged).toHaveLength(2);
    expect(events(world, 'action_finished').filter(({ status }) => status === 'succeeded')).toHaveLength(1);
  });

  it('GOV-2: what the object does not admit is not run', async () => {
    const world = spawned('encrypt-checkout-db');
    const step = await toAction(world);
    const read: string[][] = [];
    const deps = without(world, {
      admit: async () => ({ kind: 'stopped', why: 'the gate is closed' }),
      documents: async (_tenant, hashes) => {
        read.push(hashes);
        return {};
      },
    });
    const only = message(hint(step));
    await handleStepBatch(batch(only), deps);
    expect([only.acked, read]).toEqual([1, []]);
    expect(events(world, 'action_finished')).toEqual([]);
  });
});
