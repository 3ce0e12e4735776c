import * as z from 'zod';
import { BreakerView } from '#contract/breakers.ts';
import { endpoint, json } from '../endpoint.ts';
import { breakersOf, probeAll } from '../probes.ts';

const Dependency = z
  .object({
    name: z.string(),
    status: z.enum(['up', 'degraded', 'down', 'unknown']),
    latency_ms: z.int().nullable(),
    detail: z.string().nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'Dependency' });

export const health = [
  endpoint('GET /healthz', {
    summary: 'Is the Worker itself up?',
    answers: { 200: z.object({ status: z.literal('ok') }) },
    handle: () => json(200, { status: 'ok' }),
  }),
  endpoint('GET /api/health', {
    summary: 'Every hop: database, objects, queues, Vault, Redis, model, and the circuit breakers (OPS-1)',
    query: z.strictObject({}),
    answers: {
      200: z.object({
        status: z.enum(['up', 'degraded', 'down']),
        dependencies: z.array(Dependency),
        /** Those that are not closed, or have seen a failure within the last minute. */
        breakers: z.array(BreakerView),
      }),
    },
    async handle(asked) {
      const [dependencies, breakers] = await Promise.all([probeAll(asked), breakersOf(asked)]);
      const worst = dependencies.some((d) => d.status === 'down');
      const essential = dependencies.some((d) => d.status === 'down' && d.name === 'objects');
      const unwell =
        worst ||
        dependencies.some((d) => d.status === 'degraded') ||
        breakers.some((b) => b.state !== 'closed');
      return json(200, { status: essential ? 'down' : unwell ? 'degraded' : 'up', dependencies, breakers });
    },
  }),
];
