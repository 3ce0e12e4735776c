import type { CitationDraft, ProposalDraft } from '#domain/agents/output.ts';
import { atLeast } from '#domain/governance/severity.ts';
import type { RankedPassage } from '#domain/inspection/index.ts';
import { bestSentence, type Directive, directive, procedure } from './directive.ts';
import { citeSentence, remedyOf } from './evidence.ts';
import { bySeverity, clip, isDefect, oneLine, type Point, uniqueCitations, weighty } from './point.ts';
import { bare, clause, type Sentence, sectionOf } from './sentences.ts';

export interface Material {
  objective: string;
  /** Everything known, from tools, documents and the blackboard. */
  points: readonly Point[];
  /** Passages that say what to do; empty for a proposal that rests on facts alone. */
  passages: readonly RankedPassage[];
  revises: string | null;
  /** RUN-5, `disagree`: the view to hold where nothing decides the matter, and a point to dwell on in this revision. */
  stand?: Point | null;
  emphasis?: Point | null;
}

const LEAST_PROCEDURE = 3;

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const where = ({ passage }: Sentence): string => `${passage.source} ${sectionOf(passage.locator)}`;
const count = (points: readonly Point[], severity: Point['severity']): number =>
  points.filter((point) => point.severity === severity).length;

/** "4 critical and 3 high findings" */
function tally(points: readonly Point[]): string {
  const parts = (['critical', 'high', 'medium'] as const)
    .map((severity) => ({ severity, number: count(points, severity) }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => `${number} ${severity}`);
  const total = points.filter(({ severity }) => atLeast(severity, 'medium')).length;
  return `${parts.join(' and ').replace(/ and (?=.* and )/, ', ')} finding${total === 1 ? '' : 's'}`;
}

/** The answer to "may we?", from what the tools found in the thing itself; null where nothing was inspected. */
function decision(defects: readonly Point[]): string | null {
  const subject = defects[0]?.citations[0]?.source;
  if (!subject) return null;
  if (weighty(defects).length > 0) return `Do not apply ${subject}`;
  const open = count(defects, 'medium');
  return open > 0
    ? `Apply ${subject} after settling ${tally(defects)}`
    : `Apply ${subject}: nothing above low was found`;
}

/** What the documents answer, where nothing was inspected: rule and way out, else the instruction, else the best sentence. */
function answerOf({ objective, passages, stand }: Material, way: Directive | null): string {
  const [held] = stand?.citations ?? [];
  if (held) return bare(held.quote);
  if (way?.prohibition)
    return `${bare(clause(way.prohibition))}; ${lowerFirst(bare(clause(way.instruction)))}`;
  const sentence = way?.instruction ?? bestSentence(passages, objective);
  return sentence ? bare(clause(sentence)) : 'Nothing in the context answers the objective';
}

function titleOf(material: Material, defects: readonly Point[], way: Directive | null): string {
  const decided = decision(defects);
  if (!decided) return answerOf(material, way);
  if (weighty(defects).length === 0) return decided;
  return `${decided}: ${way ? lowerFirst(bare(clause(way.instruction))) : tally(defects)}`;
}

function stepsOf(
  points: readonly Point[],
  instead: Sentence | null,
  passages: readonly RankedPassage[],
): string[] {
  const first = passages.find(({ locator, source }) =>
    instead ? instead.passage.locator === locator && instead.passage.source === source : true,
  );
  const other = passages.find((one) => one !== first && procedure(one).length >= LEAST_PROCEDURE);
  const procedures = [first, other].flatMap((passage) => (passage ? procedure(passage) : []));
  const written = procedures.map((step) => `${oneLine(step.text)} (${where(step)})`);
  const fixes = points
    .filter(({ severity }) => atLeast(severity, 'medium'))
    .flatMap((point) => {
      const remedy = remedyOf(point);
      const [address] = point.title.split(': ');
      return remedy ? [`${address}: ${oneLine(remedy)}`] : [];
    });
  return [...new Set([...written, ...fixes])].slice(0, 30).map((step) => clip(step, 1_000));
}

const cited = (point: Point): string => {
  const [first] = point.citations;
  return first ? ` (${first.source} ${first.locator})` : '';
};
/** A list that a person still reads; what is left off is counted. */
const MOST_BULLETS = 25;

const bullets = (points: readonly Point[]): string => {
  const left = points.length - MOST_BULLETS;
  return [
    ...points
      .slice(0, MOST_BULLETS)
      .map((point) => `- **${point.severity}** ${oneLine(point.title)}${cited(point)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
  ].join('\n');
};

function bodyOf(
  { objective, emphasis }: Material,
  title: string,
  defects: readonly Point[],
  rules: readonly Point[],
  instead: Sentence | null,
): string {
  const inspected = defects.filter(({ severity }) => atLeast(severity, 'low'));
  const kept = rules.filter(({ severity }) => atLeast(severity, 'medium'));
  const sections = [
    `${title}.`,
    `The question: ${clip(oneLine(objective), 600)}`,
    inspected.length > 0 ? `Found by inspection:\n${bullets(inspected)}` : '',
    instead ? `What the documents say to do:\n> ${oneLine(instead.text)} (${where(instead)})` : '',
    kept.length > 0 ? `Rules and remarks that bear on it:\n${bullets(kept)}` : '',
    emphasis ? `Weighs in particular:\n${bullets([emphasis])}` : '',
  ];
  return clip(sections.filter((section) => section !== '').join('\n\n'), 20_000);
}

/** Writes a proposal from what is known: decision, grounds, steps, and a citation for each of them. */
export function compose(material: Material): ProposalDraft {
  const { points, passages, revises, emphasis } = material;
  const sorted = bySeverity(points);
  const defects = sorted.filter(isDefect);
  const rules = sorted.filter((point) => !isDefect(point));
  const clean = defects.length > 0 && weighty(defects).length === 0;
  const question = [material.objective, ...weighty(defects).map(({ title }) => title)].join('\n');
  const way = clean ? null : directive(passages, question);
  const instead = way?.instruction ?? null;
  const title = clip(oneLine(titleOf(material, defects, way)), 300);
  return {
    revises,
    title,
    body: bodyOf(material, title, defects, rules, instead),
    steps: stepsOf(sorted, instead, clean ? [] : passages),
    actions: [],
    citations: uniqueCitations(groundsOf(sorted, emphasis ?? null, instead, passages), 60),
  };
}

/** First one citation for each grave point, so that none falls off the end; then the rest in the order of their weight. */
function groundsOf(
  sorted: readonly Point[],
  emphasis: Point | null,
  instead: Sentence | null,
  passages: readonly RankedPassage[],
): CitationDraft[] {
  return [
    ...weighty(sorted).flatMap(({ citations }) => citations.slice(0, 1)),
    ...(emphasis?.citations ?? []),
    ...(instead ? [citeSentence(instead)] : []),
    ...sorted.filter(({ severity }) => severity === 'medium').flatMap(({ citations }) => citations),
    ...passages.flatMap((passage) => procedure(passage).slice(0, 1).map(citeSentence)),
    ...sorted.flatMap(({ citations }) => citations),
  ];
}
