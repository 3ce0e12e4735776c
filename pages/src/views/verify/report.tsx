import {
  CheckCircleIcon,
  EraserIcon,
  type Icon,
  MinusCircleIcon,
  SealCheckIcon,
  SealWarningIcon,
  XCircleIcon,
} from '@phosphor-icons/react';
import type { Check, EvidenceReport } from '#domain/ledger/evidence/verify.ts';
import { checkTitle, VERDICT_TEXT, type Verdict, verdictOf } from '../../models/evidence.ts';
import { exact, plural } from '../../models/format.ts';
import { reasonText } from '../../models/outcome-text.ts';

const LOOK: Record<Check['status'], { Icon: Icon; color: string; says: string }> = {
  passed: { Icon: CheckCircleIcon, color: 'text-kumo-success', says: 'passed' },
  failed: { Icon: XCircleIcon, color: 'text-kumo-danger', says: 'failed' },
  redacted: { Icon: EraserIcon, color: 'text-kumo-warning', says: 'erased' },
  skipped: { Icon: MinusCircleIcon, color: 'text-kumo-subtle', says: 'not looked at' },
};

const EDGE: Record<Verdict, string> = {
  verified: 'border-l-kumo-success',
  redacted: 'border-l-kumo-warning',
  refused: 'border-l-kumo-danger',
};

function CheckLine({ check: { name, status, findings } }: { check: Check }) {
  const { Icon, color, says } = LOOK[status];
  return (
    <li className="flex items-start gap-2.5 border-t border-kumo-line px-4 py-2.5 first:border-t-0">
      <Icon size={20} weight="fill" aria-hidden="true" className={`mt-px shrink-0 ${color}`} />
      <div className="min-w-0">
        <p>
          {checkTitle(name)} <span className="text-sm text-kumo-subtle">({says})</span>
        </p>
        {findings.length > 0 && (
          <ul className="mt-1 text-sm">
            {findings.map((f) => (
              <li key={`${f.at} ${f.why}`} className="break-words text-kumo-danger">
                <span className="font-mono text-xs">{f.at || 'the whole file'}</span>: {f.why}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** LEDG-3: the answer first, then each check with the places where it failed. */
export function Report({ report, name }: { report: EvidenceReport; name: string }) {
  const verdict = verdictOf(report);
  const { title, detail } = VERDICT_TEXT[verdict];
  const { subject, outcome, redacted, witnesses } = report;
  const Seal = verdict === 'refused' ? SealWarningIcon : SealCheckIcon;
  return (
    <section aria-labelledby="report" className="flex flex-col gap-4">
      <div className={`panel border-l-4 p-4 sm:p-5 ${EDGE[verdict]}`}>
        <h2 id="report" className="flex items-center gap-2 text-lg font-semibold text-kumo-strong">
          <Seal size={26} weight="fill" aria-hidden="true" />
          {title}
        </h2>
        <p className="mt-1" role="status">
          {detail}
        </p>
        <p className="mt-1 text-sm break-all text-kumo-subtle">{name}</p>
        {report.verified && subject && (
          <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-2 text-sm tabular sm:flex sm:flex-wrap">
            {(
              [
                ['Tenant', subject.tenant],
                ['Pipeline', `#${subject.number}, ${subject.pipeline_id}`],
                ['Events', exact(subject.events)],
                [
                  'Outcome',
                  outcome
                    ? `${outcome.state}, exit ${outcome.exit_code}: ${reasonText(outcome.reason)}`
                    : 'none yet',
                ],
                ['Tokens', outcome?.sealed ? 'all confirmed gone' : 'not all confirmed gone'],
                ['Erased', redacted.length === 0 ? 'nothing' : plural(redacted.length, 'event')],
                ['Witnesses', witnesses.join(', ') || 'none'],
              ] as const
            ).map(([term, value]) => (
              <div key={term} className="min-w-0">
                <dt className="text-kumo-subtle">{term}</dt>
                <dd className="font-medium break-all">{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <ul className="panel" aria-label="Checks">
        {report.checks.map((check) => (
          <CheckLine key={check.name} check={check} />
        ))}
      </ul>
    </section>
  );
}
