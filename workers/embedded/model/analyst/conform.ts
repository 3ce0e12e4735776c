type Schema = Record<string, unknown>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows `#/$defs/…`; anything else a reference could be is no schema here. */
function resolve(schema: unknown, root: Schema): Schema {
  let current = isSchema(schema) ? schema : {};
  for (let hops = 0; typeof current.$ref === 'string' && hops < 16; hops++) {
    const target = current.$ref
      .replace(/^#\/?/, '')
      .split('/')
      .reduce<unknown>((value, key) => (key && isSchema(value) ? value[key] : value), root);
    current = isSchema(target) ? target : {};
  }
  return current;
}

const typeOf = (schema: Schema): string =>
  String(Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : (schema.type ?? ''));

const allowsNull = (schema: Schema): boolean =>
  schema.type === 'null' || (Array.isArray(schema.type) && schema.type.includes('null'));

const DEPTH = 12;

/** The least value that a schema accepts, with `text` wherever words are asked for. */
export function fill(
  schema: unknown,
  text: string,
  root = isSchema(schema) ? schema : {},
  depth = DEPTH,
): unknown {
  const node = resolve(schema, root);
  if ('const' in node) return node.const;
  if (Array.isArray(node.enum)) return node.enum[0];
  const options = [node.anyOf, node.oneOf].find(Array.isArray);
  if (options) {
    const resolved = options.map((option) => resolve(option, root));
    return resolved.some(allowsNull) || depth === 0 ? null : fill(resolved[0], text, root, depth - 1);
  }
  if (allowsNull(node) || depth === 0) return null;
  switch (typeOf(node)) {
    case 'object': {
      const properties = isSchema(node.properties) ? node.properties : {};
      const required = Array.isArray(node.required) ? node.required : Object.keys(properties);
      return Object.fromEntries(
        required.map((name) => [name, fill(properties[String(name)], text, root, depth - 1)]),
      );
    }
    case 'array':
      return Array.from({ length: Math.min(Number(node.minItems ?? 0), 100) }, () =>
        fill(node.items, text, root, depth - 1),
      );
    case 'integer':
    case 'number':
      return Math.max(Number(node.minimum ?? 0), 0);
    case 'boolean':
      return false;
    case 'string':
      return text.slice(0, Number(node.maxLength ?? text.length)).padEnd(Number(node.minLength ?? 0), '.');
    default:
      return text;
  }
}

/** `value` with what the schema requires and it lacks, and without what a strict schema does not know. */
export function conform(value: unknown, schema: unknown, root = isSchema(schema) ? schema : {}): unknown {
  const node = resolve(schema, root);
  const options = [node.anyOf, node.oneOf].find(Array.isArray);
  if (options && value !== null) {
    const match = options.map((option) => resolve(option, root)).find((option) => !allowsNull(option));
    return match ? conform(value, match, root) : value;
  }
  if (Array.isArray(value)) return value.map((item) => conform(item, node.items, root));
  if (!isSchema(value) || !isSchema(node.properties)) return value;
  const properties = node.properties;
  const required = Array.isArray(node.required) ? node.required.map(String) : [];
  const kept = Object.entries(value).filter(
    ([name]) => name in properties || node.additionalProperties !== false,
  );
  return Object.fromEntries([
    ...kept.map(([name, item]): [string, unknown] => [name, conform(item, properties[name], root)]),
    ...required
      .filter((name) => !(name in value))
      .map((name): [string, unknown] => [name, fill(properties[name], '', root)]),
  ]);
}
