import { createMessageBatch, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { expect, vi } from 'vitest';
import { hashJson } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { CLOCKS } from '#domain/pipeline/rules.ts';
import { mayStart, type PipelineState, type StepState } from '#domain/pipeline/state.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import { controlObjectName } from '#objects/tenant/rpc.ts';
import { parseConfig } from '#workers/config.ts';
import { createStepDeps, handleStepBatch } from '#workers/steps/index.ts';
import { DrivenPipeline } from './driven-pipeline.ts';
import { proposal, report, silentTurn } from './pipeline.ts';
import { env } from './worker.ts';

const USAGE: Usage = {
  tokens_in: 100,
  tokens_out: 20,
  tokens_cached: 0,
  cost_microusd: 7,
  provider: 'compatible',
  model: 'scripted',
  latency_ms: 3,
};

class Crash extends Error {}

/** Its memory and everything that it has under way are gone; its storage is as it was committed. */
const destroy = (object: DurableObjectStub): Promise<void> =>
  runInDurableObject(object, (_, state) => state.abort('power cut')).catch(() => undefined);

/**
 * Works through a lineage as workers do, one call after another, and dies at one of them: the call has committed, its answer is never seen,
 * the objects' memory is gone, and so is every queue message (the tests take them all). Then others go on, with the time that has passed.
 */
export class LineageWalk {
  readonly tenant: string;
  readonly first: string;
  /** Calls that may have changed something. */
  calls = 0;
  #crashAt: number;
  /** What had been acknowledged when it died, by pipeline. */
  #acknowledged = new Map<string, string[]>();
  crashed: string | null = null;
  /** The worker of this moment is dead; others come after the power cut. */
  #dead = false;
  /** Sealed, without steps: nothing more comes of them. */
  readonly #over = new Set<string>();

  constructor(tenant: string, first: string, crashAt = Number.POSITIVE_INFINITY) {
    this.tenant = tenant;
    this.first = first;
    this.#crashAt = crashAt;
  }

  /** The call is made; whether its answer arrives is another matter. */
  async #call<T>(what: string, act: () => Promise<T>): Promise<T> {
    const answer = await act();
    this.calls += 1;
    if (this.calls === this.#crashAt) {
      this.crashed = what;
      this.#dead = true;
      throw new Crash(what);
    }
    return answer;
  }

  /** Every attempt that exists, the first one first. */
  async lineage(): Promise<DrivenPipeline[]> {
    const found: DrivenPipeline[] = [];
    for (let id: string | null = this.first; id !== null; ) {
      const pipeline: DrivenPipeline = new DrivenPipeline(this.tenant, id);
      const read = await pipeline.rpc.read(this.tenant);
      if (!read.ok) break;
      found.push(pipeline);
      id = read.value.successor_id;
    }
    return found;
  }

  /** Until nothing is left to do. Throws when that takes unreasonably long. */
  async toTheEnd(): Promise<void> {
    for (let turns = 0; turns < 600; turns++) {
      try {
        if (!(await this.#once())) return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        await this.#powerCut();
      }
    }
    const left = await Promise.all(
      (await this.lineage()).map(async (pipeline) => {
        const { state, waiting_for, sealed, steps } = await pipeline.state();
        return { id: pipeline.id, state, waiting_for, sealed, steps: Object.values(steps) };
      }),
    );
    throw new Error(
      `after ${this.crashed} it does not end at ${new Date().toISOString()}: ${JSON.stringify(left)}`,
    );
  }

  /** One step of one attempt, or time; false when all is over and sealed. */
  async #once(): Promise<boolean> {
    let waits = false;
    for (const pipeline of await this.lineage()) {
      if (this.#over.has(pipeline.id)) continue;
      const state = await pipeline.state();
      const steps = Object.values(state.steps);
      const now = new Date(Date.now()).toISOString();
      const next = steps.find((s) => s.status === 'ready' && s.ready_at <= now && mayStart(state, s));
      if (next) {
        await this.#work(pipeline, state, next);
        return true;
      }
      if (steps.length === 0 && state.sealed) this.#over.add(pipeline.id);
      else waits = true;
    }
    if (waits) await this.#pass(1_000);
    return waits;
  }

  async #pass(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
    for (const pipeline of await this.lineage()) await runDurableObjectAlarm(pipeline.object);
  }

  async #powerCut(): Promise<void> {
    this.#dead = false;
    const pipelines = await this.lineage();
    this.#over.clear();
    for (const pipeline of pipelines)
      this.#acknowledged.set(
        pipeline.id,
        (await pipeline.events()).map((e) => e.hash),
      );
    for (const { object } of pipelines) await destroy(object);
    await destroy(env.CONTROL.getByName(controlObjectName(this.tenant)));
    await this.#pass(CLOCKS.lease + CLOCKS.lease_grace);
  }

  async #work(pipeline: DrivenPipeline, state: PipelineState, step: StepState): Promise<void> {
    const { rpc, tenant } = pipeline;
    const { step_id, work } = step;
    if (work.kind === 'spawn_successor') return this.#consume(pipeline, step_id);
    const claim = await this.#call(`${work.kind}: claim`, () => rpc.claim(tenant, step_id, 'walker'));
    if (!claim.claimed) return this.#pass(1_000);
    const { epoch } = claim.assignment;
    const expires_at = new Date(Date.now() + 7_200_000).toISOString();
    const complete = (result: Parameters<typeof rpc.complete>[3]) =>
      this.#call(`${work.kind}: complete`, () => rpc.complete(tenant, step_id, epoch, result)).then(
        () => undefined,
      );
    switch (work.kind) {
      case 'credentials_login':
        return complete({
          kind: 'credentials_login',
          accessor: `acc-${step_id}-${epoch}`,
          policies: ['pipeline-agent'],
          expires_at,
        });
      case 'agent_bootstrap':
        return complete({
          kind: 'agent_bootstrap',
          accessor: `acc-${step_id}-${epoch}`,
          policies: ['agent-t1'],
          expires_at,
        });
      case 'agent_turn': {
        const role = state.agents[work.agent_id]?.role;
        if (role === 'PLANNER') return complete({ kind: 'planner_report', report: report(), usage: USAGE });
        const output =
          role === 'ALPHA' ? { ...silentTurn, proposal: proposal('half an answer') } : silentTurn;
        return complete({
          kind: 'turn',
          output: role === 'GAMMA' ? { ...output, taken: [] } : output,
          usage: USAGE,
        });
      }
      case 'synthesis':
        return complete({
          kind: 'turn',
          output: { ...silentTurn, proposal: proposal('what we have'), taken: [] },
          usage: USAGE,
        });
      case 'store_context':
        return complete({ kind: 'store_context', key: 'k', sha256: 'a'.repeat(64), ttl_s: 1 });
      case 'revoke':
        return complete({
          kind: 'revoke',
          gone: work.tokens.map(({ accessor }) => ({ accessor, how: 'lookup' as const })),
        });
      case 'action':
        throw new Error('nobody asked for an action');
    }
  }

  /** The step with effects in two other objects is worked on by the real consumer. */
  async #consume(pipeline: DrivenPipeline, step_id: string): Promise<void> {
    const deps = createStepDeps(env, parseConfig(env), {} as never, {} as never);
    const call = <T>(what: string, act: () => Promise<T>) => this.#call(`spawn_successor: ${what}`, act);
    const object = pipelineStub(env.PIPELINE, pipeline.tenant, pipeline.id);
    /** Nothing comes from a worker that is dead. */
    const alive = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
      if (this.#dead) throw new Crash(what);
      return call(what, act);
    };
    const body = { tenant: pipeline.tenant, pipeline_id: pipeline.id, step_id };
    const batch = createMessageBatch('ags-steps-0', [
      { id: step_id, timestamp: Date.now(), attempts: 1, body },
    ]);
    await handleStepBatch(batch, {
      ...deps,
      clocks: { ...deps.clocks, sleep: async () => undefined },
      control: (tenant) => {
        const control = controlStub(env.CONTROL, tenant);
        return {
          authorityOf: (...a) => control.authorityOf(...a),
          standing: (...a) => control.standing(...a),
          admit: (...a) => alive('admit', () => control.admit(...a)),
        };
      },
      spawn: (tenant, id) => {
        const successor = pipelineStub(env.PIPELINE, tenant, id);
        return { spawn: (...a) => alive('spawn', () => successor.spawn(...a)) };
      },
      pipeline: () => ({
        claim: (...a) => alive('claim', () => object.claim(...a)),
        heartbeat: (...a) => object.heartbeat(...a),
        admit: (...a) => object.admit(...a),
        complete: (...a) => alive('complete', () => object.complete(...a)),
        fail: (...a) => alive('fail', () => object.fail(...a)),
        deadLetter: (...a) => object.deadLetter(...a),
        documents: (...a) => object.documents(...a),
      }),
    });
    if (this.#dead) throw new Crash('the consumer');
  }

  /** REC-2, REC-3, CRED-4, TEN-1 of a lineage that used up its attempts. */
  async expectWhole(): Promise<void> {
    const logs: PipelineEvent[][] = [];
    const pipelines = await this.lineage();
    for (const pipeline of pipelines) {
      const events = await pipeline.events();
      logs.push(events);
      expect(verifyChain(events)).toEqual({ ok: true, count: events.length });
      const before = this.#acknowledged.get(pipeline.id) ?? [];
      expect(events.slice(0, before.length).map((e) => e.hash)).toEqual(before);
      expect(events.filter((e) => e.type === 'pipeline_spawned')).toHaveLength(1);
      const state = await pipeline.state();
      expect(state.sealed).toBe(true);
      expect(state.tokens.every((t) => t.confirmed_at !== null)).toBe(true);
      expect(Object.keys(state.steps)).toEqual([]);
    }
    const shown = await Promise.all(pipelines.map((p) => p.rpc.read(this.tenant)));
    expect(shown.map((s) => s.ok && [s.value.attempt, s.value.exit_code, s.value.reason])).toEqual([
      [1, 3, expect.any(String)],
      [2, 3, expect.any(String)],
      [3, 1, 'recovery_exhausted'],
    ]);
    for (const [n, log] of logs.entries()) {
      const sealed = log.filter((e) => e.type === 'handoff_sealed');
      expect(sealed).toHaveLength(1);
      expect(hashJson(sealed[0]!.body.handoff)).toBe(sealed[0]!.body.sha256);
      expect(sealed[0]!.body.successor_id).toBe(pipelines[n + 1]?.id ?? null);
      if (n === 0) continue;
      const earlier = logs[n - 1]!.find((e) => e.type === 'handoff_sealed');
      const loaded = log.filter((e) => e.type === 'handoff_loaded');
      expect(loaded.map((e) => e.body.sha256)).toEqual([earlier?.body.sha256]);
      const line = log.find((e) => e.type === 'log_written');
      expect(line?.body.message).toBe(`Resuming from ${pipelines[n - 1]!.id} handoff`);
      // REC-3: a successor has GAMMA from the start.
      expect(log.some((e) => e.type === 'agent_spawned' && e.body.role === 'GAMMA')).toBe(true);
    }
    const control = controlStub(env.CONTROL, this.tenant);
    expect(await control.livePipelines()).toEqual([]);
    expect(shown.map((s) => s.ok && s.value.number)).toEqual([1, 2, 3]);
  }
}
