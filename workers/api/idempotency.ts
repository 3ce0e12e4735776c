import { ProblemError } from './problem.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;

/** The request's Idempotency-Key; null without one. Refuses what could not be told apart later. */
export function idempotencyKey(request: Request): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === null || KEY.test(key)) return key;
  throw new ProblemError('validation_failed', 'The Idempotency-Key has 1 to 200 visible ASCII characters.', {
    field: 'Idempotency-Key',
  });
}
