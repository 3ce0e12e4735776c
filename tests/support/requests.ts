/** Requests made from the OpenAPI document alone: what a stranger who reads it could send. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  pattern?: string;
  format?: string;
  minLength?: number;
  minItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  default?: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

export interface Operation {
  /** As in the table of rights: `GET /api/plans/{plan_id}`. */
  name: string;
  method: string;
  path: string;
  parameters: Parameter[];
  body: Schema | null;
}

export interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: Parameter[];
        requestBody?: { content: Record<string, { schema: Schema }> };
      }
    >
  >;
  components: { schemas: Record<string, Schema> };
}

export const operationsOf = ({ paths }: OpenApi): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: parameters ?? [],
      body: requestBody ? (Object.values(requestBody.content)[0]?.schema ?? {}) : null,
    })),
  );

/** Values by field name: ids of things that exist, and texts that a schema cannot describe. */
export type Known = Readonly<Record<string, unknown>>;

/** What patterns of ours stand for; a pattern that is not here gets its field's name, which may not fit. */
const BY_PATTERN: [RegExp, string][] = [
  [/\[0-9a-f\]\{64\}/, 'a'.repeat(64)],
  [/\\\//, 'text/plain'],
  [/^\^\[a-z\]/, 'sample'],
];

/** Answers whether an optional field is sent; the default sends none. */
export type Wants = (field: string) => boolean;
const NOTHING_OPTIONAL: Wants = () => false;

/** Makes values that fit a schema. */
export class Sampler {
  readonly #schemas: Record<string, Schema>;
  readonly #known: Known;
  constructor(document: OpenApi, known: Known) {
    this.#schemas = document.components.schemas;
    this.#known = known;
  }

  resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : this.resolve(this.#schemas[name] ?? {});
  }

  value(given: Schema, field = '', wants: Wants = NOTHING_OPTIONAL): unknown {
    if (Object.hasOwn(this.#known, field)) return this.#known[field];
    const schema = this.resolve(given);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.default !== undefined) return schema.default;
    const one = schema.anyOf?.[0] ?? schema.oneOf?.[0];
    if (one) return this.value(one, field, wants);
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => this.value(part, field, wants)));
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case 'object':
        return this.#object(schema, wants);
      case 'array':
        return Array.from({ length: schema.minItems ?? 0 }, () => this.value(schema.items ?? {}, '', wants));
      case 'integer':
      case 'number':
        return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return this.#text(schema, field);
    }
  }

  #object(schema: Schema, wants: Wants): Record<string, unknown> {
    const fields = Object.entries(schema.properties ?? {}).filter(
      ([name]) => schema.required?.includes(name) || wants(name),
    );
    return Object.fromEntries(fields.map(([name, inner]) => [name, this.value(inner, name, wants)]));
  }

  #text(schema: Schema, field: string): string {
    if (schema.format === 'date-time') return '2030-01-01T00:00:00.000Z';
    if (schema.format === 'email') return 'somebody@example.com';
    if (schema.format === 'uri') return 'https://example.com/';
    const { pattern } = schema;
    if (pattern !== undefined) return BY_PATTERN.find(([part]) => part.test(pattern))?.[1] ?? field;
    return field.padEnd(Math.max(1, schema.minLength ?? 1), 'x');
  }
}

export interface Request {
  path: string;
  method: string;
  body: unknown;
}

/** One request that fits the document; `wants` says which optional fields and parameters it carries. */
export function requestFor(operation: Operation, sampler: Sampler, wants: Wants = NOTHING_OPTIONAL): Request {
  let path = operation.path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    if (!parameter.required && !wants(parameter.name)) continue;
    const value = String(sampler.value(parameter.schema, parameter.name));
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === 'query') query.set(parameter.name, value);
  }
  return {
    path: query.size > 0 ? `${path}?${query}` : path,
    method: operation.method,
    body: operation.body ? sampler.value(operation.body, '', wants) : undefined,
  };
}

/** Names of the ids that a request of this operation can carry, in its path, its query, and on top of its body. */
export function idsOf(operation: Operation, sampler: Sampler, known: Known): string[] {
  const inBody = operation.body ? Object.keys(sampler.resolve(operation.body).properties ?? {}) : [];
  const names = [...operation.parameters.map((p) => p.name), ...inBody];
  return [...new Set(names)].filter((name) => Object.hasOwn(known, name));
}
