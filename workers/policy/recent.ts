/** The values used last, up to a number of them; the one unused for longest gives way. */
export class Recent<V> {
  readonly #held = new Map<string, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: string): V | undefined {
    const value = this.#held.get(key);
    // A map remembers the order of insertion: what is used goes to its end.
    if (value !== undefined) {
      this.#held.delete(key);
      this.#held.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#held.delete(key);
    if (this.#held.size >= this.#most) this.drop();
    this.#held.set(key, value);
  }

  /** Takes out the one unused for longest. */
  drop(): V | undefined {
    const oldest = this.#held.entries().next();
    if (oldest.done) return undefined;
    this.#held.delete(oldest.value[0]);
    return oldest.value[1];
  }
}
