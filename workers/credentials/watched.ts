import type { OnAnswer } from './contract.ts';
import type { CredentialError } from './errors.ts';
import type { SealedStore } from './store.ts';

/** OPS-1: the store, every answer of which is told. */
export function watched(store: SealedStore, onAnswer: OnAnswer): SealedStore {
  const tell = async <R extends { ok: true } | { ok: false; error: CredentialError }>(
    answer: Promise<R>,
  ): Promise<R> => {
    const found = await answer;
    onAnswer('redis', found.ok ? null : found.error);
    return found;
  };
  return {
    put: (key, value, ttl_s) => tell(store.put(key, value, ttl_s)),
    get: (key) => tell(store.get(key)),
    delete: (keys) => tell(store.delete(keys)),
  };
}
