/**
 * The object's one alarm (rule 8). Commits only ever move it earlier: an alarm that fires too soon finds nothing due and settles for
 * the next time, which costs less than writing each change (a `setAlarm` is a billed row).
 */
export class ObjectAlarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** After a wake-up it is unknown whether an alarm is set; reading is cheaper than guessing wrong. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Set for some time, and known to be. */
  get armed(): boolean {
    return typeof this.#at === 'number';
  }

  fired(): void {
    this.#at = null;
  }

  /** `due` in ms since the epoch. Never for now: a local alarm armed for the running millisecond is lost. */
  arm(due: number): void {
    const at = Math.max(Math.ceil(due), Date.now() + 1);
    if (this.#at !== null && this.#at !== undefined && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }

  /** What was due is done: the safety alarm gives way to the next time, Infinity for none, so that an ended pipeline sleeps for good. */
  settle(due: number): void {
    this.#at = null;
    if (Number.isFinite(due)) this.arm(due);
    else void this.#storage.deleteAlarm();
  }
}
