import * as z from 'zod';
import { BREAKER_STATES } from '#domain/governance/breaker.ts';
import { Time } from './primitives.ts';

/** OPS-1: a circuit breaker as it stands. Those that are closed and have seen no failure lately are not listed. */
export const BreakerView = z
  .object({
    name: z.string().describe('`vault`, `redis`, or `model:provider/model`'),
    state: z.enum(BREAKER_STATES),
    /** In the window that ends now; of an open one 0. */
    failures: z.int(),
    opened_at: Time.nullable(),
    /** When a probe may be made; null while closed. */
    retry_at: Time.nullable(),
    last_error: z.object({ code: z.string(), message: z.string(), at: Time }).nullable(),
  })
  .meta({ id: 'Breaker' });
export type BreakerView = z.infer<typeof BreakerView>;
