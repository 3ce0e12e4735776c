/** Titles of `it(…)` and `test(…)` calls in a test file, read without running it; `each` counts once. */
export function titlesOf(source: string): string[] {
  const titles: string[] = [];
  for (const call of source.matchAll(/\b(?:it|test)((?:\.\w+)*)(?=[(`])/g)) {
    let at = call.index + call[0].length;
    // `it.each(table)('title', …)`, `it.skipIf(…)('title', …)`: the title is in the call after.
    if (/\.(?:each|for|skipIf|runIf)$/.test(call[1] ?? '')) at = afterGroup(source, at);
    const title = /^\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/.exec(
      source.slice(at),
    );
    const text = title?.[1] ?? title?.[2] ?? title?.[3];
    if (text !== undefined) titles.push(text.replaceAll(/\\(.)/g, '$1'));
  }
  return titles;
}

/** The index after the bracketed group or template that starts at `at`; strings inside may hold brackets. */
function afterGroup(source: string, at: number): number {
  let depth = 0;
  for (let i = at; i < source.length; i += 1) {
    const c = source[i] as string;
    if (c === "'" || c === '"' || c === '`') {
      i = endOfString(source, i, c);
      if (depth === 0) return i + 1;
    } else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return source.length;
}

function endOfString(source: string, start: number, quote: string): number {
  let i = start + 1;
  while (i < source.length && source[i] !== quote) i += source[i] === '\\' ? 2 : 1;
  return i;
}

/** The requirement numbers that a title begins with: `CRED-1, CRED-2: a child …`. */
export function numbersOf(title: string): string[] {
  const head = /^(?:[A-Z][A-Z0-9]*-\d+(?:\s*(?:,|\/|&|and)\s*)?)+(?=[:\s])/.exec(title)?.[0];
  return head?.match(/[A-Z][A-Z0-9]*-\d+/g) ?? [];
}
