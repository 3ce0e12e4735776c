import { CheckCircleIcon, GearSixIcon, HandIcon, type Icon, XCircleIcon } from '@phosphor-icons/react';
import type { Orchestration, Pipeline } from '#contract/pipeline.ts';
import { toPipeline } from '#contract/views.ts';
import { TIER_NAMES } from '#domain/governance/tier.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { useCaller } from '../../api/session.tsx';
import { useNow } from '../../components/clock.tsx';
import { ProseLine } from '../../components/prose.tsx';
import { controlsFor } from '../../models/controls.ts';
import { count, dateTime, duration, money, providerName } from '../../models/format.ts';
import { EXIT_TEXT } from '../../models/outcome-text.ts';
import { describeRun, type Tone } from '../../models/sentence.ts';
import { Controls } from './controls.tsx';
import { RecoveryBadges } from './recovery-badges.tsx';

const LOOK: Record<Tone, { Icon: Icon; color: string; edge: string }> = {
  working: { Icon: GearSixIcon, color: 'text-kumo-info', edge: 'border-l-kumo-info' },
  waiting: { Icon: HandIcon, color: 'text-kumo-warning', edge: 'border-l-kumo-warning' },
  success: { Icon: CheckCircleIcon, color: 'text-kumo-success', edge: 'border-l-kumo-success' },
  danger: { Icon: XCircleIcon, color: 'text-kumo-danger', edge: 'border-l-kumo-danger' },
};

function Facts({ pipeline: p }: { pipeline: Pipeline }) {
  const now = useNow();
  const until = p.ended_at ? Date.parse(p.ended_at) : now;
  const facts: [string, string][] = [
    ['Tier', `${p.tier} (${TIER_NAMES[p.tier]})`],
    ['Model', p.providers.map(providerName).join(', ') || 'none of ours'],
    ['Tokens', count(p.usage.tokens_in + p.usage.tokens_out)],
    ['Cost', money(p.usage.cost_microusd)],
    [isEnded(p.state) ? 'Took' : 'Running for', duration(until - Date.parse(p.created_at))],
    ['Started', dateTime(p.created_at)],
  ];
  if (p.exit_code !== null) facts.unshift(['Exit code', `${p.exit_code} (${EXIT_TEXT[p.exit_code]})`]);
  return (
    <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-2 text-sm sm:flex sm:flex-wrap">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="text-kumo-subtle">{name}</dt>
          <dd className="font-medium tabular">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Props {
  shown: Orchestration;
  /** Why it ended, in its own words. */
  detail: string | null;
  live: PipelineState;
}

/** The one sentence of UI-4, with the buttons that fit the newest state. */
export function Status({ shown, detail, live }: Props) {
  const caller = useCaller();
  const sentence = describeRun(shown, detail);
  const { Icon, color, edge } = LOOK[sentence.tone];
  return (
    <section aria-label="Status" className={`panel border-l-4 p-4 sm:p-5 ${edge}`}>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="flex min-w-0 flex-1 basis-80 gap-3">
          <Icon size={26} weight="fill" className={`mt-0.5 shrink-0 ${color}`} aria-hidden="true" />
          <div className="min-w-0">
            <p role="status" className="text-lg leading-snug wrap-anywhere font-medium text-kumo-strong">
              {sentence.text}
              {sentence.next && <span className="font-normal text-kumo-subtle"> Next: {sentence.next}.</span>}
            </p>
            <p className="mt-1 text-kumo-subtle">
              <ProseLine text={shown.pipeline.objective} />
            </p>
          </div>
        </div>
        <Controls controls={controlsFor(live, caller)} pipeline={toPipeline(live)} />
      </div>
      <Facts pipeline={shown.pipeline} />
      <RecoveryBadges run={shown} />
    </section>
  );
}
