import type { CitationDraft, FindingDraft } from '#domain/agents/output.ts';
import { atLeast, type Severity, severityRank } from '#domain/governance/severity.ts';

/** Something that a good proposal has to take into account: a finding, whoever made it. */
export interface Point {
  severity: Severity;
  title: string;
  body: string;
  citations: CitationDraft[];
}

export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`;
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The citation with nothing but its own fields, so that a copy from the blackboard travels like a new one. */
export const citation = ({ source, locator, quote }: CitationDraft): CitationDraft => ({
  source: clip(source, 300),
  locator: clip(locator, 500),
  quote: quote.slice(0, 2_000),
});

export const place = ({ source, locator }: CitationDraft): string => `${source} ${locator}`;

export const uniqueCitations = (citations: readonly CitationDraft[], max: number): CitationDraft[] =>
  [...new Map(citations.map((one) => [`${place(one)} ${one.quote}`, citation(one)])).values()].slice(0, max);

/** Worst first; what is equally bad keeps its order. */
export const bySeverity = <T extends { severity: Severity }>(points: readonly T[]): T[] =>
  [...points].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));

const key = (point: Point): string => `${point.citations[0] ? place(point.citations[0]) : ''}|${point.title}`;

/** Points of `more` that `known` has not got. */
export function unknownTo(known: readonly Point[], more: readonly Point[]): Point[] {
  const keys = new Set(known.map(key));
  return more.filter((point) => !keys.has(key(point)) && keys.add(key(point)));
}

export const weighty = (points: readonly Point[]): Point[] =>
  points.filter(({ severity }) => atLeast(severity, 'high'));

/** A point located by a JSON pointer is a defect of the thing itself; one in prose is a rule that applies to it. */
export const isDefect = (point: Point): boolean => point.citations[0]?.locator.startsWith('/') ?? false;

/** Points that the citations leave out. A point without citations cannot be checked and is held against nobody. */
export function missingFrom(citations: readonly CitationDraft[], points: readonly Point[]): Point[] {
  const covered = new Set(citations.map(place));
  return points.filter(
    (point) => point.citations.length > 0 && !point.citations.some((one) => covered.has(place(one))),
  );
}

export const asFinding = ({ severity, title, body, citations }: Point): FindingDraft => ({
  severity,
  title: clip(oneLine(title), 300),
  body: clip(body, 8_000),
  citations: uniqueCitations(citations, 20),
});
