import { Button } from '@cloudflare/kumo/components/button';
import { BroadcastIcon, PauseIcon, PlayIcon, SkipBackIcon, SkipForwardIcon } from '@phosphor-icons/react';
import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { useCaller } from '../../api/session.tsx';
import { mayOperate } from '../../models/controls.ts';
import { eventText, type MarkKind, marksOf, rolesOf } from '../../models/event-text.ts';
import { exact, timeOfDay } from '../../models/format.ts';
import { Fork } from './fork.tsx';
import type { TimeTravel } from './use-time-travel.ts';

const MARK: Record<MarkKind, string> = {
  milestone: 'bg-kumo-subtle',
  proposal: 'bg-kumo-info',
  refusal: 'bg-kumo-danger',
  verdict: 'bg-kumo-success',
};

/** A replay of any length takes about this long (seconds); no frame is longer than a tenth of one. */
const REPLAY_S = 20;

interface Props {
  pipelineId: string;
  events: readonly PipelineEvent[];
  version: number;
  travel: TimeTravel;
}

/** UI-4: a time-travel slider over the whole page. Arrow keys step by one event, Page keys by a tenth. */
export function Player({ pipelineId, events, version, travel }: Props) {
  const operator = mayOperate(useCaller());
  const { seq, head, past, go, toLive } = travel;
  const [playing, setPlaying] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells that there are more events.
  const { marks, roles } = useMemo(
    () => ({ marks: marksOf(events), roles: rolesOf(events) }),
    [events, version],
  );
  const event = events[seq - 1];

  const advance = useEffectEvent((by: number) => {
    if (seq + by >= head) setPlaying(false);
    go(seq + by);
  });
  useEffect(() => {
    if (!playing) return;
    const tick = 100;
    const by = Math.max(1, Math.round((head * tick) / (REPLAY_S * 1_000)));
    const every = Math.max(tick, Math.min(500, (REPLAY_S * 1_000 * by) / head));
    const timer = setInterval(() => advance(by), every);
    return () => clearInterval(timer);
  }, [playing, head]);

  const play = () => {
    if (!playing && !past) go(1);
    setPlaying(!playing);
  };
  const pick = (to: number) => {
    setPlaying(false);
    go(to);
  };
  if (!event) return null;
  const position = head > 1 ? ((seq - 1) / (head - 1)) * 100 : 100;
  const text = eventText(event, roles);
  return (
    <section
      aria-label="Time travel"
      className="sticky bottom-0 z-10 -mx-4 border-t border-kumo-line bg-kumo-base px-4 pt-2 pb-3 shadow-[0_-4px_16px_var(--color-kumo-shadow-drop)] sm:mx-0 sm:mb-2 sm:rounded-xl sm:border"
    >
      <div className="flex items-center gap-1 sm:gap-2">
        <Button
          size="sm"
          variant="ghost"
          shape="square"
          icon={playing ? <PauseIcon weight="fill" /> : <PlayIcon weight="fill" />}
          aria-label={playing ? 'Pause the replay' : 'Replay the run'}
          onClick={play}
        />
        <Button
          size="sm"
          variant="ghost"
          shape="square"
          icon={SkipBackIcon}
          aria-label="Event before"
          disabled={seq <= 1}
          onClick={() => pick(seq - 1)}
        />
        <Button
          size="sm"
          variant="ghost"
          shape="square"
          icon={SkipForwardIcon}
          aria-label="Event after"
          disabled={!past}
          onClick={() => pick(seq + 1)}
        />
        <p className="min-w-0 flex-1 truncate text-sm" title={text}>
          <span className="text-kumo-subtle tabular">
            {exact(seq)} / {exact(head)}
            <span className="hidden sm:inline"> · {timeOfDay(event.at)}</span>
          </span>{' '}
          <span className="hidden sm:inline">{text}</span>
        </p>
        {operator && <Fork pipelineId={pipelineId} seq={seq} text={text} />}
        {past ? (
          <Button size="sm" variant="primary" icon={BroadcastIcon} onClick={toLive}>
            Back to live
          </Button>
        ) : (
          <span className="px-2 text-sm font-medium text-kumo-success">
            <span className="sm:hidden">Newest</span>
            <span className="hidden sm:inline">At the newest event</span>
          </span>
        )}
      </div>
      <p className="truncate text-sm sm:hidden">{text}</p>
      <div className="relative mt-1">
        <div className="pointer-events-none absolute inset-x-3 -top-1 h-1.5" aria-hidden="true">
          {marks.map((mark) => (
            <span
              key={mark.seq}
              className={`absolute h-1.5 w-0.5 rounded-full ${MARK[mark.kind]}`}
              style={{ left: `${head > 1 ? ((mark.seq - 1) / (head - 1)) * 100 : 0}%` }}
            />
          ))}
        </div>
        <input
          type="range"
          className="timeline"
          style={{ '--played': `calc(12px + (100% - 24px) * ${position / 100})` } as React.CSSProperties}
          min={1}
          max={Math.max(head, 1)}
          value={seq}
          onChange={(e) => pick(e.target.valueAsNumber)}
          aria-label="Event shown"
          aria-valuetext={`Event ${seq} of ${head}: ${text}`}
        />
      </div>
    </section>
  );
}
