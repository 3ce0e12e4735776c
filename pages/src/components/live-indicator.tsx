import type { StreamView } from '../api/use-stream.ts';

const LOOK = {
  connecting: { dot: 'bg-kumo-info', text: 'Connecting…' },
  live: { dot: 'bg-kumo-success text-kumo-success pulse', text: 'Live' },
  stale: { dot: 'bg-kumo-warning', text: 'Reconnecting… what you see may be out of date' },
  closed: { dot: 'bg-kumo-danger', text: 'Not live' },
} as const;

/** Nothing more will come, so a pulse would promise too much. */
const OVER = { dot: 'bg-kumo-success', text: 'Complete' };

interface Props {
  stream: StreamView;
  /** What is shown has ended for good. */
  over?: boolean;
}

/** UI-2: whether what is shown is current. Announced politely when it changes. */
export function LiveIndicator({ stream, over = false }: Props) {
  const { dot, text } = over && stream.status === 'live' ? OVER : LOOK[stream.status];
  return (
    <span role="status" className="inline-flex items-center gap-2 text-sm text-kumo-subtle">
      <span className={`size-2 shrink-0 rounded-full ${dot}`} aria-hidden="true" />
      {text}
    </span>
  );
}
