import { readFileSync } from 'node:fs';
import { toPipeline } from '#contract/views.ts';
import type { Role } from '#domain/agents/roles.ts';
import { judgeUrl } from '#domain/governance/egress.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { assignmentFor, gateFacts } from '#domain/pipeline/assign.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { parsePlan } from '#domain/plan/index.ts';
import type { ModelChoice, ResolvedPlan } from '#domain/plan/plan.ts';
import { err, ok } from '#domain/result.ts';
import { StepBreakers } from '#objects/pipeline/breakers.ts';
import type { SpawnCommand, StepAck } from '#objects/pipeline/rpc.ts';
import { MemoryBreakers } from '#tests/support/breakers.ts';
import { type Asked, PERMIT, PIPELINE, Rig, TENANT } from '#tests/support/pipeline.ts';
import type { CredentialError } from '#workers/credentials/index.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { createGate } from '#workers/policy/index.ts';
import {
  CallsSeen,
  type CredentialsPort,
  handleStepBatch,
  type PipelinePort,
  type QueueMessage,
  type StepDeps,
  TOOL_RULES,
} from '#workers/steps/index.ts';

export const MODEL_KEY = 'embedded-model-key-0001';
export const MODEL_URL = 'http://model.test/v1';

/** A plan of this repository, resolved as a deployment with the embedded model would. */
export function samplePlan(name: string): ResolvedPlan {
  const folder = new URL(`../../plans/${name}/`, import.meta.url);
  const source = readFileSync(new URL('plan.yaml', folder), 'utf8');
  const named = [...source.matchAll(/file: ([\w.-]+)/g)].map(([, file = '']) => file);
  const files = Object.fromEntries(named.map((file) => [file, readFileSync(new URL(file, folder), 'utf8')]));
  const parsed = parsePlan(source, files, {
    inputs: {},
    defaults: {
      model: { provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_000 },
      providers: ['embedded'],
      prices: {},
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.plan;
}

export const everyRole = (choice: ModelChoice): Record<Role, ModelChoice> => ({
  PLANNER: choice,
  ALPHA: choice,
  BETA: choice,
  GAMMA: choice,
  DIAGNOSTIC: choice,
});

/** Tokens that live in memory: `dead` ones are refused, `down` makes every call fail. */
export class TokenDesk implements CredentialsPort {
  readonly alive = new Set<string>();
  readonly calls: string[] = [];
  /** Seconds, at the issue. */
  readonly leases = new Map<string, number>();
  down: CredentialError | null = null;
  /** Accessors that a revocation does not reach. */
  readonly stubborn = new Set<string>();
  #count = 0;

  #issue(what: string) {
    if (this.down) return err(this.down);
    const accessor = `${what}-${++this.#count}`;
    this.alive.add(accessor);
    const lease_s = what === 'pipeline' ? 300 : 7_200;
    this.leases.set(accessor, lease_s);
    return ok({ accessor, policies: [what], lease_s });
  }
  login: CredentialsPort['login'] = async () => {
    this.calls.push('login');
    return this.#issue('pipeline');
  };
  issueAgent: CredentialsPort['issueAgent'] = async ({ agent }) => {
    this.calls.push(`issue ${agent}`);
    return this.#issue(agent);
  };
  readSecret: CredentialsPort['readSecret'] = async ({ agent, path }) => {
    this.calls.push(`read ${path} as ${agent}`);
    if (this.down) return err(this.down);
    const holder = [...this.alive].some((accessor) => accessor.startsWith(`${agent}-`));
    if (!holder) return err({ kind: 'token_dead', retryable: false, message: 'the token no longer exists' });
    return ok({ api_key: MODEL_KEY });
  };
  revoke: CredentialsPort['revoke'] = async (accessor) => {
    this.calls.push(`revoke ${accessor}`);
    if (this.down) return err(this.down);
    if (!this.stubborn.has(accessor)) this.alive.delete(accessor);
    return ok(undefined);
  };
  lookup: CredentialsPort['lookup'] = async (accessor) => {
    if (this.down) return err(this.down);
    return ok(this.alive.has(accessor) ? { alive: true, ttl_s: 60, policies: [] } : { alive: false });
  };
  forget: CredentialsPort['forget'] = async ({ agents }) => {
    this.calls.push(`forget ${agents.length}`);
    return ok(undefined);
  };
}

export interface Delivery {
  acked: number;
  retried: number[];
}

export const message = (body: unknown): QueueMessage & Delivery => ({
  id: 'm1',
  body,
  attempts: 1,
  acked: 0,
  retried: [],
  ack() {
    this.acked++;
  },
  retry(options) {
    this.retried.push(options?.delaySeconds ?? 0);
  },
});

/**
 * The pure core as a pipeline object, tokens in memory, and the real consumer, prompts, gate, tools and model layer in between. The
 * model is the embedded one, or whatever `model` answers.
 */
export class StepWorld {
  readonly rig = new Rig();
  readonly desk = new TokenDesk();
  readonly texts: Record<string, string> = {};
  readonly logged: unknown[] = [];
  readonly beats: (string | null)[] = [];
  /** What every request to a model said. */
  readonly prompts: string[] = [];
  model: (request: Request) => Promise<Response> = (request) =>
    handleModel(request, { EMBEDDED_MODEL_KEY: MODEL_KEY });

  spawn(plan: ResolvedPlan, change: Partial<Extract<Command, { kind: 'spawn' }>> = {}): this {
    const { documents, ...rest } = plan;
    const refs = documents.map(({ text, ...ref }) => {
      const sha256 = sha256Hex(text);
      this.texts[sha256] = text;
      return { ...ref, sha256, bytes: text.length };
    });
    const command: Command = {
      kind: 'spawn',
      pipeline_id: PIPELINE,
      tenant: TENANT,
      project_id: 'prj_1',
      number: 1,
      plan: rest,
      documents: refs,
      mode: 'run',
      tier: plan.tier,
      auto_continue: true,
      request_sha256: 'a'.repeat(64),
      successor_of: null,
      fork: null,
      ...change,
    };
    const done = this.rig.when(command);
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return this;
  }

  #ack(command: Asked): StepAck {
    const done = this.rig.when(command, 'system:worker');
    return done.ok ? { accepted: true } : { accepted: false, why: JSON.stringify(done.error) };
  }

  /** Off, so that a test sees each step by itself; on, a worker goes on with what its step led to, as in the objects. */
  rides = false;
  /** OPS-1: off, so that a test sees what one step does by itself; on, as in the objects. */
  sharesBreakers = false;
  /** Of the tenant and of what all share. */
  readonly breakers = new MemoryBreakers(() => this.rig.now);
  readonly #ways = new StepBreakers(() => this.breakers);

  /** As `durable-objects/pipeline/object.ts` answers, over the same core. */
  readonly port: PipelinePort = {
    claim: async (_tenant, step_id, worker) => {
      const step = this.rig.state.steps[step_id];
      const permit = { ...PERMIT, troubled: this.sharesBreakers ? this.breakers.troubled : [] };
      const way = step
        ? await this.#ways.wayFor(this.rig.state, step_id, step.work, permit, 0)
        : { trouble: null, avoid: [], trying: [] };
      const ack = this.#ack({ kind: 'claim', step_id, worker, trouble: way.trouble });
      const held = this.rig.state.steps[step_id]?.status === 'claimed';
      if (!held) await this.#ways.ended(this.rig.state, step_id, []);
      const assignment = ack.accepted && held ? assignmentFor(this.rig.state, step_id, PERMIT) : null;
      return assignment
        ? { claimed: true, assignment: structuredClone({ ...assignment, ...way }) }
        : { claimed: false, why: 'refused' };
    },
    heartbeat: async (_tenant, step_id, epoch, note) => {
      this.beats.push(note);
      const step = this.rig.state.steps[step_id];
      return step?.status === 'claimed' && step.epoch === epoch
        ? { accepted: true }
        : { accepted: false, why: 'stale' };
    },
    admit: async (_tenant, admit) => {
      const done = this.rig.when({ kind: 'admit', ...admit }, 'system:supervisor');
      if (!done.ok) return { kind: 'stopped', why: JSON.stringify(done.error) };
      if (done.value.admission === 'run') return { kind: 'run' };
      const step = this.rig.state.steps[admit.step_id];
      const facts =
        step?.work.kind === 'action' ? gateFacts(this.rig.state, step.work.action_id, PERMIT) : null;
      return done.value.admission === 'judge_again' && facts
        ? { kind: 'judge_again', facts }
        : { kind: 'stopped', why: 'the gate refused' };
    },
    complete: async (_tenant, step_id, epoch, result, worker, seen = [], most = 1) => {
      if (this.sharesBreakers) await this.#ways.ended(this.rig.state, step_id, seen);
      const command = { kind: 'complete' as const, step_id, epoch, result: structuredClone(result) };
      if (!this.rides) return this.#ack(command);
      const done = this.rig.when({ ...command, worker: worker ?? null, most }, 'system:worker');
      if (!done.ok) return { accepted: false, why: JSON.stringify(done.error) };
      const [next = null, ...beside] = done.value.claimed.map((id) =>
        structuredClone(assignmentFor(this.rig.state, id, PERMIT)!),
      );
      return { accepted: true, next, beside };
    },
    fail: async (_tenant, step_id, epoch, error, seen = []) => {
      const work = this.rig.state.steps[step_id]?.work;
      const trouble =
        work && this.sharesBreakers ? await this.#ways.failed(this.rig.state, step_id, work, seen) : null;
      return this.#ack({ kind: 'fail', step_id, epoch, error, trouble });
    },
    deadLetter: async (_tenant, step_id, reason) => this.#ack({ kind: 'dead_letter', step_id, reason }),
    documents: async (_tenant, hashes) =>
      Object.fromEntries(
        hashes.flatMap((sha) => (this.texts[sha] === undefined ? [] : [[sha, this.texts[sha]]])),
      ),
  };

  /** What was spawned as the next attempt (REC-3). */
  readonly successors: SpawnCommand[] = [];
  readonly stored = new Map<string, string>();
  readonly deps: StepDeps = {
    seen: new CallsSeen(),
    context: {
      put: async (key, value) => {
        this.stored.set(key, value);
        return { ok: true, value: undefined };
      },
    },
    control: () => ({
      authorityOf: async () => 2,
      standing: async () => ({ tier: 2, identities: {}, suspended: [] }),
      admit: async ({ project_id }) => ({
        ok: true,
        value: {
          number: 2,
          project_id: project_id ?? 'prj_1',
          replayed: false,
          slice: { tokens: 0, cost_microusd: 0 },
        },
      }),
    }),
    spawn: () => ({
      spawn: async (command) => {
        this.successors.push(command);
        return { ok: true, value: { pipeline: toPipeline(this.rig.state), replayed: false } };
      },
    }),
    pipeline: () => this.port,
    credentials: this.desk,
    gate: createGate({ tools: TOOL_RULES, egress: { allow: [] } }),
    memory: { search: async () => [], read: async () => null },
    servers: {
      find: async () => null,
      observe: async () => {},
      mayReach: (url) => judgeUrl(url, { allow: [] }),
    },
    ledger: { query: async () => [] },
    notes: {
      memory: async ({ action_id }) => ({ id: `mem_${action_id}`, sha256: '' }),
      bug: async ({ action_id }) => ({ id: `bug_${action_id}` }),
      artifact: async () => null,
    },
    models: { baseUrls: { embedded: MODEL_URL, compatible: MODEL_URL }, prices: {} },
    httpAllow: [],
    fetch: async (input, init) => {
      const request = new Request(String(input), init as RequestInit);
      this.prompts.push(await request.clone().text());
      return this.model(request);
    },
    clocks: {
      heartbeat_ms: 5_000,
      now: () => this.rig.now,
      sleep: async () => undefined,
      random: () => 0.5,
    },
    recordDeadLetter: async (letter) => void this.logged.push(letter),
    log: (level, event, fields) => void this.logged.push({ level, event, ...fields }),
  };

  /** Delivers every step that is ready, once, as one batch. */
  async deliver(): Promise<(QueueMessage & Delivery)[]> {
    const at = new Date(this.rig.now).toISOString();
    const messages = this.rig
      .ready()
      .filter((step) => step.ready_at <= at)
      .map((step) => message({ tenant: TENANT, pipeline_id: PIPELINE, step_id: step.step_id }));
    await handleStepBatch({ queue: 'ags-steps-0', messages }, this.deps);
    return messages;
  }

  /** Until nothing is left to do; backoffs are waited for by moving the clock. */
  async run(limit = 200): Promise<this> {
    for (let n = 0; n < limit; n++) {
      const steps = this.rig.ready();
      if (steps.length === 0) return this;
      const next = Math.min(...steps.map((step) => Date.parse(step.ready_at)));
      if (next > this.rig.now) this.rig.now = next;
      await this.deliver();
    }
    throw new Error(`not done after ${limit} deliveries: ${this.rig.types().slice(-12).join(', ')}`);
  }
}
