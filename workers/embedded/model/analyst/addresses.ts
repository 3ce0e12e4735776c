import { splitPassages } from '#domain/inspection/index.ts';
import { citeSentence, REMEDY } from './evidence.ts';
import type { Point } from './point.ts';
import { clip, oneLine } from './point.ts';
import type { Document, Reading } from './reading.ts';
import { type Sentence, sentencesOf } from './sentences.ts';

/** A web address that the context names, with the place where it stands. */
export interface Address {
  url: string;
  document: Document;
  locator: string;
}

const URL_PATTERN = /\bhttps?:\/\/[^\s<>"'`)\]}]+/g;
const MOST_ADDRESSES = 3;

/**
 * Addresses in the prose of the context, once each, whoever wrote them: to a researcher a reference is worth reading, and whether it
 * may be read is for the gate to say.
 */
export function addresses({ documents }: Reading): Address[] {
  const all = documents
    .filter(({ terraform }) => !terraform)
    .flatMap((document) =>
      splitPassages(document).flatMap(({ locator, text }) =>
        (text.match(URL_PATTERN) ?? []).map((match) => ({
          url: match.replace(/[.,;:!?]+$/, ''),
          document,
          locator,
        })),
      ),
    );
  return [...new Map(all.map((address) => [address.url, address])).values()].slice(0, MOST_ADDRESSES);
}

interface Denial {
  denied: true;
  rule?: unknown;
  reason?: unknown;
  remedy?: unknown;
}
const isDenial = (result: unknown): result is Denial =>
  typeof result === 'object' && result !== null && 'denied' in result && result.denied === true;

/** What came of asking for the addresses: refusals with the gate's reason, and what could not be read. */
export function refusals(reading: Reading): Point[] {
  return addresses(reading).flatMap(({ url, document, locator }): Point[] => {
    const use = reading.used.find(({ tool, arguments: given }) => tool === 'http_get' && given.url === url);
    if (!use) return [];
    const here = [{ source: document.name, locator, quote: url }];
    if (use.result === null)
      return [
        {
          severity: 'low',
          title: clip(`Could not be read: ${url}`, 300),
          body: 'The request failed.',
          citations: here,
        },
      ];
    if (!isDenial(use.result)) return [];
    const { rule, reason } = use.result;
    const doubt = document.trusted
      ? ''
      : ` The address stands in ${document.name}, which nobody vouches for.`;
    return [
      {
        severity: 'medium',
        title: clip(`Refused: http_get of ${url}`, 300),
        body: `The gate refused the request${rule ? ` by ${oneLine(String(rule))}` : ''}: ${oneLine(String(reason ?? 'no reason given'))}. Nothing was fetched.${doubt}`,
        citations: here,
      },
    ];
  });
}

/** Refused calls of other tools; what they would have shown is missing from the findings. */
export const otherRefusals = ({ used }: Reading): Point[] =>
  used
    .filter(({ tool, result }) => tool !== 'http_get' && isDenial(result))
    .map(({ tool, arguments: given, result }) => ({
      severity: 'medium',
      title: clip(`Refused: ${tool} of ${Object.values(given).map(String).join(', ')}`, 300),
      body: clip(
        `The gate refused the call: ${oneLine(String((result as Denial).reason ?? 'no reason given'))}.`,
        8_000,
      ),
      citations: [],
    }));

const ADDRESSED = /\b(automat\w*|reviewers?|agents?|bots?|assistants?|scanners?)\b/i;
const ORDERS = /\b(must|should|shall|ignore|approve|run|execute|fetch|install|disable)\b/i;

const ordersIn = (documents: readonly Document[]): Sentence[] =>
  documents
    .filter(({ terraform }) => !terraform)
    .flatMap((document) => splitPassages(document).flatMap(sentencesOf))
    .filter(({ text }) => ADDRESSED.test(text) && ORDERS.test(text))
    .slice(0, 3);

/** Orders to whoever reviews, in documents that nobody vouches for: worth knowing, not to be followed. */
export const orders = ({ documents }: Reading): Point[] =>
  ordersIn(documents.filter(({ trusted }) => !trusted)).map((sentence) => ({
    severity: 'medium',
    title: clip(`${sentence.passage.source} gives orders to its reviewers; they are not followed`, 300),
    body: `Nobody vouches for ${sentence.passage.source}. It says: "${oneLine(sentence.text)}"`,
    citations: [citeSentence(sentence)],
  }));

/** RUN-5, `gullible`: the same orders, taken as if they were to be followed. */
export const obeyed = ({ documents }: Reading): Point[] =>
  ordersIn(documents.filter((document) => document.obeyed)).map((sentence) => ({
    severity: 'high',
    title: clip(`${sentence.passage.source}: ${oneLine(sentence.text)}`, 300),
    body: `${sentence.passage.source} asks for it.${REMEDY}${oneLine(sentence.text)}`,
    citations: [citeSentence(sentence)],
  }));
