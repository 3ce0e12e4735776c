import type { Pipeline } from '#contract/pipeline.ts';
import type { LedgerMessage } from '#contract/queue.ts';
import { toPipeline } from '#contract/views.ts';
import { identityRuns } from '#domain/pipeline/identity-runs.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { stepTally } from '#domain/pipeline/step-tally.ts';
import { type ControlRpc, controlObjectName, type FeedRpc, feedObjectName } from '../tenant/rpc.ts';
import type { PipelineStore } from './store.ts';

export interface OutboxEnv {
  LEDGER_QUEUE: Queue<LedgerMessage>;
  CONTROL: DurableObjectNamespace;
  FEED: DurableObjectNamespace;
}

/**
 * The ledger is told of new events at most this often while a pipeline runs (ms), and at once when it is sealed: a message is billed thrice,
 * and each piece is read, sequenced and confirmed for itself. A busy system, whose runs take longer, should not have more to do for each.
 */
const LEDGER_EVERY = 5_000;
/** The tenant's list is told at most this often (ms), and at once when the pipeline ends or waits; UI-2 asks for one second. */
const FEED_EVERY = 800;
/** An unanswered hint is repeated after this long, then twice as long, and so on (ms). */
const LEDGER_AGAIN = 15_000;

const holdsSlot = (state: PipelineState): boolean => state.outcome === null && state.failure === null;

/** PROM-1: an ended run whose agents have identities is told to the tenant, once. */
const reports = (state: PipelineState): boolean =>
  state.outcome !== null && state.spawned?.identities !== undefined;

/** Tells the world what was committed: the ledger, the tenant's list, and, at the end, the tenant's control object. */
export class PipelineOutbox {
  readonly #env: OutboxEnv;
  readonly #store: PipelineStore;
  #cursor: { shipped_seq: number; released: boolean };
  #hinted: { seq: number; at: number; times: number };
  #fed = { seq: 0, at: 0, label: '' };
  #reported: boolean;
  #latest: PipelineState | null = null;
  #feedLater: ReturnType<typeof setTimeout> | null = null;

  /** `began`: when the pipeline was spawned, if that is now (ms): most short runs then reach the ledger in one piece. */
  constructor(env: OutboxEnv, store: PipelineStore, began = 0) {
    this.#env = env;
    this.#hinted = { seq: 0, at: began, times: 0 };
    this.#store = store;
    this.#cursor = store.cursor();
    this.#reported = store.reported();
  }

  /** When something here is due; Infinity for never. */
  nextDue(state: PipelineState): number {
    const ledger = this.#ledgerDue(state);
    const slot = holdsSlot(state) === this.#cursor.released ? Date.now() + 1_000 : Number.POSITIVE_INFINITY;
    const report = reports(state) && !this.#reported ? Date.now() + 1_000 : Number.POSITIVE_INFINITY;
    return Math.min(ledger, slot, report);
  }

  #ledgerDue(state: PipelineState): number {
    if (state.seq <= this.#cursor.shipped_seq) return Number.POSITIVE_INFINITY;
    if (this.#hinted.seq >= state.seq)
      return this.#hinted.at + LEDGER_AGAIN * 2 ** Math.min(this.#hinted.times, 6);
    return state.sealed ? 0 : this.#hinted.at + LEDGER_EVERY;
  }

  shipped(seq: number): void {
    if (seq <= this.#cursor.shipped_seq) return;
    this.#cursor = { ...this.#cursor, shipped_seq: seq };
    this.#store.saveCursor(this.#cursor);
  }

  async drain(state: PipelineState): Promise<void> {
    if (!state.spawned) return;
    await Promise.all([
      this.#hintLedger(state),
      this.#feed(state),
      this.#holdSlot(state),
      this.#report(state),
    ]);
  }

  async #hintLedger(state: PipelineState): Promise<void> {
    if (!state.spawned || this.#ledgerDue(state) > Date.now()) return;
    const repeated = this.#hinted.seq === state.seq;
    this.#hinted = { seq: state.seq, at: Date.now(), times: repeated ? this.#hinted.times + 1 : 0 };
    const { tenant, pipeline_id } = state.spawned;
    await this.#env.LEDGER_QUEUE.send({ tenant, pipeline_id, seq: state.seq });
  }

  async #feed(state: PipelineState): Promise<void> {
    if (!state.spawned || state.seq <= this.#fed.seq) return;
    // UI-5: a violation is told at once, like an end and like what waits for a person.
    const label = `${state.outcome?.state} ${state.waiting_for} ${state.counts.violations}`;
    const wait = label === this.#fed.label ? this.#fed.at + FEED_EVERY - Date.now() : 0;
    if (wait > 0) {
      this.#latest = state;
      this.#feedLater ??= setTimeout(() => {
        this.#feedLater = null;
        if (this.#latest) this.#feed(this.#latest).catch(() => {});
      }, wait);
      return;
    }
    this.#fed = { seq: state.seq, at: Date.now(), label };
    try {
      const feed = this.#stub<FeedRpc>(this.#env.FEED, feedObjectName(state.spawned.tenant));
      await feed.update(toPipeline(state));
    } catch (error) {
      // Nothing later may come of a pipeline that has ended: the next drain, at the cron's poke at the latest, tells it again.
      if (this.#fed.seq === state.seq) this.#fed = { ...this.#fed, seq: 0, label: '' };
      throw error;
    }
  }

  /** LEDG-2: the list shows the summary without what was erased. What it has forgotten already stays so. */
  async rewritten(pipeline: Pipeline, tenant: string): Promise<void> {
    await this.#stub<FeedRpc>(this.#env.FEED, feedObjectName(tenant)).update(pipeline, true);
  }

  /** CONS-9: a pipeline that has ended, or waits for a fallback, holds no slot; one that runs again takes it back. */
  async #holdSlot(state: PipelineState): Promise<void> {
    if (!state.spawned || holdsSlot(state) !== this.#cursor.released) return;
    const control = this.#stub<ControlRpc>(this.#env.CONTROL, controlObjectName(state.spawned.tenant));
    const { pipeline_id } = state.spawned;
    const { tokens_in, tokens_out, cost_microusd } = state.usage;
    const released = !holdsSlot(state);
    const used = { tokens: tokens_in + tokens_out, cost_microusd };
    if (released) await control.release(pipeline_id, used, stepTally(state), this.#store.bytes());
    else await control.occupy(pipeline_id);
    this.#cursor = { ...this.#cursor, released };
    this.#store.saveCursor(this.#cursor);
  }

  async #report(state: PipelineState): Promise<void> {
    if (!state.spawned || this.#reported || !reports(state)) return;
    const runs = identityRuns(state);
    const control = this.#stub<ControlRpc>(this.#env.CONTROL, controlObjectName(state.spawned.tenant));
    if (runs.length > 0) await control.runEnded(runs);
    this.#reported = true;
    this.#store.saveReported();
  }

  #stub<Rpc>(namespace: DurableObjectNamespace, name: string): Rpc {
    return namespace.get(namespace.idFromName(name)) as unknown as Rpc;
  }
}
