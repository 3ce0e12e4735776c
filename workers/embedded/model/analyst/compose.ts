import type { ProposalDraft } from '#domain/agents/output.ts';
import { atLeast } from '#domain/governance/severity.ts';
import type { RankedPassage } from '#domain/inspection/index.ts';
import { directive, procedure } from './directive.ts';
import { citeSentence, remedyOf } from './evidence.ts';
import { bySeverity, clip, isDefect, oneLine, type Point, uniqueCitations, weighty } from './point.ts';
import { clause, type Sentence, sectionOf } from './sentences.ts';

export interface Material {
  objective: string;
  /** Everything known, from tools, documents and the blackboard. */
  points: readonly Point[];
  /** Passages that say what to do; empty for a proposal that rests on facts alone. */
  passages: readonly RankedPassage[];
  revises: string | null;
  /** A point to dwell on, so that a revision differs from the one before. */
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

function titleOf(
  defects: readonly Point[],
  instead: Sentence | null,
  passages: readonly RankedPassage[],
): string {
  const decided = decision(defects);
  const serious = weighty(defects).length > 0;
  if (decided && !serious) return decided;
  if (decided) return `${decided}: ${instead ? lowerFirst(clause(instead)) : tally(defects)}`;
  if (instead) return clause(instead);
  const [best] = passages;
  return best ? `Follow ${best.source} ${best.locator}` : 'Nothing in the context answers the objective';
}

function stepsOf(
  defects: readonly Point[],
  instead: Sentence | null,
  passages: readonly RankedPassage[],
): string[] {
  const first = passages.find(({ locator, source }) =>
    instead ? instead.passage.locator === locator && instead.passage.source === source : true,
  );
  const other = passages.find((one) => one !== first && procedure(one).length >= LEAST_PROCEDURE);
  const procedures = [first, other].flatMap((passage) => (passage ? procedure(passage) : []));
  const written = procedures.map((step) => `${oneLine(step.text)} (${where(step)})`);
  const fixes = defects
    .filter(({ severity }) => atLeast(severity, 'medium'))
    .flatMap((defect) => {
      const remedy = remedyOf(defect);
      const [address] = defect.title.split(': ');
      return remedy ? [`${address}: ${oneLine(remedy)}`] : [];
    });
  return [...new Set([...written, ...fixes])].slice(0, 30).map((step) => clip(step, 1_000));
}

const cited = (point: Point): string => {
  const [first] = point.citations;
  return first ? ` (${first.source} ${first.locator})` : '';
};
const bullets = (points: readonly Point[]): string =>
  points.map((point) => `- **${point.severity}** ${oneLine(point.title)}${cited(point)}`).join('\n');

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
  const instead = clean ? null : directive(passages, question);
  const title = clip(titleOf(defects, instead, passages), 300);
  return {
    revises,
    title,
    body: bodyOf(material, title, defects, rules, instead),
    steps: stepsOf(defects, instead, clean ? [] : passages),
    actions: [],
    citations: uniqueCitations(
      [
        ...weighty(sorted),
        ...(emphasis ? [emphasis] : []),
        ...sorted.filter(({ severity }) => severity === 'medium'),
      ]
        .flatMap((point) => point.citations)
        .concat(instead ? [citeSentence(instead)] : [])
        .concat(passages.flatMap((passage) => procedure(passage).slice(0, 1).map(citeSentence)))
        .concat(sorted.flatMap((point) => point.citations)),
      60,
    ),
  };
}
