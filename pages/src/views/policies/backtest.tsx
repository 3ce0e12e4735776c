import { Badge } from '@cloudflare/kumo/components/badge';
import { ArrowRightIcon } from '@phosphor-icons/react';
import { Link } from 'wouter';
import type { BacktestResult } from '#contract/policies.ts';
import { dateTime } from '../../models/format.ts';
import { backtestText, DECISION_TEXT } from '../../models/policies.ts';

type Change = BacktestResult['changes'][number];

const Decision = ({ decision }: { decision: keyof typeof DECISION_TEXT }) => (
  <Badge variant={DECISION_TEXT[decision].variant}>{DECISION_TEXT[decision].label}</Badge>
);

function ChangeLine({ change: c }: { change: Change }) {
  return (
    <li className="border-t border-kumo-line px-4 py-3 first:border-t-0">
      <p className="font-mono text-sm break-all">
        <span className="font-semibold">{c.tool}</span>
        {c.target && <span className="text-kumo-subtle"> → {c.target}</span>}
      </p>
      <p className="mt-1 flex flex-wrap items-center gap-2 text-sm">
        <Decision decision={c.was.decision} />
        <ArrowRightIcon aria-hidden="true" />
        <span className="sr-only">would be</span>
        <Decision decision={c.would_be.decision} />
        <span className="font-mono text-xs break-all text-kumo-subtle">
          {c.would_be.determining.join(', ')}
        </span>
      </p>
      <p className="mt-1 text-sm break-words">{c.would_be.reason}</p>
      <p className="mt-1 text-sm text-kumo-subtle tabular">
        <Link href={`/pipelines/${c.pipeline_id}`} className="text-kumo-link underline">
          Its pipeline
        </Link>{' '}
        · {dateTime(c.at)} · judged under {c.was.policy_version}
      </p>
    </li>
  );
}

const SIDES = [
  { direction: 'stricter', title: 'Would be stricter' },
  { direction: 'looser', title: 'Would be looser' },
] as const;

/** GOV-4: the draft against what really happened, both ways. */
export function Backtest({ result }: { result: BacktestResult }) {
  return (
    <section aria-labelledby="backtest" className="mt-6">
      <h2 id="backtest" className="font-semibold text-kumo-strong">
        Against what happened
      </h2>
      <p role="status" className="mt-1">
        {backtestText(result)}
      </p>
      {(result.skipped > 0 || result.truncated) && (
        <p className="mt-1 text-sm text-kumo-subtle">
          {result.skipped > 0 && `${result.skipped} were recorded without their facts and left out. `}
          {result.truncated && 'There are more recorded actions than were looked at; the newest come first.'}
        </p>
      )}
      <div className="mt-3 grid items-start gap-4 lg:grid-cols-2">
        {SIDES.map(({ direction, title }) => {
          const changes = result.changes.filter((c) => c.direction === direction);
          if (changes.length === 0) return null;
          return (
            <section key={direction} aria-label={title} className="min-w-0">
              <h3 className="mb-2 font-medium">
                {title} <span className="text-kumo-subtle tabular">{changes.length}</span>
              </h3>
              <ul className="panel">
                {changes.map((c) => (
                  <ChangeLine key={c.action_id} change={c} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </section>
  );
}
