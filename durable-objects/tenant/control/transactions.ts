import { err, type Result } from '#domain/result.ts';
import { once, type Repeat } from '../repeats.ts';
import type { ControlError } from '../rpc.ts';
import type { ControlStore } from '../store.ts';

const NO_TENANT: ControlError = { code: 'not_found', what: 'tenant' };
const UNKNOWN: ControlError = { code: 'unauthenticated', detail: 'The key is unknown, expired or revoked.' };

/** Every write happens inside one transaction, without an await between reading and committing. What is said while there is no tenant differs. */
export class Transactions {
  readonly #storage: DurableObjectStorage;
  /** null until the tenant exists: an object reached by a guessed name keeps no storage. */
  #store: ControlStore | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  begin(store: ControlStore): void {
    this.#store = store;
  }
  /** null: there is none. */
  get tenant(): string | null {
    return this.#store?.tenant ?? null;
  }

  store<T>(act: (store: ControlStore) => T, none: () => T): T {
    const store = this.#store;
    return store ? this.#storage.transactionSync(() => act(store)) : none();
  }
  result<T>(act: (store: ControlStore) => Result<T, ControlError>): Result<T, ControlError> {
    return this.store(act, () => err(NO_TENANT));
  }
  /** For whoever shows a key: an unknown tenant is an unknown key. */
  caller<T>(act: (store: ControlStore) => Result<T, ControlError>): Result<T, ControlError> {
    return this.store(act, () => err(UNKNOWN));
  }
  /** What makes something is made once under its Idempotency-Key. */
  once<T>(repeat: Repeat | null, act: (store: ControlStore) => Result<T, ControlError>) {
    return this.result((store) => once(store, repeat, () => act(store)));
  }
  /** Throws where there is no tenant. */
  require<T>(act: (store: ControlStore) => T): T {
    return this.store(act, () => {
      throw new Error('the tenant does not exist');
    });
  }
}
