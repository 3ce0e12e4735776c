/** A citation's locator as a person reads it: a path through JSON, a section of a text, or a line. */
export type Locator =
  | { kind: 'path'; parts: string[] }
  | { kind: 'section'; parts: string[] }
  | { kind: 'line'; text: string }
  | { kind: 'text'; text: string };

/** CONS-1: locators are JSON pointers (RFC 6901), sections (`# A / B`, `§ A`) or lines (`line 12`, `L12-L14`). */
export function readLocator(locator: string): Locator {
  if (locator.startsWith('/')) {
    const parts = locator
      .slice(1)
      .split('/')
      .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
    return { kind: 'path', parts };
  }
  if (/\s>\s/.test(locator)) return { kind: 'section', parts: locator.split(/\s>\s/) };
  const section = /^(?:§|#{1,6}|section:?)\s*(.+)$/i.exec(locator);
  if (section) return { kind: 'section', parts: section[1]!.split(/\s+[>/›]\s+/) };
  const line = /^(?:lines?\s*|L)(\d+)(?:\s*[-–]\s*L?(\d+))?$/i.exec(locator);
  if (line) return { kind: 'line', text: line[2] ? `lines ${line[1]}–${line[2]}` : `line ${line[1]}` };
  return { kind: 'text', text: locator };
}

/** Short enough for a chip: the end of a path says most. */
export function shortLocator(locator: string): string {
  const read = readLocator(locator);
  switch (read.kind) {
    case 'path':
      return read.parts.length > 3 ? `… › ${read.parts.slice(-3).join(' › ')}` : read.parts.join(' › ');
    case 'section':
      return `§ ${read.parts.at(-1)}`;
    default:
      return read.text;
  }
}
