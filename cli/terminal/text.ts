import { stripVTControlCharacters } from 'node:util';

/** What agents and models wrote may hold terminal escapes: nothing but text and, where asked, line breaks may reach a terminal. */
export function printable(text: string, keepLines = false): string {
  const bare = stripVTControlCharacters(text);
  const controls = keepLines ? /[^\P{Cc}\n]+/gu : /\p{Cc}+/gu;
  // Marks that reorder text (Trojan Source) would let a line read other than it is.
  return bare.replace(controls, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

const graphemeWidth = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);

/** Columns that the text takes, escapes not counted. */
export function displayWidth(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of segments.segment(bare)) width += graphemeWidth(segment);
  return width;
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

/** Cuts to so many columns with an ellipsis; colours before the cut stay, and are ended after it. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let result = '';
  let used = 0;
  let styled = false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes of our own colours
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      result += part;
      styled = true;
      continue;
    }
    for (const { segment } of segments.segment(part)) {
      used += graphemeWidth(segment);
      if (used > width - 1) return `${result}…${styled ? '\u001b[0m' : ''}`;
      result += segment;
    }
  }
  return result;
}

/** Lines of at most `width` columns, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line && displayWidth(line) + 1 + displayWidth(word) > width) {
        lines.push(line);
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
    lines.push(line);
  }
  return lines;
}
