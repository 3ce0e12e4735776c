import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hashJson } from '#domain/ledger/canonical.ts';
import type { Result } from '#domain/result.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { keyedHash } from '#objects/tenant/index.ts';
import type { ControlError, Once, Repeat } from '#objects/tenant/rpc.ts';
import { type Asked, json } from './endpoint.ts';
import { PLATFORM_ACTOR } from './platform.ts';
import { ProblemError } from './problem.ts';
import { must } from './scope.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;

/** The request's Idempotency-Key; null without one. Refuses what could not be told apart later. */
export function idempotencyKey(request: Request): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === null || KEY.test(key)) return key;
  throw new ProblemError('validation_failed', 'The Idempotency-Key has 1 to 200 visible ASCII characters.', {
    field: 'Idempotency-Key',
  });
}

/** A request as it may come again: the same key means the same only from the same subject, to the same path. */
export function repeatOf(asked: Asked): Repeat | null {
  const { request, url, config, body, platform } = asked;
  const key = idempotencyKey(request);
  if (key === null) return null;
  const who = platform ? [PLATFORM_ACTOR] : [asked.caller.tenant, actorOf(asked.caller)];
  return {
    key: keyedHash(config.keyPepper, JSON.stringify(['repeat', who, request.method, url.pathname, key])),
    request_sha256: hashJson(body ?? null),
  };
}

/** For an id that derives from the request, so that it is the same when it comes again. */
export const bytesOf = ({ key }: Repeat): Uint8Array => sha256(utf8ToBytes(`id ${key}`)).slice(0, 13);

/** Of a request for several things, each under a key of its own. */
export const partOf = (repeat: Repeat | null, part: string): Repeat | null =>
  repeat && { ...repeat, key: `${repeat.key}/${part}` };

export const REPLAYED = { 'Idempotency-Replayed': 'true' } as const;

/** What was made, or was made before under the same key. */
export function made<T>(
  done: Result<Once<T>, ControlError>,
  shown: (value: T) => unknown = (v) => v,
): Response {
  const { value, replayed } = must(done);
  return json(201, shown(value), replayed ? REPLAYED : {});
}
