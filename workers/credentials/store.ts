import type { Result } from '#domain/result.ts';
import type { CredentialError } from './errors.ts';
import { createRedisStore } from './store-redis.ts';
import { createUpstashStore } from './store-upstash.ts';

export type StoreConfig = { kind: 'upstash'; url: string; token: string } | { kind: 'redis'; url: string };

/** Where sealed tokens lie. Every failure is `store_unavailable`; an absent key is null. */
export interface SealedStore {
  /** `ttl_s`: whole seconds, at least 1. */
  put(key: string, value: string, ttl_s: number): Promise<Result<void, CredentialError>>;
  get(key: string): Promise<Result<string | null, CredentialError>>;
  delete(keys: string[]): Promise<Result<void, CredentialError>>;
}

export function createStore(config: StoreConfig): SealedStore {
  return config.kind === 'upstash' ? createUpstashStore(config) : createRedisStore(config);
}
