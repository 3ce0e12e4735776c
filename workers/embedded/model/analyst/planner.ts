import type { PlannerReport } from '#domain/agents/output.ts';
import { addresses } from './addresses.ts';
import { defectsOf, inspections, obligations, relevantPassages } from './evidence.ts';
import { overview } from './findings.ts';
import { bySeverity, clip, oneLine, type Point, uniqueCitations, weighty } from './point.ts';
import type { Reading } from './reading.ts';
import { sectionOf, sentencesOf } from './sentences.ts';

/** A planner takes a first look: it names the worst, and leaves the full account to the researcher. */
const RISKS = 3;

/** 0–100: grows with the changes to weigh, the documents to read and the severity of what a first look shows. */
function complexity({ documents }: Reading, changes: number, risks: readonly Point[]): number {
  const critical = risks.filter(({ severity }) => severity === 'critical').length;
  return Math.min(
    100,
    10 +
      Math.min(40, changes) +
      Math.min(20, 3 * documents.length) +
      Math.min(30, 3 * critical + 2 * (weighty(risks).length - critical)),
  );
}

/** PIPE-3: the report, from the documents and from inspections where the tool was offered. */
export function plannerReport(reading: Reading): PlannerReport {
  const inspected = inspections(reading);
  const defects = bySeverity(inspected.flatMap(defectsOf));
  const passages = relevantPassages(
    reading,
    weighty(defects).map(({ title }) => title),
  );
  const rules = obligations(passages);
  const risks = bySeverity(defects.length > 0 ? defects : rules).slice(0, RISKS);
  const changes = inspected.reduce((sum, { inspection }) => sum + inspection.blast_radius.changed, 0);
  const named = passages.map(({ source, locator }) => `${source} ${sectionOf(locator)}`);
  const terraform = reading.documents.filter((document) => document.terraform);
  return {
    summary: clip(
      [
        oneLine(reading.objective) || 'No objective was given.',
        ...inspected.map((one) => `${overview(one).title}.`),
        named.length > 0 ? `Bearing on it: ${named.join(', ')}.` : 'No passage of the context bears on it.',
      ].join(' '),
      8_000,
    ),
    tasks: [
      ...terraform.map(({ name }) => ({
        title: clip(`Judge each change of ${name}`, 300),
        detail:
          'Destroyed data, exposure, privilege, secrets and forbidden targets, each with its JSON pointer.',
      })),
      ...passages.map((passage) => ({
        title: clip(`Weigh ${passage.source} ${passage.locator}`, 300),
        detail: clip(oneLine(sentencesOf(passage)[0]?.text ?? ''), 2_000),
      })),
    ],
    risks: risks.map(({ severity, title, citations }) => ({
      severity,
      title: clip(oneLine(title), 300),
      citations: uniqueCitations(citations, 10),
    })),
    proposed_actions: [
      ...terraform.map(({ name }) => ({
        tool: 'terraform_inspect',
        target: clip(name, 500),
        reason: 'Judged without being executed.',
      })),
      ...addresses(reading).map(({ url, document }) => ({
        tool: 'http_get',
        target: clip(url, 500),
        reason: clip(`Named in ${document.name}.`, 1_000),
      })),
    ].slice(0, 40),
    complexity: complexity(reading, changes, risks),
  };
}
