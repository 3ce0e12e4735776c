import { createMessageBatch, runDurableObjectAlarm } from 'cloudflare:test';
import { vi } from 'vitest';
import type { Env } from '#workers/config.ts';
import worker, { PipelineObject } from '#workers/main.ts';
import { consumeQueue } from '#workers/queues.ts';
import type { DrivenPipeline } from '../driven-pipeline.ts';
import { chance } from '../mutate.ts';
import { passes } from '../whole-worker.ts';

const { complete } = PipelineObject.prototype;

/** A worker goes on with what follows its step; here it never does, so that every step goes through the queues. */
function ridesEnd(): void {
  vi.spyOn(PipelineObject.prototype, 'complete').mockImplementation(function (this: PipelineObject, ...a) {
    return complete.call(this, a[0], a[1], a[2], a[3], null);
  });
}

interface Message {
  queue: string;
  body: unknown;
  /** Rounds until it comes. */
  wait: number;
}

/** How often each thing happens to a message, in percent. */
export interface Hostility {
  drop: number;
  repeat: number;
  delay: number;
  shuffle: boolean;
}
export const KIND: Hostility = { drop: 0, repeat: 0, delay: 0, shuffle: false };

const BATCH = 10;
/** Until what the objects have just sent has arrived, in ms of real time; the ledger’s queue waits a second for a batch to fill. */
const ARRIVAL = 30;
let batches = 0;

/**
 * The queues as nobody wants them: between the real ones, which objects send to, and the real consumers, messages are lost, come several
 * times, late and in another order. What a consumer gives back is lost too: whoever sent it has to notice.
 */
export class Queues {
  readonly #random: () => number;
  readonly #hostility: Hostility;
  #waiting: Message[] = [];
  readonly counts = { sent: 0, delivered: 0, dropped: 0, repeated: 0, delayed: 0, returned: 0 };
  env: Env;

  constructor(env: Env, hostility: Hostility, seed: number) {
    this.env = env;
    this.#hostility = hostility;
    this.#random = chance(seed);
    ridesEnd();
    vi.spyOn(worker, 'queue').mockImplementation(async (batch) => {
      for (const { body } of batch.messages) this.#take(batch.queue, body);
      batch.ackAll();
    });
  }

  #happens = (percent: number): boolean => this.#random() * 100 < percent;

  #take(queue: string, body: unknown): void {
    const { counts } = this;
    const { drop, repeat, delay } = this.#hostility;
    counts.sent += 1;
    if (this.#happens(drop)) {
      counts.dropped += 1;
      return;
    }
    const copies = this.#happens(repeat) ? 2 + Math.floor(this.#random() * 3) : 1;
    counts.repeated += copies - 1;
    for (let n = 0; n < copies; n++) {
      const late = this.#happens(delay);
      if (late) counts.delayed += 1;
      this.#waiting.push({ queue, body, wait: late ? 1 + Math.floor(this.#random() * 6) : 0 });
    }
  }

  #shuffled(messages: Message[]): Message[] {
    if (!this.#hostility.shuffle) return messages;
    return messages
      .map((message) => ({ message, at: this.#random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ message }) => message);
  }

  /** Whatever is due comes, side by side. Answers whether anything was. */
  async deliver(): Promise<boolean> {
    const due = this.#shuffled(this.#waiting.filter((m) => m.wait <= 0));
    this.#waiting = this.#waiting.filter((m) => m.wait > 0).map((m) => ({ ...m, wait: m.wait - 1 }));
    const groups = Map.groupBy(due, (m) => m.queue);
    const work = [...groups].flatMap(([queue, messages]) =>
      Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, n) =>
        this.#batch(queue, messages.slice(n * BATCH, (n + 1) * BATCH)),
      ),
    );
    await Promise.all(work);
    return due.length > 0 || this.#waiting.length > 0;
  }

  async #batch(queue: string, messages: Message[]): Promise<void> {
    this.counts.delivered += messages.length;
    batches += 1;
    const batch = createMessageBatch(
      queue,
      messages.map(({ body }, n) => ({ id: `m${batches}-${n}`, timestamp: new Date(), attempts: 1, body })),
    );
    for (const message of batch.messages)
      message.retry = () => {
        this.counts.returned += 1;
      };
    await consumeQueue(batch, this.env);
  }

  /** Delivers, and lets time pass when there is nothing to deliver, until `until` holds. */
  async run(pipelines: readonly DrivenPipeline[], until: () => Promise<boolean>, limit = 600): Promise<void> {
    for (let n = 0; n < limit; n++) {
      await new Promise((resolve) => setTimeout(resolve, ARRIVAL));
      if (await this.deliver()) continue;
      if (await until()) return;
      passes(5_000);
      for (const { object } of pipelines) await runDurableObjectAlarm(object);
    }
    throw new Error(`not over after ${limit} rounds: ${JSON.stringify(this.counts)}`);
  }
}
