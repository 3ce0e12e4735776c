/** Some 300 bytes each: a few megabytes of an isolate's 128. */
const MOST = 5_000;

/**
 * Sealed values that this isolate stored or read last, so that a pipeline's next step on it needs no call to the store. They stay
 * sealed: a copy in memory is worth no more to a thief than the store itself. Whoever uses one checks that it is still the right one.
 */
export class RecentlySealed {
  readonly #values = new Map<string, string>();

  keep(key: string, value: string): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MOST) break;
      this.#values.delete(oldest);
    }
  }

  find(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  drop(key: string): void {
    this.#values.delete(key);
  }
}
