import type { Pipeline } from '#contract/pipeline.ts';
import type { DomainError } from '#domain/errors.ts';
import type { ChainHead } from '#domain/ledger/chain.ts';
import type { Command } from '#domain/pipeline/command.ts';
import type { Decision } from '#domain/pipeline/decide.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { PipelineState } from '#domain/pipeline/evolve.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { ObjectAlarm } from './alarm.ts';
import { ArchiveMark } from './archive.ts';
import { StepDispatch, type StepQueues } from './dispatch.ts';
import { HeardSteps } from './leases.ts';
import { PipelineLog } from './log.ts';
import { type OutboxEnv, PipelineOutbox } from './outbox.ts';
import { type RenewalQueue, RenewalRequests } from './renewals.ts';
import type { PipelineStore } from './store.ts';
import { PipelineViewers } from './viewers.ts';

export type PipelineEnv = StepQueues & OutboxEnv & RenewalQueue;

/** Who acts when the pipeline acts by itself. */
export const SUPERVISOR = 'system:supervisor';
/** After an error that should not happen the alarm tries again this much later (ms), instead of throwing (REC-6). */
const ALARM_RETRY = 5_000;

/**
 * What keeps a pipeline going: a command is committed, then published, then what it made due is sent; the alarm finds again what was not
 * (rules 2, 3 and 8).
 */
export class RunningPipeline {
  readonly alarm: ObjectAlarm;
  /** LEDG-5. */
  readonly archive: ArchiveMark;
  readonly dispatch: StepDispatch;
  readonly heard = new HeardSteps();
  readonly viewers: PipelineViewers;
  readonly #ctx: DurableObjectState;
  readonly #env: PipelineEnv;
  readonly #store: PipelineStore;
  readonly #log: PipelineLog;
  readonly #renewals: RenewalRequests;
  #outbox: PipelineOutbox | null = null;

  constructor(ctx: DurableObjectState, env: PipelineEnv, store: PipelineStore) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = store;
    this.alarm = new ObjectAlarm(ctx.storage);
    this.archive = new ArchiveMark(ctx.storage.sql);
    this.dispatch = new StepDispatch(env);
    this.viewers = new PipelineViewers(ctx);
    this.#log = new PipelineLog(store, (body) => ctx.storage.transactionSync(body));
    this.#renewals = new RenewalRequests(env);
  }

  /** An object that woke up. A pipeline that was never spawned keeps no storage: asking for a made-up id must not cost anything. */
  wake(): void {
    if (this.#store.isNew()) return;
    this.#store.migrate();
    this.archive.load();
    this.#log.load();
    this.#outbox = new PipelineOutbox(this.#env, this.#store);
    this.#ctx.blockConcurrencyWhile(() => this.alarm.load());
  }

  /** Storage for a pipeline that is spawned now; nothing when it has some. */
  begin(): void {
    if (this.#outbox) return;
    this.#store.migrate();
    this.#outbox = new PipelineOutbox(this.#env, this.#store, Date.now());
  }

  get state(): PipelineState {
    return this.#log.state;
  }

  get head(): ChainHead {
    return this.#log.head;
  }

  /** Nothing is due, here or towards anybody else. */
  get settled(): boolean {
    return this.#nextDue(this.state) === Number.POSITIVE_INFINITY;
  }

  /** The log was changed where it lies. */
  reload(): void {
    this.#log.load();
  }

  /** LEDG-2: the tenant's list shows the summary without what was erased. */
  async rewritten(pipeline: Pipeline, tenant: string): Promise<void> {
    await this.#outbox?.rewritten(pipeline, tenant);
  }

  /** Rule 7: the tenant is checked again here, whatever the object's name says. */
  find(tenant: string): Result<PipelineState, DomainError> {
    const { state, halted } = this.#log;
    if (halted) return err(halted);
    if (this.archive.removed?.tenant === tenant) return err(this.#archived());
    return state.spawned?.tenant === tenant ? ok(state) : err({ code: 'not_found', what: 'pipeline' });
  }

  #archived(): DomainError {
    const { removed } = this.archive;
    return {
      code: 'archived',
      pipeline_id: removed?.pipeline.pipeline_id ?? this.state.spawned?.pipeline_id ?? '',
      detail: removed
        ? 'The pipeline is older than its tenant keeps such here: its log lies in the archive.'
        : 'The pipeline is being archived: nothing is written to its log any more.',
    };
  }

  /** `within` runs in the same transaction as the events, when there are any. */
  commit(
    command: Command,
    actor: string,
    within: () => void = () => {},
  ): Result<Decision & { committed: PipelineEvent[] }, DomainError> {
    if (this.archive.frozen) return err(this.#archived());
    const done = this.#log.commit(command, actor, (decision) => {
      within();
      this.alarm.arm(this.#nextDue(decision.state));
    });
    if (done.ok && done.value.committed.length > 0) {
      this.viewers.publish(done.value.committed);
      this.#ctx.waitUntil(this.drain());
    }
    return done;
  }

  /** Lets the clocks that are due have their effect. */
  tick(): void {
    this.commit({ kind: 'tick', leases: this.#leases() }, SUPERVISOR);
  }

  /** Never throws. */
  async alarmFired(): Promise<void> {
    try {
      this.alarm.fired();
      if (this.archive.frozen) return;
      // Armed before anything is sent: a crash while sending must leave an alarm behind (rule 3).
      this.alarm.arm(Date.now() + ALARM_RETRY);
      this.tick();
      await this.drain();
      this.alarm.settle(this.#nextDue(this.state));
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', message: 'pipeline alarm', error: String(error) }));
      this.alarm.arm(Date.now() + ALARM_RETRY);
    }
  }

  /** The ledger has everything up to and including `seq`. */
  shipped(seq: number): void {
    this.#outbox?.shipped(seq);
    // The last thing that was waited for: an ended pipeline need not be woken once more to find that out.
    if (this.settled) this.alarm.settle(Number.POSITIVE_INFINITY);
  }

  /** Sends what is committed and not yet sent. Failures are found again by the alarm. */
  async drain(): Promise<void> {
    const { state } = this;
    const sent = await Promise.allSettled([
      this.dispatch.announce(state),
      this.#renewals.ask(state),
      this.#outbox?.drain(state),
    ]);
    for (const one of sent) {
      if (one.status === 'rejected') {
        console.error(JSON.stringify({ level: 'warn', message: 'outbox', error: String(one.reason) }));
      }
    }
    // Sending makes nothing due sooner, so an alarm that the commit has armed will do; it settles for the right time when it fires.
    if (this.alarm.armed) return;
    const due = this.#nextDue(this.state);
    if (Number.isFinite(due)) this.alarm.arm(due);
  }

  #leases() {
    const claimed = Object.values(this.state.steps).filter((s) => s.status === 'claimed');
    return this.heard.view(claimed.map((s) => s.step_id));
  }

  #nextDue(state: PipelineState): number {
    const clock = timers(state, this.#leases()).filter((t) => t.kind !== 'step_ready');
    const announced = this.dispatch.nextDue(state);
    // A step that is due now is announced right after the commit; the alarm is only its safety net.
    const safety = announced <= Date.now() ? Date.now() + ALARM_RETRY : announced;
    const outbox = this.#outbox?.nextDue(state) ?? Number.POSITIVE_INFINITY;
    const renewals = this.#renewals.nextDue(state);
    return Math.min(...clock.map((t) => t.at), safety, renewals, Math.max(outbox, Date.now() + 1_000));
  }
}
