import { Button } from '@cloudflare/kumo/components/button';
import { DownloadSimpleIcon, SealCheckIcon, SealWarningIcon } from '@phosphor-icons/react';
import { useMemo, useState } from 'react';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { saveFile } from '../../api/save-file.ts';
import { EvidenceDownload } from '../../components/evidence-download.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import type { ChainProgress } from '../../models/chain-check.ts';
import { isErased } from '../../models/erasures.ts';
import { eventText, rolesOf } from '../../models/event-text.ts';
import { exact, timeOfDay } from '../../models/format.ts';
import { eventLines } from '../../models/save-events.ts';

interface Props {
  events: readonly PipelineEvent[];
  version: number;
  seq: number;
  chain: ChainProgress;
  /** LEDG-3: the pipeline has ended, so its evidence can be had. */
  ended: boolean;
  onTravel(seq: number): void;
}

function idOf([spawned]: readonly PipelineEvent[]): string {
  return spawned?.type === 'pipeline_spawned' ? spawned.body.pipeline_id : 'pipeline';
}

function save(events: readonly PipelineEvent[]): void {
  saveFile(`${idOf(events)}.jsonl`, eventLines(events), 'application/jsonl');
}

/** PIPE-7: the log itself, as stored and hashed. */
export function EventsTab({ events, version, seq, chain, ended, onTravel }: Props) {
  const [picked, setPicked] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells that there are more events.
  const roles = useMemo(() => rolesOf(events), [events, version]);
  const event = events[(picked ?? seq) - 1];
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <p className="flex flex-wrap items-center justify-between gap-2 text-sm text-kumo-subtle lg:col-span-2">
        Every event as it was stored and hashed.
        <span className="flex flex-wrap gap-2">
          {ended && <EvidenceDownload pipelineId={idOf(events)} ended size="sm" />}
          <Button size="sm" icon={DownloadSimpleIcon} onClick={() => save(events)}>
            Download all
          </Button>
        </span>
      </p>
      <VirtualRows
        label="Events"
        count={seq}
        rowHeight={32}
        follow
        row={(i) => {
          const e = events[i]!;
          const current = e.seq === event?.seq;
          return (
            <button
              type="button"
              aria-current={current || undefined}
              onClick={() => setPicked(e.seq)}
              className="flex h-8 w-full cursor-pointer items-center gap-3 rounded-md px-2 text-left text-sm hover:bg-kumo-tint focus-visible:-outline-offset-2 aria-[current]:bg-kumo-info-tint"
            >
              <span className="w-10 shrink-0 text-right text-kumo-subtle tabular">{e.seq}</span>
              <span className="hidden text-kumo-subtle tabular sm:inline">{timeOfDay(e.at)}</span>
              <span className="truncate">{eventText(e, roles)}</span>
            </button>
          );
        }}
      />
      {event && <EventCard event={event} chain={chain} shown={event.seq === seq} onTravel={onTravel} />}
    </div>
  );
}

interface CardProps {
  event: PipelineEvent;
  chain: ChainProgress;
  /** The page shows this event's moment already. */
  shown: boolean;
  onTravel(seq: number): void;
}

function EventCard({ event, chain, shown, onTravel }: CardProps) {
  const verified = event.seq <= chain.head.seq;
  return (
    <section aria-label={`Event ${event.seq}`} className="min-w-0 rounded-lg bg-kumo-recessed p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-mono text-sm font-semibold">
          {exact(event.seq)} {event.type}
        </h3>
        {!shown && (
          <Button size="sm" onClick={() => onTravel(event.seq)}>
            Show this moment
          </Button>
        )}
      </div>
      <p className="mt-1 text-sm break-all text-kumo-subtle">
        {event.at} · {event.actor} · version {event.v}
      </p>
      {isErased(event) && (
        <p className="mt-2 text-sm text-kumo-warning">
          The content was erased: this is what is left of it. Its commitment is what was hashed.
        </p>
      )}
      <Raw label="Content" className="mt-3 max-h-72 bg-kumo-base">
        {JSON.stringify(event.body, null, 2)}
      </Raw>
      <dl className="mt-3 space-y-1 font-mono text-xs break-all text-kumo-subtle">
        <div>
          <dt className="inline">before </dt>
          <dd className="inline">{event.prev_hash}</dd>
        </div>
        <div>
          <dt className="inline">hash </dt>
          <dd className="inline">{event.hash}</dd>
        </div>
      </dl>
      <p
        className={`mt-2 flex items-center gap-1.5 text-sm font-medium ${verified ? 'text-kumo-success' : 'text-kumo-warning'}`}
      >
        {verified ? (
          <SealCheckIcon size={18} weight="fill" aria-hidden="true" />
        ) : (
          <SealWarningIcon size={18} weight="fill" aria-hidden="true" />
        )}
        {verified ? 'Hash and link recomputed here' : 'Not verified'}
      </p>
    </section>
  );
}
