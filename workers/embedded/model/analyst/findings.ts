import type { RankedPassage } from '#domain/inspection/index.ts';
import { obeyed, orders, otherRefusals, refusals } from './addresses.ts';
import {
  defectsOf,
  type Inspected,
  inspections,
  obligations,
  relevantPassages,
  statements,
} from './evidence.ts';
import { bySeverity, isDefect, type Point, unknownTo } from './point.ts';
import type { Reading } from './reading.ts';

/** One line on an inspected document, so that a clean result is on record too. */
export function overview({ document, inspection }: Inspected): Point {
  const { counts, blast_radius, score } = inspection;
  const parts = [
    `${counts.create} to create`,
    `${counts.update} to update`,
    `${counts.replace} to replace`,
    `${counts.destroy} to destroy`,
  ];
  return {
    severity: 'info',
    title: `${document}: ${parts.join(', ')}; blast radius ${blast_radius.level}, risk ${score} of 100`,
    body: `Changed: ${blast_radius.changed}. Destroyed or replaced: ${blast_radius.destroyed}, of which ${blast_radius.stateful_destroyed} hold data. Depending on them: ${blast_radius.dependents.join(', ') || 'none'}.`,
    citations: [{ source: document, locator: '/format_version', quote: inspection.format_version }],
  };
}

/** What one turn may write down; the worst come first. */
const MOST_FINDINGS = 60;

export interface Findings {
  /** New on the blackboard with this turn. */
  fresh: Point[];
  known: Point[];
  passages: RankedPassage[];
}

/** ALPHA's: what tools show in the thing itself; what documents say only where no tool has shown anything. */
function researched(reading: Reading): Findings {
  const inspected = inspections(reading);
  const overviews = inspected.map(overview);
  const facts = [...inspected.flatMap(defectsOf), ...overviews];
  const noticed = [...orders(reading), ...refusals(reading), ...otherRefusals(reading), ...obeyed(reading)];
  const factual = [...facts, ...reading.board.findings].some(isDefect);
  const passages = factual ? [] : relevantPassages(reading);
  const said = [...obligations(passages), ...(factual ? [] : statements(passages))];
  return gathered(reading, bySeverity([...facts, ...noticed, ...said]), passages, overviews);
}

/** BETA's and GAMMA's: the rules that documents lay down for the case, read in the light of what is known of it. */
function synthesised(reading: Reading): Findings {
  const risks: Point[] = (reading.board.report?.risks ?? []).map((risk) => ({ ...risk, body: '' }));
  const hints = [...risks, ...reading.board.findings].filter(isDefect).map(({ title }) => title);
  const passages = relevantPassages(reading, hints.slice(0, 12));
  const { fresh, known } = gathered(reading, obligations(passages), passages);
  return { fresh, known: [...known, ...unknownTo(known, risks)], passages };
}

/** `always` are written down even when the worst fill the turn. */
function gathered(
  reading: Reading,
  points: readonly Point[],
  passages: RankedPassage[],
  always: readonly Point[] = [],
): Findings {
  const found = unknownTo(reading.board.findings, points);
  const worst = found.filter((point) => !always.includes(point)).slice(0, MOST_FINDINGS - always.length);
  return {
    fresh: [...worst, ...found.filter((point) => always.includes(point))],
    known: [...reading.board.findings, ...found],
    passages,
  };
}

export const findingsOf = (reading: Reading): Findings =>
  reading.seat === 'ALPHA' ? researched(reading) : synthesised(reading);
