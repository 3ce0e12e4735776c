import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';
import { err, ok, type Result } from '../../result.ts';
import type { AnsibleError, Position } from './finding.ts';

/** An alias can make a small file unfold into gigabytes. */
const MAX_ALIASES = 100;
const MAX_DEPTH = 40;

/** YAML as data that knows where it stands. `!vault` values are encrypted, whatever their text. */
export type Value =
  | { kind: 'map'; at: Position; entries: Map<string, { at: Position; value: Value }> }
  | { kind: 'list'; at: Position; items: Value[] }
  | { kind: 'scalar'; at: Position; value: string | number | boolean | null; vaulted: boolean };

export function readYaml(text: string): Result<Value[], AnsibleError> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    logLevel: 'silent',
    keepSourceTokens: false,
  });
  if (!Array.isArray(documents)) return ok([]);
  const values: Value[] = [];
  let aliases = 0;
  const position = (node: { range?: readonly number[] | null } | null | undefined): Position => {
    const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const document of documents) {
    const [error] = document.errors;
    if (error) return err({ code: 'malformed', message: error.message.split('\n')[0] ?? 'It is not YAML.' });
    const convert = (node: Node | null, depth: number): Value => {
      if (depth > MAX_DEPTH || aliases > MAX_ALIASES) throw new TooDeep();
      const at = position(node);
      if (isMap(node)) {
        const entries = new Map<string, { at: Position; value: Value }>();
        for (const { key, value } of node.items as Pair<Node, Node | null>[])
          entries.set(isScalar(key) ? String(key.value) : String(key), {
            at: position(key),
            value: convert(value, depth + 1),
          });
        return { kind: 'map', at, entries };
      }
      if (isSeq(node))
        return { kind: 'list', at, items: node.items.map((n) => convert(n as Node, depth + 1)) };
      if (isScalar(node)) {
        const { value } = node;
        const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
        return {
          kind: 'scalar',
          at,
          value: plain ? value : null,
          vaulted: node.tag?.startsWith('!vault') ?? false,
        };
      }
      if (isNode(node)) {
        aliases += 1;
        return convert(node.resolve(document) ?? null, depth + 1);
      }
      return { kind: 'scalar', at, value: null, vaulted: false };
    };
    try {
      values.push(convert(document.contents, 0));
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      return err({ code: 'malformed', message: 'It is nested or aliased beyond what a playbook needs.' });
    }
  }
  return ok(values);
}

class TooDeep extends Error {}

export const get = (value: Value | undefined, key: string): Value | undefined =>
  value?.kind === 'map' ? value.entries.get(key)?.value : undefined;

export const textOf = (value: Value | undefined): string =>
  value?.kind === 'scalar' && value.value !== null ? String(value.value) : '';

/** YAML's own and Ansible's ways to say yes. */
export const isTrue = (value: Value | undefined): boolean => /^(true|yes|on|1)$/i.test(textOf(value));

/** Every scalar below, with the key that names it. */
export function* scalars(
  value: Value,
  key = '',
): Generator<{ key: string; at: Position; text: string; vaulted: boolean }> {
  if (value.kind === 'map') for (const [name, entry] of value.entries) yield* scalars(entry.value, name);
  else if (value.kind === 'list') for (const item of value.items) yield* scalars(item, key);
  else if (value.value !== null)
    yield { key, at: value.at, text: String(value.value), vaulted: value.vaulted };
}
