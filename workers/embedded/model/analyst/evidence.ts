import type { CitationDraft } from '#domain/agents/output.ts';
import {
  type RankedPassage,
  rankPassages,
  splitPassages,
  TerraformInspection,
} from '#domain/inspection/index.ts';
import { clip, oneLine, type Point } from './point.ts';
import type { Document, Reading } from './reading.ts';
import { prohibits, requires, type Sentence, sectionOf, sentencesOf } from './sentences.ts';

export interface Inspected {
  document: string;
  inspection: TerraformInspection;
}

/** Terraform inspections of this turn. */
export const inspections = ({ used }: Reading): Inspected[] =>
  used.flatMap(({ tool, arguments: given, result }) => {
    const inspection = tool === 'terraform_inspect' ? TerraformInspection.safeParse(result) : null;
    return inspection?.success
      ? [{ document: String(given.document ?? ''), inspection: inspection.data }]
      : [];
  });

/** Parts a finding's body from what to do about it. */
export const REMEDY = '\n\nRemedy: ';

export const defectsOf = ({ document, inspection }: Inspected): Point[] =>
  inspection.findings.map(({ severity, title, body, remedy, pointer, quote }) => ({
    severity,
    title,
    body: `${body}${REMEDY}${remedy}`,
    citations: [{ source: document, locator: pointer, quote }],
  }));

/** The remedy that a finding's author wrote down, or null. */
export const remedyOf = ({ body }: Point): string | null => body.split(REMEDY)[1]?.trim() || null;

/** Documents whose words count: those that someone vouches for; all of them where nobody vouches for any. */
export function material({ documents }: Reading): Document[] {
  const prose = documents.filter(({ terraform }) => !terraform);
  const trusted = prose.filter(({ trusted }) => trusted);
  return trusted.length > 0 || documents.some(({ trusted }) => trusted) ? trusted : prose;
}

/** Passages below this share of the best one's score have too little to do with the question. */
const RELEVANT_SHARE = 0.2;
const MOST_PASSAGES = 8;

/** `hints` are questions beside the objective: what is already known to be wrong. */
export function relevantPassages(reading: Reading, hints: readonly string[] = []): RankedPassage[] {
  const passages = material(reading).flatMap(splitPassages);
  const ranked = rankPassages(passages, [reading.objective, ...hints].join('\n'), MOST_PASSAGES);
  const floor = (ranked[0]?.score ?? 0) * RELEVANT_SHARE;
  return ranked.filter(({ score }) => score >= floor);
}

export const citeSentence = ({ passage, text }: Sentence): CitationDraft => ({
  source: passage.source,
  locator: passage.locator,
  quote: text,
});

/** Rules that the passages lay down, prohibitions first; one of each kind per passage, so that no section drowns the others. */
export function obligations(passages: readonly RankedPassage[]): Point[] {
  const point = (severity: Point['severity']) => (sentence: Sentence) => ({
    severity,
    title: clip(
      `${sentence.passage.source} ${sectionOf(sentence.passage.locator)}: ${oneLine(sentence.text)}`,
      300,
    ),
    body: `${sentence.passage.locator} of ${sentence.passage.source} says: "${oneLine(sentence.text)}"`,
    citations: [citeSentence(sentence)],
  });
  const perPassage = passages.map(sentencesOf);
  return [
    ...perPassage.flatMap((list) => list.filter(prohibits).slice(0, 1)).map(point('high')),
    ...perPassage
      .flatMap((list) => list.filter((one) => requires(one) && !prohibits(one)).slice(0, 1))
      .map(point('medium')),
  ];
}

/** What the passages say on the objective, for documents that no tool can inspect. */
export const statements = (passages: readonly RankedPassage[], most = 3): Point[] =>
  passages.slice(0, most).flatMap((passage) => {
    const [first] = sentencesOf(passage);
    const quote = first?.text ?? passage.text.slice(0, 300);
    return [
      {
        severity: 'info' as const,
        title: clip(`${passage.source} ${sectionOf(passage.locator)}: ${oneLine(quote)}`, 300),
        body: `Bears on the objective: "${clip(oneLine(passage.text), 1_500)}"`,
        citations: [{ source: passage.source, locator: passage.locator, quote }],
      },
    ];
  });
