import { Button } from '@cloudflare/kumo/components/button';
import {
  ArrowsClockwiseIcon,
  CheckSquareOffsetIcon,
  DownloadSimpleIcon,
  HandshakeIcon,
  type Icon,
  StepsIcon,
  WarningDiamondIcon,
} from '@phosphor-icons/react';
import { lazy, Suspense, useState } from 'react';
import type { ConsensusView, Orchestration } from '#contract/pipeline.ts';
import type { Fallback } from '#domain/pipeline/states.ts';
import { useCaller } from '../../api/session.tsx';
import { ProseLine } from '../../components/prose.tsx';
import { mayOperate } from '../../models/controls.ts';
import { fallbackText, offeredTo } from '../../models/fallback-text.ts';
import { plural } from '../../models/format.ts';
import { Minority } from './minority.tsx';

/** Fetched when somebody chooses: most runs agree (UI-2). */
const FallbackDialog = lazy(() =>
  import('./fallback-dialog.tsx').then((m) => ({ default: m.FallbackDialog })),
);

const ICONS: Record<Fallback, Icon> = {
  rerun_same: ArrowsClockwiseIcon,
  rerun_gamma: HandshakeIcon,
  escalate_tier: StepsIcon,
  accept_partial: CheckSquareOffsetIcon,
  download_log: DownloadSimpleIcon,
};

interface OptionProps {
  option: ConsensusView['fallbacks'][number];
  tier: Orchestration['pipeline']['tier'];
  onPick(): void;
}

function Option({ option: { action, allowed, why_not }, tier, onPick }: OptionProps) {
  const { label, does } = fallbackText(action, tier);
  const Icon = ICONS[action];
  const why = `why-${action}`;
  return (
    <li className="flex min-w-0 flex-col items-start gap-1.5">
      <Button
        variant={action === 'rerun_gamma' && allowed ? 'primary' : 'secondary'}
        icon={<Icon />}
        disabled={!allowed}
        aria-describedby={why}
        onClick={onPick}
      >
        {label}
      </Button>
      <p id={why} className="text-sm text-kumo-subtle">
        {why_not === null ? does : <strong className="font-medium">Not now: {why_not}</strong>}
      </p>
    </li>
  );
}

interface Props {
  /** As it is now; a decision is never about the past. */
  run: Orchestration;
  consensus: ConsensusView;
}

/** CONS-9, REC-1: why the agents could not agree, and what a person can do about it. */
export function ConsensusAlert({ run, consensus }: Props) {
  const caller = useCaller();
  const [picked, setPicked] = useState<Fallback | null>(null);
  const { failure } = run.recovery;
  if (!failure) return null;
  const asked = run.approvals.find((a) => a.status === 'pending');
  const passing = consensus.proposals.some((p) => p.passes);
  const facts = [
    plural(consensus.proposals.length, 'proposal'),
    `${consensus.conflicts} in conflict`,
    `round ${failure.round} of at most ${run.pipeline.limits.rounds}`,
    ...(passing ? [] : ['none passes']),
  ];
  return (
    <section
      aria-labelledby="alert-title"
      className="rounded-xl border border-l-4 border-kumo-line border-l-kumo-warning bg-kumo-base p-4 sm:p-5"
    >
      <div className="flex gap-3">
        <WarningDiamondIcon
          size={26}
          weight="fill"
          aria-hidden="true"
          className="mt-0.5 shrink-0 text-kumo-warning"
        />
        <div className="min-w-0">
          <h2 id="alert-title" className="text-lg leading-snug font-semibold text-kumo-strong">
            No consensus: a person decides
          </h2>
          <p className="mt-1 break-words">
            <ProseLine text={`${failure.reason[0]?.toUpperCase()}${failure.reason.slice(1)}`} />
          </p>
          <p className="mt-0.5 text-sm text-kumo-subtle tabular">{facts.join(' · ')}</p>
        </div>
      </div>
      <Minority dissent={failure.minority_report} className="mt-4 sm:ml-9.5" />
      {mayOperate(caller) ? (
        <div className="mt-4 border-t border-kumo-line pt-4">
          <h3 className="mb-3 font-semibold">What now?</h3>
          {asked && (
            <p className="mb-3">
              Somebody asked to run again at tier {String(asked.arguments.tier)}.{' '}
              <a href="#approvals-title" className="text-kumo-link underline">
                Decide about it under Approvals
              </a>{' '}
              before anything else.
            </p>
          )}
          <ul className="grid gap-x-6 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
            {offeredTo(caller.role, run.pipeline.tier, consensus.fallbacks).map((option) => (
              <Option
                key={option.action}
                option={option}
                tier={run.pipeline.tier}
                onPick={() => setPicked(option.action)}
              />
            ))}
          </ul>
        </div>
      ) : (
        <p className="mt-4 text-sm text-kumo-subtle sm:ml-9.5">
          An operator or admin chooses what happens next. Without a decision it ends after seven days.
        </p>
      )}
      {picked && (
        <Suspense fallback={null}>
          <FallbackDialog action={picked} run={run} consensus={consensus} onClose={() => setPicked(null)} />
        </Suspense>
      )}
    </section>
  );
}
