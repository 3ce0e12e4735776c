import { Redis } from '@upstash/redis/cloudflare';
import { ok, type Result } from '#domain/result.ts';
import { type CredentialError, failure } from './errors.ts';
import type { SealedStore } from './store.ts';

const TIMEOUT_MS = 3_000;

/**
 * Upstash's REST API. The client's error texts quote the command with its values, so nothing of them is passed on. Auto-pipelining
 * is off: it would share one request's promise with another's in the same isolate.
 */
export function createUpstashStore(config: { url: string; token: string; timeout_ms?: number }): SealedStore {
  const redis = new Redis({
    url: config.url,
    token: config.token,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    retry: { retries: 1, backoff: () => 50 },
    // A function, so that each request has its own: with a plain signal the client gives the reason back as data.
    signal: () => AbortSignal.timeout(config.timeout_ms ?? TIMEOUT_MS),
  });

  async function guarded<T>(
    what: string,
    act: () => Promise<T | undefined>,
  ): Promise<Result<T, CredentialError>> {
    try {
      const value = await act();
      // `{}` or a page of HTML as JSON has no result: not an answer of Upstash.
      return value === undefined
        ? failure('store_unavailable', `the store's answer is not Upstash's; could not ${what}`)
        : ok(value);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : '';
      if (/^(WRONGPASS|NOAUTH|Unauthorized)/i.test(text)) {
        return failure('store_unavailable', `the store refuses its token; could not ${what}`, {
          retryable: false,
        });
      }
      return failure('store_unavailable', `the store does not answer as it should; could not ${what}`);
    }
  }

  return {
    async put(key, value, ttl_s) {
      const done = await guarded('keep a sealed token', () => redis.set(key, value, { ex: ttl_s }));
      if (!done.ok) return done;
      return done.value === 'OK'
        ? ok(undefined)
        : failure('store_unavailable', 'the store did not keep a sealed token');
    },
    async get(key) {
      const found = await guarded('read a sealed token', () => redis.get<unknown>(key));
      if (!found.ok) return found;
      return found.value === null || typeof found.value === 'string'
        ? ok(found.value)
        : failure(
            'store_unavailable',
            'the store gave something else than a text; could not read a sealed token',
          );
    },
    async delete(keys) {
      if (keys.length === 0) return ok(undefined);
      const done = await guarded('delete sealed tokens', () => redis.del(...keys));
      return done.ok ? ok(undefined) : done;
    },
  };
}
