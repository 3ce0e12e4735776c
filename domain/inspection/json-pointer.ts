/** RFC 6901 pointers: how a finding says where in a JSON document it stands. */

/** `pointer('resource_changes', 3, 'a/b')` is `/resource_changes/3/a~1b`. */
export const pointer = (...tokens: (string | number)[]): string =>
  tokens.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** The value at `path`, or undefined where nothing stands; never throws. The empty pointer is the whole document. */
export function resolvePointer(document: unknown, path: string): unknown {
  if (path === '') return document;
  if (!path.startsWith('/')) return undefined;
  let value = document;
  for (const raw of path.slice(1).split('/')) {
    const token = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) {
      if (!/^(0|[1-9]\d*)$/.test(token)) return undefined;
      value = value[Number(token)];
    } else if (isObject(value) && Object.hasOwn(value, token)) {
      value = value[token];
    } else {
      return undefined;
    }
  }
  return value;
}

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses JSON; undefined for what is none, or is nested without end: for strings that may or may not hold a document (IAM policies, container definitions). */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isShallow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Every scalar below `value` with its path, in document order; nothing below 64 levels, so that hostile depth ends. */
export function* leaves(
  value: unknown,
  path: (string | number)[] = [],
  depth = 64,
): Generator<{ path: (string | number)[]; value: string | number | boolean }> {
  if (depth === 0) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* leaves(item, [...path, index], depth - 1);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key], depth - 1);
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    yield { path, value };
  }
}

/** What no honest document reaches; deeper ones would exhaust the stack of whoever walks them. */
const DEPTH_MAX = 100;

/** True when no value lies deeper than 100 levels. Walks without recursion. */
export function isShallow(root: unknown): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return false;
    level = level.flatMap((value): unknown[] =>
      Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [],
    );
  }
  return true;
}
