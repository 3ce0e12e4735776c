import { type JsonSchema, planJsonSchema } from './schema.ts';

type Path = readonly PropertyKey[];
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;
const listOf = (value: unknown): JsonSchema[] => (Array.isArray(value) ? value.filter(isSchema) : []);

/** The alternatives that a place in the plan may follow; several where the schema has a union. */
function schemasAt(path: Path): JsonSchema[] {
  let at: JsonSchema[] = [planJsonSchema()];
  for (const key of path) {
    at = at
      .flatMap((node) => [node, ...listOf(node.anyOf), ...listOf(node.oneOf)])
      .map((node) => {
        if (typeof key === 'number') return node.items;
        const named = isSchema(node.properties) ? node.properties[String(key)] : undefined;
        return named ?? node.additionalProperties;
      })
      .filter(isSchema);
  }
  return at.flatMap((node) => [node, ...listOf(node.anyOf), ...listOf(node.oneOf)]);
}

/** Names of the fields that stand at a path. */
export const fieldsAt = (path: Path): string[] => [
  ...new Set(
    schemasAt(path).flatMap((node) => (isSchema(node.properties) ? Object.keys(node.properties) : [])),
  ),
];

const TYPES: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
};

function describe(node: JsonSchema): string | null {
  if (typeof node.description === 'string') return node.description;
  if (Array.isArray(node.enum)) return `one of ${node.enum.join(', ')}`;
  if (node.const !== undefined) return String(node.const);
  const type = typeof node.type === 'string' ? (TYPES[node.type] ?? node.type) : null;
  if (type && typeof node.minimum === 'number' && typeof node.maximum === 'number')
    return `${type} from ${node.minimum} to ${node.maximum}`;
  if (type && typeof node.maxLength === 'number') return `${type} of up to ${node.maxLength} characters`;
  return type;
}

/** What should have stood there, in words; null when nothing more can be said. */
export function expectedAt(path: Path): string | null {
  const [first] = schemasAt(path);
  const own = first && describe(first);
  if (own) return own;
  const options = [
    ...new Set(
      schemasAt(path)
        .map(describe)
        .filter((text) => text !== null),
    ),
  ];
  return options.length > 0 ? options.join(' or ') : null;
}
