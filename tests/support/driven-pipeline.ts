import { runInDurableObject } from 'cloudflare:test';
import { vi } from 'vitest';
import type { LedgerMessage, StepMessage } from '#contract/queue.ts';
import type { TurnOutput } from '#domain/agents/output.ts';
import type { Role, Seat } from '#domain/agents/roles.ts';
import type { Assignment, StepResult } from '#domain/pipeline/assignment.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { type PipelineState, replay } from '#domain/pipeline/evolve.ts';
import type { StepState } from '#domain/pipeline/state.ts';
import { pipelineObjectName, type SpawnCommand } from '#objects/pipeline/rpc.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import worker from '#workers/main.ts';
import { proposal, report, silentTurn, spawnCommand, vote } from './pipeline.ts';
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

/** Takes the queues' messages away from their consumers, so that only the test works on steps; says what was sent. */
export function listenToQueues(): { steps: StepMessage[]; ledger: LedgerMessage[] } {
  const heard = { steps: [] as StepMessage[], ledger: [] as LedgerMessage[] };
  vi.spyOn(worker, 'queue').mockImplementation(async (batch) => {
    for (const { body } of batch.messages) {
      if (batch.queue === 'ags-ledger') heard.ledger.push(body as LedgerMessage);
      else heard.steps.push(body as StepMessage);
    }
    batch.ackAll();
  });
  return heard;
}

/** Runs with other bindings in the pipeline objects; those of one isolate share them. */
export async function withBindings(
  pipeline: DrivenPipeline,
  other: (name: string) => object | null,
  run: () => Promise<void>,
): Promise<void> {
  const bindings = await runInDurableObject(
    pipeline.object,
    (object) => (object as unknown as { env: Record<string, object> }).env,
  );
  const before = { ...bindings };
  for (const name of Object.keys(before)) bindings[name] = other(name) ?? (before[name] as object);
  try {
    await run();
  } finally {
    Object.assign(bindings, before);
  }
}

let made = 0;

/** A spawn of its own id, as the API would send it to the object. */
export function spawnOf(tenant: string, change: Partial<SpawnCommand> = {}): SpawnCommand {
  const {
    kind: _kind,
    documents: _none,
    plan,
    ...rest
  } = spawnCommand() as Extract<ReturnType<typeof spawnCommand>, { kind: 'spawn' }>;
  made += 1;
  return {
    ...rest,
    tenant,
    pipeline_id: `pl_driven${String(made).padStart(4, '0')}`,
    plan: { ...plan, documents: [] },
    // Drawn when it is needed, as by an object that woke up.
    slice: { tokens: 0, cost_microusd: 0 },
    actor: 'person:ps_1',
    ...change,
  };
}

/** A pipeline object driven over its RPC as workers drive it; what models and Vault would answer, the test says. */
export class DrivenPipeline {
  readonly tenant: string;
  readonly id: string;

  constructor(tenant: string, id: string) {
    this.tenant = tenant;
    this.id = id;
  }

  static async spawn(tenant: string, change: Partial<SpawnCommand> = {}): Promise<DrivenPipeline> {
    const command = spawnOf(tenant, change);
    // Without its tenant a pipeline gets no permit (ENF-6); one that is there already stays as it is.
    await controlStub(env.CONTROL, tenant).createTenant({ tenant, name: tenant });
    const driven = new DrivenPipeline(tenant, command.pipeline_id);
    const done = await driven.rpc.spawn(command);
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return driven;
  }

  get rpc() {
    return pipelineStub(env.PIPELINE, this.tenant, this.id);
  }

  /** For `runInDurableObject` and its kin. */
  get object(): DurableObjectStub {
    return env.PIPELINE.getByName(pipelineObjectName(this.tenant, this.id));
  }

  async events(): Promise<PipelineEvent[]> {
    const read = await this.rpc.events(this.tenant, 0, 10_000);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    return read.value;
  }

  async state(): Promise<PipelineState> {
    return replay(await this.events());
  }

  async ready(kind?: StepState['work']['kind']): Promise<StepState[]> {
    const { steps } = await this.state();
    return Object.values(steps).filter((s) => s.status === 'ready' && (!kind || s.work.kind === kind));
  }

  /** The only ready step of a kind; throws when there is none or another. */
  async step(kind: StepState['work']['kind']): Promise<StepState> {
    const [step, ...more] = await this.ready(kind);
    if (!step || more.length > 0)
      throw new Error(`${more.length + (step ? 1 : 0)} ready steps of kind ${kind}`);
    return step;
  }

  async claim(step_id: string, workerName = 'w1'): Promise<Assignment> {
    const claimed = await this.rpc.claim(this.tenant, step_id, workerName);
    if (!claimed.claimed) throw new Error(`${step_id}: ${claimed.why}`);
    return claimed.assignment;
  }

  async finish(step_id: string, result: StepResult): Promise<void> {
    const { epoch } = await this.claim(step_id);
    const ack = await this.rpc.complete(this.tenant, step_id, epoch, result);
    if (!ack.accepted) throw new Error(`${step_id}: ${ack.why}`);
  }

  #expiry = (): string => new Date(Date.now() + 7_200_000).toISOString();

  async login(): Promise<this> {
    const { step_id } = await this.step('credentials_login');
    const login = { accessor: `acc-${step_id}`, policies: ['pipeline-agent'], expires_at: this.#expiry() };
    await this.finish(step_id, { kind: 'credentials_login', ...login });
    return this;
  }

  /** Every agent that waits for its token gets one. */
  async bootstrap(): Promise<this> {
    for (const { step_id } of await this.ready('agent_bootstrap')) {
      await this.finish(step_id, {
        kind: 'agent_bootstrap',
        accessor: `acc-${step_id}`,
        policies: ['agent-acme-t1'],
        expires_at: this.#expiry(),
      });
    }
    return this;
  }

  async plan(): Promise<this> {
    await this.bootstrap();
    const { step_id } = await this.step('agent_turn');
    await this.finish(step_id, { kind: 'planner_report', report: report(), usage: USAGE });
    return this;
  }

  /** From the spawn to the first round, both seats able to speak. */
  async toRoundOne(): Promise<this> {
    return (await (await this.login()).plan()).bootstrap();
  }

  async turnOf(role: Role): Promise<StepState> {
    const { steps, agents } = await this.state();
    const turn = Object.values(steps).find(
      (s) => s.status === 'ready' && s.work.kind === 'agent_turn' && agents[s.work.agent_id]?.role === role,
    );
    if (!turn) throw new Error(`${role} has no ready turn`);
    return turn;
  }

  async speak(seat: Seat, output: Partial<TurnOutput> = {}): Promise<this> {
    const full = { ...silentTurn, ...output };
    const { step_id } = await this.turnOf(seat);
    await this.finish(step_id, {
      kind: 'turn',
      output: seat === 'GAMMA' ? { ...full, taken: [] } : full,
      usage: USAGE,
    });
    return this;
  }

  /** The model answers a turn by asking for a tool. */
  async callTool(step_id: string, tool: string): Promise<void> {
    const calls = [{ call_id: 'c1', tool, arguments: {}, target: '' }];
    await this.finish(step_id, { kind: 'tool_calls', calls, usage: USAGE });
  }

  /** The latest proposal of a seat; throws when it wrote none. */
  async proposalOf(seat: Seat): Promise<{ proposal_id: string; revision: number }> {
    const found = (await this.state()).proposals.findLast((p) => p.author === seat);
    if (!found) throw new Error(`${seat} has written no proposal`);
    return found;
  }

  /** ALPHA proposes, BETA approves: COMPLETED, its tokens being revoked. */
  async toConsensus(): Promise<this> {
    await this.toRoundOne();
    await this.speak('ALPHA', { proposal: proposal('go ahead') });
    await this.speak('BETA');
    const { proposal_id, revision } = await this.proposalOf('ALPHA');
    await this.speak('ALPHA');
    return this.speak('BETA', { votes: [vote(proposal_id, revision, 'approve')] });
  }

  /** ALPHA proposes, BETA rejects until GAMMA has been called and has had its say, and nothing passes. */
  async toConsensusFailure(): Promise<this> {
    await this.toRoundOne();
    await this.speak('ALPHA', { proposal: proposal('x') });
    await this.speak('BETA');
    const { proposal_id, revision } = await this.proposalOf('ALPHA');
    for (let n = 0; n < 20; n++) {
      await this.bootstrap();
      const { failure, round } = await this.state();
      if (failure) return this;
      for (const seat of round?.electorate ?? []) {
        const rejects = seat === 'BETA' ? { votes: [vote(proposal_id, revision, 'reject')] } : {};
        const turn = await this.turnOf(seat).catch(() => null);
        if (turn) await this.speak(seat, rejects);
      }
    }
    throw new Error('consensus did not fail');
  }

  /** Everything that is being revoked is confirmed gone. */
  async revokeAll(): Promise<this> {
    for (const { step_id, work } of await this.ready('revoke')) {
      if (work.kind !== 'revoke') continue;
      const gone = work.tokens.map(({ accessor }) => ({ accessor, how: 'lookup' as const }));
      await this.finish(step_id, { kind: 'revoke', gone });
    }
    return this;
  }
}
