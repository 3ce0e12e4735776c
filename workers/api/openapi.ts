import * as z from 'zod';
import { PROBLEMS, Problem, type ProblemCode } from '#contract/problem.ts';
import type { Endpoint } from './endpoint.ts';

type Json = { [key: string]: unknown };

/** OpenAPI wants named schemas in one place; zod puts each schema's own under `$defs`. */
class Components {
  readonly schemas: Json = {};

  add(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $defs, $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
    const { id, ...own } = rest;
    for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {}))
      this.schemas[name] = relocate(definition);
    if (typeof id !== 'string') return relocate(own) as Json;
    this.schemas[id] = relocate(own);
    return { $ref: `#/components/schemas/${id}` };
  }
}

/** `#/$defs/X` to `#/components/schemas/X`, and without the `id` that names it already. */
function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(key === 'id' && typeof inner === 'string'))
      .map(([key, inner]) => [
        key,
        key === '$ref' ? String(inner).replace('#/$defs/', '#/components/schemas/') : relocate(inner),
      ]),
  );
}

const ALWAYS: readonly ProblemCode[] = [
  'validation_failed',
  'bad_json',
  'payload_too_large',
  'internal',
  'misconfigured',
];
const WITH_KEY: readonly ProblemCode[] = ['unauthenticated', 'forbidden', 'origin_refused', 'overloaded'];

/** PIPE-9, GOV-8, API-2: they take an Idempotency-Key; the same request under it again answers as the first one did. */
const TAKES_IDEMPOTENCY_KEY: ReadonlySet<string> = new Set([
  'POST /api/spawn',
  'POST /api/pipeline/fork',
  'POST /api/agents',
  'POST /api/actions',
  'POST /api/tenants',
  'POST /api/tenants/{tenant}/bootstrap-key',
  'POST /api/people',
  'POST /api/projects',
  'POST /api/keys',
  'POST /api/keys/{key_id}/rotate',
  'POST /api/policies',
  'POST /api/mcp-servers',
  'POST /api/memory',
]);

/** Whoever names a pipeline may meet one that a newer version wrote (PIPE-7). */
const alwaysOf = (endpoint: Endpoint): readonly ProblemCode[] =>
  endpoint.problems.includes('not_found') && endpoint.path.startsWith('/api/pipeline')
    ? ['pipeline_halted']
    : [];

function problemAnswers(endpoint: Endpoint, problem: Json): Json {
  const codes = new Set([
    ...endpoint.problems,
    ...ALWAYS,
    ...alwaysOf(endpoint),
    ...(endpoint.access === 'open' ? [] : WITH_KEY),
  ]);
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      String(status),
      {
        description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}

function parametersOf(endpoint: Endpoint, components: Components): Json[] {
  const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = endpoint.query ? components.add(endpoint.query, 'input') : {};
  const required = Array.isArray(query.required) ? query.required : [];
  const inQuery = Object.entries((query.properties as Json | undefined) ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
  const ticket = endpoint.stream
    ? [{ name: 'ticket', in: 'query', required: false, schema: { type: 'string' } }]
    : [];
  const idempotency = TAKES_IDEMPOTENCY_KEY.has(endpoint.name)
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          schema: { type: 'string', maxLength: 200 },
        },
      ]
    : [];
  return [...inPath, ...inQuery, ...ticket, ...idempotency];
}

function operation(endpoint: Endpoint, components: Components, problem: Json): Json {
  const answers = Object.entries(endpoint.answers).map(([status, schema]) => [
    status,
    {
      description: endpoint.summary,
      ...(schema ? { content: { [endpoint.mediaType]: { schema: components.add(schema, 'output') } } } : {}),
    },
  ]);
  const { access } = endpoint;
  return {
    operationId: endpoint.name.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, ''),
    summary: endpoint.summary,
    tags: [endpoint.path.split('/')[2] ?? 'health'],
    security:
      access === 'open' ? [] : [{ key: [] }, access === 'platform' ? { platform: [] } : { session: [] }],
    'x-ags-access': access,
    parameters: parametersOf(endpoint, components),
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: components.add(endpoint.body, 'input') } },
          },
        }
      : {}),
    responses: { ...Object.fromEntries(answers), ...problemAnswers(endpoint, problem) },
  };
}

/** API-2: the same schemas that validate, as OpenAPI 3.1. */
export function buildOpenApi(endpoints: readonly Endpoint[]): Json {
  const components = new Components();
  const problem = components.add(Problem, 'output');
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const methods = paths[endpoint.path] ?? {};
    methods[endpoint.method.toLowerCase()] = operation(endpoint, components, problem);
    paths[endpoint.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Agent Governance System', version: '0.1.0' },
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'ags_session' },
        platform: { type: 'apiKey', in: 'cookie', name: 'ags_platform' },
      },
    },
  };
}
