import { isObject, parseJson, pointer } from './json-pointer.ts';
import { words } from './words.ts';

/** A part of a document that can be cited: `locator` says where, `text` is what stands there, word for word. */
export interface Passage {
  source: string;
  /** `§3 Title` or a heading path (Markdown), a JSON pointer, or `lines 3-9`. */
  locator: string;
  /** The heading or key, for ranking and display; may be empty. */
  heading: string;
  text: string;
}

export interface PassageSource {
  name: string;
  media_type: string;
  text: string;
}

/** What one passage may hold before it is split, in characters. */
const PASSAGE_MAX = 2_000;
/** A bound on work for huge documents: later passages are not considered. */
const PASSAGES_MAX = 5_000;

/** Splits a document along its own structure: headings, keys, top-level entries, else paragraphs. */
export function splitPassages(source: PassageSource): Passage[] {
  const json =
    /json/.test(source.media_type) || /^\s*[[{]/.test(source.text) ? parseJson(source.text) : undefined;
  if (json !== undefined) return jsonPassages(source.name, json).slice(0, PASSAGES_MAX);
  if (/ya?ml/.test(source.media_type) || /\.ya?ml$/.test(source.name)) {
    return linePassages(source, /^(- |[^\s#-])/).slice(0, PASSAGES_MAX);
  }
  if (/^#{1,6} /m.test(source.text)) return markdownPassages(source).slice(0, PASSAGES_MAX);
  return linePassages(source, /^\s*$/).slice(0, PASSAGES_MAX);
}

/** The locator of a heading: its own number when it has one, else the path of headings that leads to it. */
function headingLocator(path: readonly string[]): string {
  const own = path.at(-1) ?? '';
  const numbered = /^§?\s*(\d+(?:\.\d+)*)[.)]?\s+(.*)$/.exec(own);
  return (numbered ? `§${numbered[1]} ${numbered[2]}` : path.join(' > ')).slice(0, 500);
}

function markdownPassages({ name, text }: PassageSource): Passage[] {
  const passages: Passage[] = [];
  const path: string[] = [];
  let body: string[] = [];
  let fenced = false;
  const close = () => {
    const content = body.join('\n').trim();
    if (content !== '') {
      passages.push({
        source: name,
        locator: path.length > 0 ? headingLocator(path.filter((part) => part !== '')) : 'top',
        heading: path.at(-1) ?? '',
        text: content,
      });
    }
    body = [];
  };
  for (const line of text.split('\n')) {
    if (/^(```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^(#{1,6})\s(.*)$/.exec(line);
    if (!heading) {
      body.push(line);
      continue;
    }
    close();
    const level = (heading[1] ?? '#').length;
    path.length = Math.min(path.length, level - 1);
    while (path.length < level - 1) path.push('');
    path.push(
      (heading[2] ?? '')
        .trim()
        .replace(/#{1,99}$/, '')
        .trimEnd(),
    );
  }
  close();
  return passages;
}

/** The largest subtrees that fit; a scalar that does not fit is cut. */
function jsonPassages(name: string, value: unknown, path: (string | number)[] = []): Passage[] {
  const text = JSON.stringify(value) ?? '';
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
      ? Object.entries(value)
      : [];
  if (path.length === 0 || text.length > PASSAGE_MAX) {
    if (entries.length > 0 && path.length < 24) {
      return entries.flatMap(([key, item]) => jsonPassages(name, item, [...path, key]));
    }
  }
  const heading = String(path.filter((token) => typeof token === 'string').at(-1) ?? '');
  return [
    { source: name, locator: pointer(...path).slice(0, 500), heading, text: text.slice(0, PASSAGE_MAX) },
  ];
}

/** Blocks of lines; a line that matches `start` begins the next one. */
function linePassages({ name, text }: PassageSource, start: RegExp): Passage[] {
  const passages: Passage[] = [];
  let first = 0;
  const lines = text.split('\n');
  const close = (end: number) => {
    const content = lines.slice(first, end).join('\n');
    if (content.trim() !== '') {
      const heading = (lines[first] ?? '').trim().slice(0, 120);
      passages.push({ source: name, locator: `lines ${first + 1}-${end}`, heading, text: content });
    }
    first = end;
  };
  for (const [index, line] of lines.entries()) {
    const long = lines.slice(first, index).join('\n').length > PASSAGE_MAX;
    if (index > first && (start.test(line) || long)) close(index);
  }
  close(lines.length);
  return passages;
}

/** BM25 in thousandths, rounded, so that every runtime orders alike. */
export type Ranked<P extends Passage> = P & { score: number };
export type RankedPassage = Ranked<Passage>;

const K1 = 1.2;
const B = 0.75;
/** A heading says what its section is about: its words count as if they stood there this often. */
const HEADING_WEIGHT = 2;

/**
 * Ranks passages against a question by BM25. Deterministic: ties keep the documents' order; passages that share no word with the
 * question are left out.
 */
export function rankPassages<P extends Passage>(
  passages: readonly P[],
  question: string,
  limit = passages.length,
): Ranked<P>[] {
  const query = [...new Set(words(question))];
  const bags = passages.map(({ heading, text }) => [
    ...words(text),
    ...Array.from({ length: HEADING_WEIGHT }, () => words(heading)).flat(),
  ]);
  const mean = bags.reduce((sum, bag) => sum + bag.length, 0) / Math.max(1, bags.length) || 1;
  const tallies = bags.map(tally);
  const rarity = new Map(
    query.map((word) => {
      const holding = tallies.filter((counts) => counts.has(word)).length;
      return [word, Math.log(1 + (bags.length - holding + 0.5) / (holding + 0.5))];
    }),
  );
  return passages
    .map((passage, index) => {
      const length = bags[index]?.length ?? 0;
      const norm = K1 * (1 - B + (B * length) / mean);
      const score = query.reduce((sum, word) => {
        const times = tallies[index]?.get(word) ?? 0;
        return sum + ((rarity.get(word) ?? 0) * times * (K1 + 1)) / (times + norm);
      }, 0);
      return { ...passage, score: Math.round(score * 1_000) };
    })
    .filter(({ score }) => score > 0)
    .map((passage, order) => ({ passage, order }))
    .sort((a, b) => b.passage.score - a.passage.score || a.order - b.order)
    .slice(0, limit)
    .map(({ passage }) => passage);
}

function tally(bag: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of bag) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
