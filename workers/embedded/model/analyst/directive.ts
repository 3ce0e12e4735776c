import { type RankedPassage, rankPassages } from '#domain/inspection/index.ts';
import { instructs, prohibits, type Sentence, sentencesOf } from './sentences.ts';

/** How far after a prohibition its "do this instead" may stand, in sentences. */
const REACH = 2;

/** Sentences by how well they answer the question, best first. */
function ranked(sentences: readonly Sentence[], question: string): Sentence[] {
  const passages = sentences.map((sentence) => ({
    source: '',
    locator: '',
    heading: '',
    text: sentence.text,
    sentence,
  }));
  return rankPassages(passages, question).map(({ sentence }) => sentence);
}

/** What the documents say to do, and the prohibition that it is the way out of, if it is one. */
export interface Directive {
  prohibition: Sentence | null;
  instruction: Sentence;
}

/**
 * What the documents say to do: the instruction that follows the prohibition which fits the case best ("must not be applied. Split it
 * …"), else the instruction that fits best. Null where
 * the passages instruct nothing.
 */
export function directive(passages: readonly RankedPassage[], question: string): Directive | null {
  const perPassage = passages.map((passage) => sentencesOf(passage).filter(({ item }) => !item));
  const prohibitions = ranked(perPassage.flat().filter(prohibits), question);
  for (const prohibition of prohibitions) {
    const siblings = perPassage.find((list) => list.includes(prohibition)) ?? [];
    const after = siblings.slice(siblings.indexOf(prohibition) + 1).slice(0, REACH);
    const instead = after.find((sentence) => instructs(sentence) && !prohibits(sentence));
    if (instead) return { prohibition, instruction: instead };
  }
  const instructions = perPassage.flat().filter((sentence) => instructs(sentence) && !prohibits(sentence));
  const [instruction] = ranked(instructions, question);
  return instruction ? { prohibition: null, instruction } : null;
}

/** The sentence that answers the question best, whatever it is; null where no passage has one. */
export const bestSentence = (passages: readonly RankedPassage[], question: string): Sentence | null =>
  ranked(passages.flatMap(sentencesOf), question)[0] ?? null;

/** The items of the passage's lists, in order: a procedure. */
export const procedure = (passage: RankedPassage): Sentence[] =>
  sentencesOf(passage).filter(({ item }) => item);
