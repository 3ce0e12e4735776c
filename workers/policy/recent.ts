/**
 * What was used last, up to a weight. Kept in two generations: when the younger has half of the weight, it becomes the older, and what has
 * not been used since then is given up. A single map in order of use would be simpler, but finding its first entry passes over all that were
 * deleted before it, which costs more than what is kept here.
 */
export class Recent<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #weight = 0;
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #givenUp: (value: V) => void;

  constructor(most: number, weigh: (value: V) => number = () => 1, givenUp: (value: V) => void = () => {}) {
    this.#most = most;
    this.#weigh = weigh;
    this.#givenUp = givenUp;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    this.#old.delete(key);
    const weight = this.#weigh(value);
    if (this.#weight + weight > this.#most / 2) {
      const forgotten = this.#old;
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
      for (const gone of forgotten.values()) this.#givenUp(gone);
    }
    this.#young.set(key, value);
    this.#weight += weight;
  }
}
