import * as z from 'zod';

type Json = Record<string, unknown>;

/**
 * Keywords that strict structured output refuses with some provider. They are kept for validation and told to the model as words:
 * a limit that it cannot see would cost a repair.
 */
const AS_WORDS: Record<string, (value: unknown) => string> = {
  maxLength: (n) => `at most ${n} characters`,
  minLength: (n) => (n === 1 ? 'not empty' : `at least ${n} characters`),
  maxItems: (n) => `at most ${n} items`,
  minItems: (n) => `at least ${n} items`,
  maximum: (n) => `at most ${n}`,
  minimum: (n) => `at least ${n}`,
};
const DROPPED = new Set([
  '$schema',
  'default',
  'format',
  'pattern',
  'exclusiveMinimum',
  'exclusiveMaximum',
  '~standard',
]);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (!isObject(schema)) return schema;
  const kept: Json = {};
  const words: string[] = typeof schema.description === 'string' ? [schema.description] : [];
  for (const [key, value] of Object.entries(schema)) {
    const say = AS_WORDS[key];
    if (say !== undefined && typeof value === 'number') words.push(say(value));
    else if (key === 'properties' && isObject(value))
      kept.properties = Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, strict(inner)]),
      );
    else if (key === 'enum' || key === 'const' || key === 'required') kept[key] = value;
    else if (!DROPPED.has(key)) kept[key] = strict(value);
  }
  // Every integer has these bounds in zod's output; they say nothing.
  const said = words.filter((word) => !word.includes(String(Number.MAX_SAFE_INTEGER)));
  if (said.length > 0) kept.description = said.join('; ');
  if (kept.type === 'object' && isObject(kept.properties)) {
    kept.additionalProperties = false;
    kept.required = Object.keys(kept.properties);
  }
  return kept;
}

const made = new WeakMap<z.ZodType, Json>();

/**
 * The JSON schema of what a model is to answer, as strict mode wants it: every field required, nothing else allowed, no limits. Made
 * once per schema; do not change what it returns.
 */
export function wireSchema(schema: z.ZodType): Json {
  const known = made.get(schema);
  if (known) return known;
  const wire = strict(z.toJSONSchema(schema, { io: 'output' })) as Json;
  made.set(schema, wire);
  return wire;
}
