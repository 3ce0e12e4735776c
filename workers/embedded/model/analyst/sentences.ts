import type { Passage } from '#domain/inspection/index.ts';

/** A sentence as it stands in its document. */
export interface Sentence {
  passage: Passage;
  text: string;
  /** True for an item of a list. */
  item: boolean;
}

const ITEM = /^\s*(?:\d+[.)]|[-*+])\s+/;

/** Sentences of prose and items of lists, word for word; tables, quotes and code are left out. */
export function sentencesOf(passage: Passage): Sentence[] {
  const sentences: Sentence[] = [];
  let paragraph: string[] = [];
  let fenced = false;
  const close = () => {
    for (const text of split(paragraph.join('\n'))) sentences.push({ passage, text, item: false });
    paragraph = [];
  };
  for (const line of passage.text.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const marker = ITEM.exec(line);
    if (fenced || /^\s*([|>]|```|~~~|$)/.test(line)) close();
    else if (marker) {
      close();
      sentences.push({ passage, text: line.slice(marker[0].length).trim(), item: true });
    } else paragraph.push(line);
  }
  close();
  return sentences.filter(({ text }) => text.length >= 3 && text.length <= 1_000);
}

const split = (text: string): string[] =>
  text
    .split(/(?<=[.!?])\s+(?=[A-Z0-9`"'(])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');

const PROHIBITION =
  /\b(must not|may not|never|do not|does not belong|don't|nobody|no one|not allowed|forbidden|prohibited)\b/i;
const REQUIREMENT = /\b(must|shall|required|requires?|needs? to|has to)\b/i;

export const prohibits = ({ text }: Sentence): boolean => PROHIBITION.test(text);
export const requires = ({ text }: Sentence): boolean => REQUIREMENT.test(text);

/** Words that open an instruction. A list, because without a grammar the first word is all there is to go by. */
const IMPERATIVES = new Set(
  (
    'add alarm allow announce apply approve ask attach back check choose close compare configure confirm copy create cut ' +
    'delete deploy disable do drain enable encrypt ensure export freeze get give grant import increase inspect keep ' +
    'let limit lock make measure merge migrate monitor move name note notify open pause pick plan point prepare ' +
    'promote protect provide publish put read rebuild record reduce remove rename replace replay report request ' +
    'require reset restart restore restrict retire retry review revoke roll rotate run save scale schedule select ' +
    'send separate set snapshot split start stop store switch take tell test turn update upgrade use validate verify ' +
    'wait watch write'
  ).split(' '),
);

export const instructs = ({ text }: Sentence): boolean =>
  IMPERATIVES.has((/^[A-Za-z]+/.exec(text)?.[0] ?? '').toLowerCase());

/** A sentence without its final stop, for use inside another. */
export const bare = (text: string): string => text.trim().replace(/[.!]+$/, '');

/** Up to the first colon, semicolon or full stop: an instruction without its details. */
export const clause = ({ text }: Sentence): string => (text.split(/[:;]|\.(?:\s|$)/)[0] ?? text).trim();

export const sectionOf = (locator: string): string => /^§[\d.]+/.exec(locator)?.[0] ?? locator;
