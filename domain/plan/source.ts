import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { err, ok, type Result } from '../result.ts';
import { MAX_FINDINGS, type PlanFinding } from './finding.ts';

export type Path = readonly PropertyKey[];
export interface Position {
  line: number;
  column: number;
}

/** A plan's text as data, and where each part of it stands. */
export interface PlanSourceText {
  value: unknown;
  /** Of the value at a path, or of the nearest thing around it that is there. */
  at(path: Path): Position;
  /** Of a key itself. */
  atKey(path: Path, key: string): Position;
}

const problem = (
  code: string,
  message: string,
  at: Position | null,
  expected: string | null,
): PlanFinding => ({
  severity: 'error',
  code,
  message,
  line: at?.line ?? null,
  column: at?.column ?? null,
  expected,
});

/** An alias can make a small file unfold into gigabytes; plans have no need of many. */
const MAX_ALIASES = 50;

/** Reading costs time for each of these; a mebibyte of JSON as inline text stays below it. */
const MAX_INDICATORS = 300_000;
const tooMany = (text: string): boolean => {
  let count = 0;
  for (const _ of text.matchAll(/[{}[\],!&*]/g)) if (++count > MAX_INDICATORS) return true;
  return false;
};

/** The library's own check compares every key with every other: 40,000 keys took it a minute. */
function repeatedKeys(document: Document, position: (offset: number) => Position): PlanFinding[] {
  const found: PlanFinding[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          found.push(
            problem(
              'syntax',
              `The key “${String(key.value).slice(0, 60)}” stands there twice.`,
              position(key.range?.[0] ?? 0),
              'each key once',
            ),
          );
        seen.add(key.value);
      }
    },
  });
  return found.slice(0, MAX_FINDINGS);
}

/** `*name` without an `&name` before it; one walk, because looking each alias up by itself walks the text once per alias. */
function loneAliases(document: Document, position: (offset: number) => Position): PlanFinding[] {
  const found: PlanFinding[] = [];
  const anchors = new Set<string>();
  visit(document, (_key, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      const name = node.source.slice(0, 60);
      found.push(
        problem(
          'syntax',
          `“*${name}” points at nothing.`,
          position(node.range?.[0] ?? 0),
          `“&${name}” before it`,
        ),
      );
    }
    if ((isScalar(node) || isCollection(node)) && node.anchor) anchors.add(node.anchor);
  });
  return found;
}

/** Reads YAML 1.2 or JSON (which is YAML, but for tabs as indentation: those become spaces, so that columns stay true). */
export function readPlanText(source: string): Result<PlanSourceText, PlanFinding[]> {
  const text = /^\s*\{/.test(source)
    ? source.replace(/^[\t ]+/gm, (tabs) => ' '.repeat(tabs.length))
    : source;
  if (tooMany(text))
    return err([problem('syntax', 'The plan has too many parts.', null, 'long documents as files')]);
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    if (document.errors.length > 0)
      return err(
        document.errors
          .slice(0, MAX_FINDINGS)
          .map((e) => problem('syntax', e.message, position(e.pos[0]), 'valid YAML or JSON')),
      );
    const refused = [...repeatedKeys(document, position), ...loneAliases(document, position)];
    if (refused.length > 0) return err(refused.slice(0, MAX_FINDINGS));
    if (!isMap(document.contents)) {
      const found = document.contents === null ? 'nothing' : 'something else';
      return err([
        problem(
          'syntax',
          `A plan is a mapping; this is ${found}.`,
          { line: 1, column: 1 },
          'a mapping: `name: …`',
        ),
      ]);
    }
    const nodeAt = (path: Path): Node | null => {
      const node = path.length === 0 ? document.contents : document.getIn(path, true);
      return isNode(node) ? node : null;
    };
    const at = (path: Path): Position => {
      const offset = nodeAt(path)?.range?.[0];
      if (offset !== undefined) return position(offset);
      return path.length === 0 ? { line: 1, column: 1 } : at(path.slice(0, -1));
    };
    return ok({
      value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown,
      at,
      atKey(path, key) {
        const map = nodeAt(path);
        const pair = isMap(map)
          ? map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
          : undefined;
        const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
        return offset === undefined ? at(path) : position(offset);
      },
    });
  } catch (error) {
    // The library recurses: thousands of nested brackets end its stack; too many aliases end in a ReferenceError.
    const deep = error instanceof RangeError;
    const message = deep ? 'The plan is nested too deeply.' : 'The plan uses too many aliases.';
    return err([
      problem(
        'syntax',
        message,
        null,
        deep ? 'at most a few hundred levels' : `at most ${MAX_ALIASES} aliases`,
      ),
    ]);
  }
}
