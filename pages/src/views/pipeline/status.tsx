import { Button } from '@cloudflare/kumo/components/button';
import { useKumoToastManager } from '@cloudflare/kumo/components/toast';
import {
  CheckCircleIcon,
  GearSixIcon,
  HandIcon,
  PlayIcon,
  StopIcon,
  XCircleIcon,
} from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Orchestration, Pipeline } from '#contract/pipeline.ts';
import { TIER_NAMES } from '#domain/governance/tier.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { ags, failureOf } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useNow } from '../../components/clock.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ProseLine } from '../../components/prose.tsx';
import { controlsFor } from '../../models/controls.ts';
import { count, dateTime, duration, money, providerName } from '../../models/format.ts';
import { EXIT_TEXT } from '../../models/outcome-text.ts';
import { describeRun, type Tone } from '../../models/sentence.ts';

const LOOK: Record<Tone, { Icon: typeof PlayIcon; color: string; edge: string }> = {
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
    ['Model', p.providers.map(providerName).join(', ')],
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

/** REC-4: the attempts before and after this one. */
function Lineage({ pipeline: p }: { pipeline: Pipeline }) {
  const links = [
    ['Resumes', p.predecessor_id],
    ['Continued by', p.successor_id],
  ].filter(([, id]) => id !== null);
  if (links.length === 0) return null;
  return (
    <p className="mt-3 flex flex-wrap gap-x-4 text-sm">
      {links.map(([label, id]) => (
        <span key={label}>
          <span className="text-kumo-subtle">{label}</span>{' '}
          <Link href={`/pipelines/${id}`} className="font-mono text-kumo-link underline">
            {id}
          </Link>
        </span>
      ))}
      <span className="text-kumo-subtle">attempt {p.attempt}</span>
    </p>
  );
}

interface Props {
  shown: Orchestration;
  /** Why it ended, in its own words. */
  detail: string | null;
  live: Pipeline;
}

/** The one sentence of UI-4, with the buttons that fit the newest state. */
export function Status({ shown, detail, live }: Props) {
  const caller = useCaller();
  const toasts = useKumoToastManager();
  const [stopping, setStopping] = useState(false);
  const [busy, setBusy] = useState(false);
  const controls = controlsFor(live, caller);
  const sentence = describeRun(shown, detail);
  const { Icon, color, edge } = LOOK[sentence.tone];

  const attempt = async (act: () => Promise<unknown>, done: string): Promise<boolean> => {
    setBusy(true);
    try {
      await act();
      toasts.add({ variant: 'success', title: done });
      return true;
    } catch (error) {
      const { title, detail } = failureOf(error);
      toasts.add({ variant: 'error', title, description: detail });
      return false;
    } finally {
      setBusy(false);
    }
  };
  const proceed = () => attempt(() => ags.continuePipeline(live.pipeline_id), 'Continued');
  const stop = (reason: string) =>
    attempt(() => ags.revoke({ pipeline_id: live.pipeline_id, reason }), 'Stopped: the gate is closed');

  return (
    <section aria-label="Status" className={`panel border-l-4 p-4 sm:p-5 ${edge}`}>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="flex min-w-0 flex-1 basis-80 gap-3">
          <Icon size={26} weight="fill" className={`mt-0.5 shrink-0 ${color}`} aria-hidden="true" />
          <div className="min-w-0">
            <p role="status" className="text-lg leading-snug font-medium text-kumo-strong">
              {sentence.text}
              {sentence.next && <span className="font-normal text-kumo-subtle"> Next: {sentence.next}.</span>}
            </p>
            <p className="mt-1 text-kumo-subtle">
              <ProseLine text={shown.pipeline.objective} />
            </p>
          </div>
        </div>
        {(controls.continue || controls.stop) && (
          <div className="flex gap-2">
            {controls.continue && (
              <Button
                variant="primary"
                icon={<PlayIcon weight="fill" />}
                loading={busy}
                onClick={() => void proceed()}
              >
                Continue
              </Button>
            )}
            {controls.stop && (
              <Button
                variant="secondary-destructive"
                icon={<StopIcon weight="fill" />}
                onClick={() => setStopping(true)}
              >
                Stop
              </Button>
            )}
          </div>
        )}
      </div>
      <Facts pipeline={shown.pipeline} />
      <Lineage pipeline={shown.pipeline} />
      {stopping && (
        <ConfirmDialog
          open
          onClose={() => setStopping(false)}
          title={`Stop ${live.plan_name} #${live.number}?`}
          description="Its gate closes at once, all of its tokens are revoked in Vault, and it ends as FAILED with exit code 1. This cannot be undone; the log and the proposals so far stay."
          confirm="Stop and revoke"
          reason="Stopped from the dashboard"
          onConfirm={stop}
        />
      )}
    </section>
  );
}
