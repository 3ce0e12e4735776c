import { DurableObject } from 'cloudflare:workers';
import type { ConsensusView, Orchestration, Pipeline, TokenStatusView } from '#contract/pipeline.ts';
import { toConsensus, toOrchestration, toPipeline, toTokenStatus } from '#contract/views.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Kill, Permit } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { assignmentFor, gateFacts } from '#domain/pipeline/assign.ts';
import type { Admission, Admit, Assignment, StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { Command, ReportedOutcome, TenantSlice } from '#domain/pipeline/command.ts';
import { needsPermit } from '#domain/pipeline/decide/kill.ts';
import { needFor } from '#domain/pipeline/decide/reserve.ts';
import type { Decision } from '#domain/pipeline/decide.ts';
import type { ForkSeed, PipelineEvent } from '#domain/pipeline/event.ts';
import { type PipelineState, replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { type InFlightAction, inFlight } from '#domain/pipeline/in-flight.ts';
import { dueForRenewal, type Renewals } from '#domain/pipeline/renewal.ts';
import type { PipelineMode } from '#domain/pipeline/states.ts';
import { timers } from '#domain/pipeline/timers.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { controlStub } from '../shared/stubs.ts';
import { ObjectAlarm } from './alarm.ts';
import { StepDispatch, type StepQueues } from './dispatch.ts';
import { HeardSteps } from './leases.ts';
import { PipelineLog } from './log.ts';
import { type OutboxEnv, PipelineOutbox } from './outbox.ts';
import { OutsideDoor } from './outside.ts';
import { HeldPermit } from './permit.ts';
import { type RenewalQueue, RenewalRequests } from './renewals.ts';
import type {
  AskOfAgent,
  ClaimResult,
  Judgement,
  OperatorCommand,
  PipelineRpc,
  Registration,
  SpawnCommand,
  StepAck,
} from './rpc.ts';
import { DrawnSlice } from './slice.ts';
import { PipelineStore } from './store.ts';
import { PipelineViewers } from './viewers.ts';

type PipelineEnv = StepQueues & OutboxEnv & RenewalQueue;
const SUPERVISOR = 'system:supervisor';
/** After an error that should not happen the alarm tries again this much later (ms), instead of throwing (REC-6). */
const ALARM_RETRY = 5_000;
/** ENF-6: without a permit a step is announced again after this time (ms). */
const NO_PERMIT_RETRY = 5_000;

/** A pipeline (PIPE-7): rehydrate, decide, commit, publish. The rules are in `domain/`; this shell only moves them. */
export class PipelineObject extends DurableObject<PipelineEnv> implements PipelineRpc {
  readonly #store = new PipelineStore(this.ctx.storage.sql);
  readonly #log = new PipelineLog(this.#store, (body) => this.ctx.storage.transactionSync(body));
  readonly #alarm = new ObjectAlarm(this.ctx.storage);
  readonly #heard = new HeardSteps();
  readonly #dispatch = new StepDispatch(this.env);
  readonly #permit = new HeldPermit();
  readonly #renewals = new RenewalRequests(this.env);
  readonly #slice = new DrawnSlice();
  readonly #viewers = new PipelineViewers(this.ctx);
  readonly #outside = new OutsideDoor({
    find: (tenant) => this.#find(tenant),
    state: () => this.#log.state,
    commit: (command, actor) => this.#commit(command, actor),
    permit: () => this.#permitNow(),
  });
  #outbox: PipelineOutbox | null = null;

  constructor(ctx: DurableObjectState, env: PipelineEnv) {
    super(ctx, env);
    // A pipeline that was never spawned keeps no storage: asking for a made-up id must not cost anything.
    if (this.#store.isNew()) return;
    this.#store.migrate();
    this.#log.load();
    this.#outbox = new PipelineOutbox(env, this.#store);
    ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  async spawn(
    command: SpawnCommand,
  ): Promise<Result<{ pipeline: Pipeline; replayed: boolean }, DomainError>> {
    const { plan, actor, ...rest } = command;
    const { documents, ...planWithoutTexts } = plan;
    const texts = documents.map((d) => ({ ...d, sha256: sha256Hex(d.text) }));
    if (!this.#outbox) {
      this.#store.migrate();
      this.#outbox = new PipelineOutbox(this.env, this.#store, Date.now());
    }
    const done = this.#commit(
      {
        kind: 'spawn',
        ...rest,
        plan: planWithoutTexts,
        documents: texts.map(({ name, sha256, media_type, origin, text }) => ({
          name,
          sha256,
          media_type,
          origin,
          bytes: new TextEncoder().encode(text).length,
        })),
      },
      actor,
      () => {
        for (const { sha256, text } of texts) this.#store.saveDocument(sha256, text);
      },
    );
    return done.ok
      ? ok({ pipeline: toPipeline(this.#log.state), replayed: done.value.committed.length === 0 })
      : done;
  }

  async read(tenant: string): Promise<Result<Pipeline, DomainError>> {
    return this.#view(tenant, toPipeline);
  }

  async orchestration(tenant: string, at: number | null): Promise<Result<Orchestration, DomainError>> {
    if (at === null) return this.#view(tenant, toOrchestration);
    const found = this.#find(tenant);
    if (!found.ok) return found;
    if (at > found.value.seq)
      return err({ code: 'not_found', what: `event ${at}; the newest is ${found.value.seq}` });
    return ok(toOrchestration(replay(this.#store.events(0, at))));
  }

  async events(tenant: string, since: number, limit: number): Promise<Result<PipelineEvent[], DomainError>> {
    return this.#view(tenant, () => [...this.#store.events(since, limit)]);
  }

  async tokenStatus(tenant: string): Promise<Result<TokenStatusView, DomainError>> {
    return this.#view(tenant, toTokenStatus);
  }

  async consensus(tenant: string): Promise<Result<ConsensusView, DomainError>> {
    return this.#view(tenant, toConsensus);
  }

  async forkSource(
    tenant: string,
    at: number,
  ): Promise<
    Result<{ plan: ResolvedPlan; project_id: string; mode: PipelineMode; seed: ForkSeed }, DomainError>
  > {
    const found = this.#find(tenant);
    if (!found.ok) return found;
    if (at < 1 || at > found.value.seq) {
      return err({ code: 'not_found', what: `event ${at}; the newest is ${found.value.seq}` });
    }
    const stopped = found.value.kills.find(
      (k) => k.scope !== 'agent' && k.lifted_at === null && k.id === found.value.spawned?.pipeline_id,
    );
    if (stopped)
      return err({
        code: 'killed',
        kill_id: stopped.kill_id,
        detail: `A kill switch stands on the pipeline: ${stopped.reason}`,
      });
    const past = [...this.#store.events(0, at)];
    const source = forkSource(replay(past), past.at(-1)?.hash ?? '');
    if (!source) return err({ code: 'not_found', what: `event ${at}` });
    const { plan, documents, ...rest } = source;
    const texts = documents.flatMap(({ sha256, bytes: _bytes, ...d }) => {
      const text = this.#store.document(sha256);
      return text === null ? [] : [{ ...d, text }];
    });
    return ok({ ...rest, plan: { ...plan, documents: texts } });
  }

  async documents(tenant: string, sha256: string[]): Promise<Record<string, string>> {
    if (!this.#find(tenant).ok) return {};
    return Object.fromEntries(
      sha256.flatMap((sha) => {
        const text = this.#store.document(sha);
        return text === null ? [] : [[sha, text]];
      }),
    );
  }

  async operate(
    tenant: string,
    actor: string,
    command: OperatorCommand,
  ): Promise<Result<{ pipeline: Pipeline; seq: number; at: string }, DomainError>> {
    const found = this.#find(tenant);
    if (!found.ok) return found;
    // Before the commit, which announces what is due.
    if (command.kind === 'redrive') this.#dispatch.forget(command.step_id);
    const done = this.#commit(command, actor);
    if (!done.ok) return done;
    const { state } = this.#log;
    return ok({ pipeline: toPipeline(state), seq: state.seq, at: state.updated_at });
  }

  async registerAgent(tenant: string, actor: string, a: Registration) {
    return this.#outside.register(tenant, actor, a);
  }
  async agentSession(tenant: string, session_hash: string) {
    return this.#outside.session(tenant, session_hash);
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

  async claim(tenant: string, step_id: string, worker: string): Promise<ClaimResult> {
    const step = this.#find(tenant).ok ? this.#log.state.steps[step_id] : undefined;
    const asks = step?.status === 'ready' && needsPermit(step.work.kind);
    const permit = asks ? await this.#permitNow() : null;
    const slice = step?.status === 'ready' ? await this.#sliceFor(step_id) : this.#slice.held;
    if (asks && !(permit && slice)) {
      // Nobody above can be asked: the step stays ready and is announced again soon.
      this.#dispatch.postpone(step, Date.now() + NO_PERMIT_RETRY);
      this.#alarm.arm(Date.now() + NO_PERMIT_RETRY);
    }
    const ack = this.#stepCommand(tenant, {
      ...{ kind: 'claim', step_id, worker, permit: slice && permit },
      slice: slice ?? undefined,
    });
    if (!ack.accepted) return { claimed: false, why: ack.why };
    // A claim that would exceed a limit ends the pipeline instead.
    const held = this.#log.state.steps[step_id]?.status === 'claimed';
    const assignment = held ? assignmentFor(this.#log.state, step_id, permit) : null;
    return assignment ? { claimed: true, assignment } : { claimed: false, why: 'the step is gone' };
  }

  async heartbeat(tenant: string, step_id: string, epoch: number, progress: string | null): Promise<StepAck> {
    const step = this.#find(tenant).ok ? this.#log.state.steps[step_id] : undefined;
    if (step?.status !== 'claimed' || step.epoch !== epoch) {
      return { accepted: false, why: 'the step is no longer held under this epoch' };
    }
    const note = this.#heard.hear(step_id, progress !== null);
    return note && progress !== null
      ? this.#stepCommand(tenant, { kind: 'progress', step_id, epoch, note: progress })
      : { accepted: true };
  }

  async renewalsDue(tenant: string): Promise<{ accessor: string }[]> {
    const found = this.#find(tenant);
    return found.ok ? dueForRenewal(found.value, Date.now()).map(({ accessor }) => ({ accessor })) : [];
  }

  async recordRenewals(tenant: string, renewals: Renewals): Promise<StepAck> {
    if (!this.#find(tenant).ok) return { accepted: false, why: 'there is no such pipeline' };
    const done = this.#commit({ kind: 'record_renewals', ...renewals }, SUPERVISOR);
    return done.ok ? { accepted: true } : { accepted: false, why: done.error.code };
  }

  async admit(tenant: string, admit: Admit): Promise<Admission> {
    const found = this.#find(tenant);
    if (!found.ok) return { kind: 'stopped', why: 'there is no such pipeline' };
    const permit = await this.#permitNow();
    const done = this.#commit({ kind: 'admit', ...admit, permit }, SUPERVISOR);
    if (!done.ok)
      return { kind: 'stopped', why: 'detail' in done.error ? done.error.detail : done.error.code };
    const { admission } = done.value;
    if (admission === 'run' || admission === 'no_permit') return { kind: admission };
    if (admission !== 'judge_again') return { kind: 'stopped', why: 'the gate refused' };
    const step = this.#log.state.steps[admit.step_id];
    const facts =
      step?.work.kind === 'action' ? gateFacts(this.#log.state, step.work.action_id, permit) : null;
    return facts ? { kind: 'judge_again', facts } : { kind: 'stopped', why: 'the action is gone' };
  }

  async complete(
    tenant: string,
    step_id: string,
    epoch: number,
    result: StepResult,
    worker: string | null = null,
  ): Promise<StepAck & { next?: Assignment | null }> {
    const permit = worker !== null && this.#find(tenant).ok ? await this.#permitNow() : null;
    const slice = this.#slice.held;
    const done = this.#stepDecision(tenant, {
      kind: 'complete',
      step_id,
      epoch,
      result,
      worker,
      permit,
      slice,
    });
    if (!done.ok) return { accepted: false, why: done.error };
    const { claimed } = done.value;
    const next = claimed === null ? null : assignmentFor(this.#log.state, claimed, permit);
    return next ? { accepted: true, next } : { accepted: true };
  }

  async fail(tenant: string, step_id: string, epoch: number, error: StepError): Promise<StepAck> {
    return this.#stepCommand(tenant, { kind: 'fail', step_id, epoch, error });
  }

  async deadLetter(tenant: string, step_id: string, reason: string): Promise<StepAck> {
    return this.#stepCommand(tenant, { kind: 'dead_letter', step_id, reason });
  }

  async shipped(tenant: string, seq: number): Promise<void> {
    const found = this.#find(tenant);
    if (!found.ok) return;
    this.#outbox?.shipped(seq);
    // The last thing that was waited for: an ended pipeline need not be woken once more to find that out.
    if (this.#nextDue(found.value) === Number.POSITIVE_INFINITY) this.#alarm.settle(Number.POSITIVE_INFINITY);
  }

  async kill(tenant: string, kill: Kill): Promise<{ in_flight: InFlightAction[] }> {
    this.#permit.drop();
    if (!this.#find(tenant).ok) return { in_flight: [] };
    this.#commit({ kind: 'kill', kill, agent_id: null, reason: kill.reason }, SUPERVISOR);
    return { in_flight: inFlight(this.#log.state) };
  }

  async recallPermit(tenant: string): Promise<void> {
    if (this.#find(tenant).ok) this.#permit.drop();
  }

  async throwSwitch(
    tenant: string,
    actor: string,
    agent_id: string | null,
    reason: string,
  ): Promise<Result<{ kill: Kill; project_id: string; in_flight: InFlightAction[] }, DomainError>> {
    const found = this.#find(tenant);
    if (!found.ok) return found;
    const done = this.#commit({ kind: 'kill', kill: null, agent_id, reason }, actor);
    if (!done.ok) return done;
    const { state } = this.#log;
    const thrown = state.kills.findLast((k) => k.scope === (agent_id ? 'agent' : 'pipeline'));
    if (!thrown) return err({ code: 'not_found', what: 'kill switch' });
    const { kill_id, scope, id, by, at } = thrown;
    const in_flight = inFlight(state).filter((a) => agent_id === null || a.agent_id === agent_id);
    const project_id = state.spawned?.project_id ?? '';
    return ok({ kill: { kill_id, scope, id, reason: thrown.reason, by, at }, project_id, in_flight });
  }

  async poke(tenant: string): Promise<{ live: boolean }> {
    if (!this.#find(tenant).ok) return { live: false };
    // A switch whose push was lost reaches a pipeline that does nothing by itself here (ENF-6).
    const permit = this.#log.state.outcome === null ? await this.#permitNow() : null;
    if (permit?.killed) await this.kill(tenant, permit.killed);
    this.#tick();
    await this.#drain();
    return { live: this.#log.state.outcome === null };
  }

  override async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const found = this.#find(query.get('tenant') ?? '');
    if (!found.ok) return new Response(null, { status: 404 });
    const since = Math.max(0, Number(query.get('since') ?? 0) || 0);
    return this.#viewers.open(request, this.#store.events(since), found.value.seq);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 are never sent; they say that the other side gave no code.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override async alarm(): Promise<void> {
    try {
      this.#alarm.fired();
      // Armed before anything is sent: a crash while sending must leave an alarm behind (rule 3).
      this.#alarm.arm(Date.now() + ALARM_RETRY);
      this.#tick();
      await this.#drain();
      this.#alarm.settle(this.#nextDue(this.#log.state));
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', message: 'pipeline alarm', error: String(error) }));
      this.#alarm.arm(Date.now() + ALARM_RETRY);
    }
  }

  #find(tenant: string): Result<PipelineState, DomainError> {
    const { state, halted } = this.#log;
    if (halted) return err(halted);
    return state.spawned?.tenant === tenant ? ok(state) : err({ code: 'not_found', what: 'pipeline' });
  }

  #view<T>(tenant: string, show: (state: PipelineState) => T): Result<T, DomainError> {
    const found = this.#find(tenant);
    return found.ok ? ok(show(found.value)) : found;
  }

  #stepCommand(tenant: string, command: Command & { step_id: string }): StepAck {
    const done = this.#stepDecision(tenant, command);
    return done.ok ? { accepted: true } : { accepted: false, why: done.error };
  }

  #stepDecision(tenant: string, command: Command & { step_id: string }): Result<Decision, string> {
    const found = this.#find(tenant);
    if (!found.ok) return err('there is no such pipeline');
    const work = found.value.steps[command.step_id]?.work;
    const actor = work && 'agent_id' in work ? `agent:${work.agent_id}` : SUPERVISOR;
    const done = this.#commit(command, actor);
    if (done.ok) return done;
    return err('detail' in done.error ? done.error.detail : done.error.code);
  }

  /** ENF-6: asked for before a transaction, never in one. */
  async #permitNow(): Promise<Permit | null> {
    const { spawned } = this.#log.state;
    if (!spawned) return null;
    return this.#permit.current(() => controlStub(this.env.CONTROL, spawned.tenant), spawned.project_id);
  }

  /** PIPE-11: of the tenant's month as much as this step's calls could use; drawn before the transaction. */
  async #sliceFor(step_id: string): Promise<TenantSlice | null> {
    const { spawned } = this.#log.state;
    if (!spawned) return null;
    return this.#slice.cover(
      () => controlStub(this.env.CONTROL, spawned.tenant),
      spawned.pipeline_id,
      () => {
        const step = this.#log.state.steps[step_id];
        return step ? needFor(this.#log.state, step.work) : null;
      },
    );
  }

  #tick(): void {
    this.#commit({ kind: 'tick', leases: this.#leases() }, SUPERVISOR);
  }

  #leases() {
    const claimed = Object.values(this.#log.state.steps).filter((s) => s.status === 'claimed');
    return this.#heard.view(claimed.map((s) => s.step_id));
  }

  #commit(
    command: Command,
    actor: string,
    within: () => void = () => {},
  ): Result<Decision & { committed: PipelineEvent[] }, DomainError> {
    const done = this.#log.commit(command, actor, (decision) => {
      within();
      this.#alarm.arm(this.#nextDue(decision.state));
    });
    if (done.ok && done.value.committed.length > 0) {
      this.#viewers.publish(done.value.committed);
      this.ctx.waitUntil(this.#drain());
    }
    return done;
  }

  #nextDue(state: PipelineState): number {
    const clock = timers(state, this.#leases()).filter((t) => t.kind !== 'step_ready');
    const announced = this.#dispatch.nextDue(state);
    // A step that is due now is announced right after the commit; the alarm is only its safety net.
    const safety = announced <= Date.now() ? Date.now() + ALARM_RETRY : announced;
    const outbox = this.#outbox?.nextDue(state) ?? Number.POSITIVE_INFINITY;
    const renewals = this.#renewals.nextDue(state);
    return Math.min(...clock.map((t) => t.at), safety, renewals, Math.max(outbox, Date.now() + 1_000));
  }

  /** Sends what is committed and not yet sent. Failures are found again by the alarm. */
  async #drain(): Promise<void> {
    const { state } = this.#log;
    const sent = await Promise.allSettled([
      this.#dispatch.announce(state),
      this.#renewals.ask(state),
      this.#outbox?.drain(state),
    ]);
    for (const one of sent) {
      if (one.status === 'rejected') {
        console.error(JSON.stringify({ level: 'warn', message: 'outbox', error: String(one.reason) }));
      }
    }
    const due = this.#nextDue(this.#log.state);
    if (Number.isFinite(due)) this.#alarm.arm(due);
  }
}
