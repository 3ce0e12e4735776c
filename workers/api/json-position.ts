export interface JsonError {
  /** Both count from 1. */
  line: number;
  column: number;
  why: string;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold control characters (RFC 8259, section 7).
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Where a text stops being JSON. The engine's own messages leave the position out for most errors; this walk runs only after
 * `JSON.parse` has refused the text, keeps its own stack, and so takes any depth.
 */
export function findJsonError(text: string): JsonError {
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    const found = token.test(text);
    if (found) at = token.lastIndex;
    return found;
  };
  const is = (char: string): boolean => {
    take(SPACE);
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };
  const fail = (why: string): JsonError => {
    const before = text.slice(0, at).split('\n');
    const found = at >= text.length ? 'the text ends' : `found ${JSON.stringify(text[at])}`;
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, why: `${why}, but ${found}` };
  };

  const open: ('{' | '[')[] = [];
  let expect: 'value' | 'first' | 'key' | 'after' = 'value';
  for (;;) {
    if (expect === 'first' && is(open.at(-1) === '{' ? '}' : ']')) {
      open.pop();
      expect = 'after';
    } else if (expect === 'key' || (expect === 'first' && open.at(-1) === '{')) {
      take(SPACE);
      if (!take(STRING)) return fail('expected a name in double quotes');
      if (!is(':')) return fail('expected “:”');
      expect = 'value';
    } else if (expect === 'value' || expect === 'first') {
      if (is('{')) {
        open.push('{');
        expect = 'first';
      } else if (is('[')) {
        open.push('[');
        expect = 'first';
      } else if (take(STRING) || take(NUMBER) || take(WORD)) expect = 'after';
      else return fail(text[at] === '"' ? 'expected a string that ends' : 'expected a value');
    } else {
      const inside = open.at(-1);
      if (inside === undefined) {
        take(SPACE);
        return fail('expected the end');
      }
      if (is(',')) expect = inside === '{' ? 'key' : 'value';
      else if (is(inside === '{' ? '}' : ']')) open.pop();
      else return fail(`expected “,” or “${inside === '{' ? '}' : ']'}”`);
    }
  }
}
