import * as z from 'zod';

/** How a service may be told to misbehave, so that each state in CRED-6 and REL-3 can be shown. */
export const faultSchema = z.strictObject({
  mode: z.enum(['none', 'error', 'slow', 'garbage', 'throttle', 'standby']),
  /** HTTP status of `error`. */
  status: z.int().min(400).max(599).default(500),
  /** Delay of `slow`, and `Retry-After` of `throttle` in whole seconds. */
  delay_ms: z.int().min(0).max(60_000).default(1_000),
  /** Only paths that begin with this; empty means all. */
  path_prefix: z.string().max(200).default(''),
});
export type Fault = z.infer<typeof faultSchema>;

export const controlSchema = z.discriminatedUnion('control', [
  z.strictObject({
    control: z.literal('clock'),
    advance_ms: z
      .int()
      .min(0)
      .max(10 * 365 * 86_400_000),
  }),
  z.strictObject({ control: z.literal('fault'), service: z.enum(['vault', 'redis']), fault: faultSchema }),
]);

/** Applies a fault; null means: answer as usual. `throttled` is the service's own wording of a 429. */
export async function applyFault(
  fault: Fault,
  path: string,
  throttled: () => Response,
): Promise<Response | null> {
  if (fault.mode === 'none' || !path.startsWith(fault.path_prefix)) return null;
  switch (fault.mode) {
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.delay_ms));
      return null;
    case 'error':
      return new Response('upstream connect error', { status: fault.status });
    case 'garbage':
      return new Response('<html>it works</html>', { headers: { 'content-type': 'text/html' } });
    case 'throttle': {
      const response = throttled();
      response.headers.set('retry-after', String(Math.ceil(fault.delay_ms / 1_000)));
      return response;
    }
    case 'standby':
      return null;
  }
}

export const NO_FAULT: Fault = { mode: 'none', status: 500, delay_ms: 1_000, path_prefix: '' };
