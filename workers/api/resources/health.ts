import * as z from 'zod';
import { endpoint, json } from '../endpoint.ts';
import { probeAll } from '../probes.ts';

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
    summary: 'Every hop: database, objects, queues, Vault, Redis, model (OPS-1)',
    query: z.strictObject({}),
    answers: {
      200: z.object({ status: z.enum(['up', 'degraded', 'down']), dependencies: z.array(Dependency) }),
    },
    async handle(asked) {
      const dependencies = await probeAll(asked);
      const worst = dependencies.some((d) => d.status === 'down');
      const essential = dependencies.some((d) => d.status === 'down' && d.name === 'objects');
      const unwell = worst || dependencies.some((d) => d.status === 'degraded');
      return json(200, { status: essential ? 'down' : unwell ? 'degraded' : 'up', dependencies });
    },
  }),
];
