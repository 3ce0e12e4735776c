import { DurableObject } from 'cloudflare:workers';
import { toConsensus, toOrchestration, toPipeline, toTokenStatus } from '#contract/views.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Kill } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { Admit, StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { ReportedOutcome } from '#domain/pipeline/command.ts';
import type { PipelineState } from '#domain/pipeline/evolve.ts';
import { dueForRenewal, type Renewals } from '#domain/pipeline/renewal.ts';
import { ok, type Result } from '#domain/result.ts';
import type { Observation } from '../tenant/breakers.ts';
import { GrantsFromAbove } from './above.ts';
import { PipelineKeeping } from './keeping.ts';
import { OutsideDoor } from './outside.ts';
import { PipelinePast } from './past.ts';
import type {
  AskOfAgent,
  Erase,
  Judgement,
  OperatorCommand,
  PipelineRpc,
  Registration,
  SpawnCommand,
  StepAck,
} from './rpc.ts';
import { type PipelineEnv, RunningPipeline, SUPERVISOR } from './running.ts';
import { StepDesk } from './step-desk.ts';
import { PipelineStore } from './store.ts';
import { PipelineSwitches } from './switches.ts';

/** A pipeline (PIPE-7): rehydrate, decide, commit, publish. The rules are in `domain/`; this shell only hands on what it is asked. */
export class PipelineObject extends DurableObject<PipelineEnv> implements PipelineRpc {
  readonly #store = new PipelineStore(this.ctx.storage.sql);
  readonly #pipeline = new RunningPipeline(this.ctx, this.env, this.#store);
  readonly #above = new GrantsFromAbove(this.env, () => this.#pipeline.state);
  readonly #desk = new StepDesk(this.#pipeline, this.#above);
  readonly #outside = new OutsideDoor(this.#pipeline, this.#above);
  readonly #switches = new PipelineSwitches(this.#pipeline, this.#above);
  readonly #past = new PipelinePast(this.#store);
  readonly #keeping = new PipelineKeeping(this.ctx.storage, this.#store, this.#pipeline);

  constructor(ctx: DurableObjectState, env: PipelineEnv) {
    super(ctx, env);
    this.#pipeline.wake();
  }

  async spawn({ plan, actor, slice, ...rest }: SpawnCommand) {
    const { documents, ...planWithoutTexts } = plan;
    const texts = documents.map((d) => ({ ...d, sha256: sha256Hex(d.text) }));
    // Its number was given out once (PIPE-9): the same spawn again is answered as ever.
    const { removed } = this.#pipeline.archive;
    if (removed) return ok({ pipeline: removed.pipeline, replayed: true });
    this.#pipeline.begin();
    this.#above.begin(slice);
    const done = this.#pipeline.commit(
      {
        kind: 'spawn',
        ...rest,
        plan: planWithoutTexts,
        documents: texts.map(({ name, sha256, media_type, origin, text }) => ({
          ...{ name, sha256, media_type, origin },
          bytes: new TextEncoder().encode(text).length,
        })),
      },
      actor,
      () => {
        for (const { sha256, text } of texts) this.#store.saveDocument(sha256, text);
      },
    );
    if (!done.ok) return done;
    const replayed = done.value.committed.length === 0;
    return ok({ pipeline: replayed ? this.#past.spawned() : toPipeline(this.#pipeline.state), replayed });
  }

  async read(tenant: string) {
    const { removed } = this.#pipeline.archive;
    if (removed?.tenant === tenant) return ok(removed.pipeline);
    return this.#view(tenant, toPipeline);
  }
  async orchestration(tenant: string, at: number | null) {
    if (at === null) return this.#view(tenant, toOrchestration);
    const found = this.#pipeline.find(tenant);
    return found.ok ? this.#past.orchestration(found.value, at) : found;
  }
  async events(tenant: string, since: number, limit: number) {
    return this.#view(tenant, () => [...this.#store.events(since, limit)]);
  }
  async tokenStatus(tenant: string) {
    return this.#view(tenant, toTokenStatus);
  }
  async consensus(tenant: string) {
    return this.#view(tenant, toConsensus);
  }
  async forkSource(tenant: string, at: number) {
    const found = this.#pipeline.find(tenant);
    return found.ok ? this.#past.forkSource(found.value, at) : found;
  }
  async documents(tenant: string, sha256: string[]) {
    return this.#pipeline.find(tenant).ok ? this.#past.documents(sha256) : {};
  }

  async beginArchive(tenant: string, before: number) {
    return this.#keeping.beginArchive(tenant, before);
  }
  async removeArchived(tenant: string, archive: { events: number; head_hash: string }) {
    return this.#keeping.removeArchived(tenant, archive);
  }
  async erasable(tenant: string, seqs: number[], documents: string[]) {
    return this.#keeping.erasable(tenant, seqs, documents);
  }
  async erase(tenant: string, what: Erase) {
    return this.#keeping.erase(tenant, what);
  }

  async operate(tenant: string, actor: string, command: OperatorCommand) {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    // Before the commit, which announces what is due.
    if (command.kind === 'redrive') this.#pipeline.dispatch.forget(command.step_id);
    const done = this.#pipeline.commit(command, actor);
    if (!done.ok) return done;
    const { state } = this.#pipeline;
    return ok({ pipeline: toPipeline(state), seq: state.seq, at: state.updated_at });
  }

  async registerAgent(tenant: string, actor: string, a: Registration) {
    return this.#outside.register(tenant, actor, a);
  }
  async agentSession(tenant: string, session_hash: string, over = false) {
    return this.#outside.session(tenant, session_hash, over);
  }
  async askAction(tenant: string, a: AskOfAgent) {
    return this.#outside.ask(tenant, a);
  }
  async judgeAction(tenant: string, a: Judgement) {
    return this.#outside.judge(tenant, a);
  }
  async lookAtAction(tenant: string, agent_id: string | null, action_id: string) {
    return this.#outside.look(tenant, agent_id, action_id);
  }
  async reportOutcome(tenant: string, agent_id: string, action_id: string, outcome: ReportedOutcome) {
    return this.#outside.report(tenant, agent_id, action_id, outcome);
  }

  async claim(tenant: string, step_id: string, worker: string) {
    return this.#desk.claim(tenant, step_id, worker);
  }
  async heartbeat(tenant: string, step_id: string, epoch: number, progress: string | null) {
    return this.#desk.heartbeat(tenant, step_id, epoch, progress);
  }
  async admit(tenant: string, admit: Admit) {
    return this.#desk.admit(tenant, admit);
  }
  async complete(
    tenant: string,
    step_id: string,
    epoch: number,
    result: StepResult,
    worker: string | null = null,
    seen: Observation[] = [],
    most = 1,
  ) {
    // Nobody waits for what breakers make of it (OPS-1).
    if (this.#pipeline.find(tenant).ok) this.ctx.waitUntil(this.#above.ended(step_id, seen));
    return this.#desk.complete(tenant, step_id, epoch, result, worker, most);
  }
  async fail(tenant: string, step_id: string, epoch: number, error: StepError, seen: Observation[] = []) {
    return this.#desk.fail(tenant, step_id, epoch, error, seen);
  }
  async deadLetter(tenant: string, step_id: string, reason: string) {
    return this.#desk.command(tenant, { kind: 'dead_letter', step_id, reason });
  }

  async renewalsDue(tenant: string): Promise<{ accessor: string }[]> {
    const found = this.#pipeline.find(tenant);
    return found.ok ? dueForRenewal(found.value, Date.now()).map(({ accessor }) => ({ accessor })) : [];
  }
  async recordRenewals(tenant: string, renewals: Renewals): Promise<StepAck> {
    if (!this.#pipeline.find(tenant).ok) return { accepted: false, why: 'there is no such pipeline' };
    const done = this.#pipeline.commit({ kind: 'record_renewals', ...renewals }, SUPERVISOR);
    return done.ok ? { accepted: true } : { accepted: false, why: done.error.code };
  }
  async shipped(tenant: string, seq: number) {
    if (this.#pipeline.find(tenant).ok) this.#pipeline.shipped(seq);
  }

  async kill(tenant: string, kill: Kill) {
    return this.#switches.kill(tenant, kill);
  }
  async recallPermit(tenant: string) {
    if (this.#pipeline.find(tenant).ok) this.#above.recall();
  }
  async throwSwitch(tenant: string, actor: string, agent_id: string | null, reason: string) {
    return this.#switches.throw(tenant, actor, agent_id, reason);
  }

  async poke(tenant: string): Promise<{ live: boolean }> {
    if (!this.#pipeline.find(tenant).ok) return { live: false };
    await this.#switches.lookAbove(tenant);
    this.#pipeline.tick();
    await this.#pipeline.drain();
    return { live: this.#pipeline.state.outcome === null };
  }

  override async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const found = this.#pipeline.find(query.get('tenant') ?? '');
    if (!found.ok) return new Response(null, { status: 404 });
    const since = Math.max(0, Number(query.get('since') ?? 0) || 0);
    return this.#pipeline.viewers.open(request, this.#store.events(since), found.value.seq);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 are never sent; they say that the other side gave no code.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override async alarm(): Promise<void> {
    await this.#pipeline.alarmFired();
  }

  #view<T>(tenant: string, show: (state: PipelineState) => T): Result<T, DomainError> {
    const found = this.#pipeline.find(tenant);
    return found.ok ? ok(show(found.value)) : found;
  }
}
