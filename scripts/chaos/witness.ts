import type { Client, Pipeline, PipelineEvent } from '#client/index.ts';
import { verifyChain } from '#domain/ledger/chain.ts';

/** Something that was acknowledged and is not there any more, or is not as it was. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

/** Remembers, outside of the system, what the system has said about its pipelines. */
export class Witness {
  /** By pipeline: the hashes of its events as they were shown, in order. */
  readonly #seen = new Map<string, string[]>();
  readonly ended = new Set<string>();

  get ids(): string[] {
    return [...this.#seen.keys()];
  }
  get live(): string[] {
    return this.ids.filter((id) => !this.ended.has(id));
  }
  get events(): number {
    return [...this.#seen.values()].reduce((sum, hashes) => sum + hashes.length, 0);
  }

  acknowledged(pipeline: Pick<Pipeline, 'pipeline_id'>): void {
    if (!this.#seen.has(pipeline.pipeline_id)) this.#seen.set(pipeline.pipeline_id, []);
  }

  /** Reads what is new of every live pipeline. */
  async look(client: Client): Promise<void> {
    await Promise.all(
      this.live.map(async (id) => {
        const hashes = this.#seen.get(id) ?? [];
        for await (const event of client.allEvents(id, hashes.length)) {
          if (event.seq === hashes.length + 1) hashes.push(event.hash);
          this.#wentOn(id, event);
          this.#follow(event);
          if (event.type === 'sealed') this.ended.add(id);
        }
      }),
    );
  }

  /** Everything is dead; who is live now has been interrupted, and who was still waiting to go on has been interrupted again. */
  killed(): void {
    this.interruptedAgain += this.#waiting.size;
    this.#waiting.clear();
    this.#killedAt = Date.now();
    for (const id of this.live) this.#waiting.add(id);
  }

  /** The system answers again. */
  answers(): void {
    this.#upAt = Date.now();
  }

  /** Time by the log's own clock, so that neither the looking nor the comparing counts as recovery. */
  #wentOn(id: string, event: PipelineEvent): void {
    const at = Date.parse(event.at);
    // What was committed before the kill and only seen afterwards is no sign of life.
    if (at <= this.#killedAt || !this.#waiting.delete(id)) return;
    this.resumed_ms.push(Math.max(0, at - this.#upAt));
  }
  readonly #waiting = new Set<string>();
  #killedAt = Number.POSITIVE_INFINITY;
  #upAt = 0;
  /** ms from the system's answer until an interrupted pipeline's next event, of every one that had time to. */
  readonly resumed_ms: number[] = [];
  interruptedAgain = 0;

  /** REC-3: the successor was promised in the same commit as the end. */
  #follow(event: PipelineEvent): void {
    const next = event.type === 'handoff_sealed' ? event.body.successor_id : null;
    if (typeof next === 'string') this.promised.add(next);
  }
  /** Successors that logs speak of; they are spawned a moment later. */
  readonly promised = new Set<string>();

  /** What was seen before must be the beginning of what is there now. Throws {@link Lost}. */
  async compare(client: Client, ids: readonly string[] = this.ids): Promise<void> {
    for (const id of ids) {
      const events: PipelineEvent[] = [];
      for await (const event of client.allEvents(id)) events.push(event);
      const check = verifyChain(events);
      if (!check.ok) throw new Lost(`${id}: event ${check.seq}: ${check.why}`);
      const hashes = this.#seen.get(id) ?? [];
      const wrong = hashes.findIndex((hash, n) => events[n]?.hash !== hash);
      if (wrong >= 0)
        throw new Lost(`${id}: event ${wrong + 1} of ${hashes.length} is not what was shown before`);
    }
  }
}
