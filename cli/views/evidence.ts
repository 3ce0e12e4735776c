import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { isRedacted } from '#domain/ledger/evidence/package.ts';
import { bodyOf } from '#domain/ledger/evidence/read.ts';
import { CHECKS, type Check, type EvidenceReport } from '#domain/ledger/evidence/verify.ts';
import type { Style } from '../terminal/style.ts';
import { padEnd, printable } from '../terminal/text.ts';

const mark = (status: Check['status'], style: Style): string =>
  ({
    passed: style.good('✔'),
    failed: style.bad('✘'),
    redacted: style.caution('▒'),
    skipped: style.faint('–'),
  })[status];

const NAME_WIDTH = 11;

/** One line a check; below it, where it does not hold. */
export function reportLines(report: EvidenceReport, style: Style): string[] {
  const { subject, outcome, redacted, witnesses } = report;
  const lines = report.checks.flatMap(({ name, status, findings }) => [
    `${mark(status, style)} ${style.strong(padEnd(name, NAME_WIDTH))} ${CHECKS[name]}${status === 'passed' ? '' : style.faint(` (${status})`)}`,
    ...findings.map(
      (f) => `    ${style.bad(printable(f.at === '' ? 'the file' : f.at))}: ${printable(f.why)}`,
    ),
  ]);
  if (redacted.length > 0)
    lines.push(style.caution(`▒ erased: the content of events ${redacted.join(', ')}`));
  const about = subject
    ? `pipeline ${subject.pipeline_id}, number ${subject.number} of ${subject.tenant}, ${subject.events} events`
    : 'the package';
  const end = outcome ? `, ${outcome.state} with exit code ${outcome.exit_code}` : '';
  const by = witnesses.length > 0 ? `, witnessed by ${witnesses.join(', ')}` : '';
  lines.push(
    report.verified
      ? style.good(printable(`Verified: ${about}${end}${by}.`))
      : style.bad(printable(`Not verified: ${about}. Do not rely on it.`)),
  );
  return lines;
}

/** What an event says in one line, as far as it is not erased. */
function eventLine(given: EvidencePackage, seq: number, style: Style): string {
  const event = given.events[seq - 1];
  if (!event) return `  ${seq}`;
  const said = isRedacted(event)
    ? style.caution('erased')
    : Object.entries(bodyOf(event))
        .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' ')
        .slice(0, 160);
  return `  ${padEnd(String(seq), 5)} ${event.at} ${padEnd(event.type, 24)} ${printable(said)}`;
}

const TITLES = {
  verdict: 'Verdict inputs',
  approvals: 'Approvals',
  tokens: 'Tokens',
  actions: 'Actions',
} as const;

export function packageLines(given: EvidencePackage, report: EvidenceReport, style: Style): string[] {
  const parts = (Object.keys(TITLES) as (keyof typeof TITLES)[]).flatMap((part) => [
    style.strong(`${TITLES[part]} (${given.index[part].length})`),
    ...given.index[part].map((seq) => eventLine(given, seq, style)),
  ]);
  const policies = given.policies.map(
    ({ version, documents }) =>
      `  ${version}  ${documents.length === 0 ? style.caution('text not included') : documents.map((d) => d.name).join(', ')}`,
  );
  const last = reportLines(report, style).at(-1) ?? '';
  return [...parts, style.strong(`Policies in force (${policies.length})`), ...policies, last];
}
