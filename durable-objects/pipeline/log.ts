import type { DomainError } from '#domain/errors.ts';
import { type ChainHead, chainEvents, EMPTY_CHAIN, SALT_DIGITS } from '#domain/ledger/chain.ts';
import { type Command, type Context, isoTime } from '#domain/pipeline/command.ts';
import { type Decision, decide } from '#domain/pipeline/decide.ts';
import { EVENT_VERSION, type PipelineEvent } from '#domain/pipeline/event.ts';
import { initialState, type PipelineState, replay, UnknownEventError } from '#domain/pipeline/evolve.ts';
import { err, type Result } from '#domain/result.ts';
import { wellFormed } from '#domain/well-formed.ts';
import { randomHex, sha256Hex } from '../shared/native-crypto.ts';
import type { PipelineStore } from './store.ts';

/**
 * The only way the pipeline changes (rule 2). Invariants:
 * L1. Between reading `state` and the end of the transaction nothing is awaited.
 * L2. `state` and `head` move only after the transaction has returned, so a throw inside leaves both as they were.
 */
export class PipelineLog {
  readonly #store: PipelineStore;
  readonly #transact: (body: () => void) => void;
  #state: PipelineState = initialState;
  #head: ChainHead = EMPTY_CHAIN;
  /** Set when the log holds an event that this code does not know (PIPE-7): nothing is decided any more. */
  #halted: string | null = null;

  constructor(store: PipelineStore, transact: (body: () => void) => void) {
    this.#store = store;
    this.#transact = transact;
  }

  load(): void {
    this.#head = EMPTY_CHAIN;
    try {
      let last: PipelineEvent | null = null;
      const seen = function* (events: Iterable<PipelineEvent>) {
        for (const event of events) {
          last = event;
          yield event;
        }
      };
      this.#state = replay(seen(this.#store.events(0)));
      if (last) this.#head = { seq: (last as PipelineEvent).seq, hash: (last as PipelineEvent).hash };
    } catch (error) {
      if (!(error instanceof UnknownEventError)) throw error;
      this.#halted = error.message;
    }
  }

  get state(): PipelineState {
    return this.#state;
  }

  get head(): ChainHead {
    return this.#head;
  }

  get halted(): DomainError | null {
    return this.#halted === null ? null : { code: 'halted', detail: this.#halted };
  }

  /** Decides and commits; `within` runs in the same transaction as the events. Returns what was committed. */
  commit(
    command: Command,
    actor: string,
    within: (decision: Decision) => void,
  ): Result<Decision & { committed: PipelineEvent[] }, DomainError> {
    const halted = this.halted;
    if (halted) return err(halted);
    const context: Context = { now: Date.now(), actor, random: Math.random() };
    // Models and tools are not asked for good manners: what cannot be hashed must not stop a step for good.
    const decided = decide(this.#state, wellFormed(command), context);
    if (!decided.ok) return decided;
    const { events } = decided.value;
    const salts = randomHex(events.length * SALT_DIGITS);
    const stamp = { at: isoTime(context.now), actor, v: EVENT_VERSION, salts };
    const committed = chainEvents(this.#head, events, stamp, sha256Hex);
    const last = committed.at(-1);
    if (last) {
      this.#transact(() => {
        this.#store.append(committed);
        within(decided.value);
      });
      this.#state = decided.value.state;
      this.#head = { seq: last.seq, hash: last.hash };
    }
    return { ok: true, value: { ...decided.value, committed } };
  }
}
