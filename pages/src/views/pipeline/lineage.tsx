import { Badge } from '@cloudflare/kumo/components/badge';
import { Link } from 'wouter';
import type { Lineage as LineageView, Pipeline } from '#contract/pipeline.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { useLineage } from '../../api/use-lineage.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { dateTime } from '../../models/format.ts';
import { EXIT_TEXT, reasonText } from '../../models/outcome-text.ts';

type Attempt = LineageView['items'][number];

const ending = (a: Attempt): string => {
  if (!isEnded(a.state)) return 'at work';
  const exit = a.exit_code === null ? '' : `exit ${a.exit_code}, ${EXIT_TEXT[a.exit_code]}: `;
  return `${exit}${a.verdict ? `“${a.verdict}”` : reasonText(a.reason)}`;
};

function Row({ attempt: a, here }: { attempt: Attempt; here: boolean }) {
  return (
    <li
      aria-current={here ? 'true' : undefined}
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-kumo-line px-4 py-2.5 first:border-t-0 aria-[current]:bg-kumo-tint"
    >
      <span className="w-20 shrink-0 font-medium">Attempt {a.attempt}</span>
      {here ? (
        <span className="tabular">#{a.number} (this one)</span>
      ) : (
        <Link href={`/pipelines/${a.pipeline_id}`} className="text-kumo-link underline tabular">
          #{a.number}
        </Link>
      )}
      <StateBadge pipeline={{ state: a.state, waiting_for: null }} />
      <span className="min-w-0 flex-1 basis-60 text-sm break-words text-kumo-subtle">{ending(a)}</span>
      <span className="text-sm text-kumo-subtle tabular">{dateTime(a.ended_at ?? a.created_at)}</span>
    </li>
  );
}

/** REC-4: every attempt and how it ended. */
export function Lineage({ pipeline }: { pipeline: Pipeline }) {
  const lineage = useLineage(pipeline);
  if (!lineage || (lineage.items.length < 2 && lineage.waiting === null)) return null;
  return (
    <section aria-labelledby="lineage-title">
      <h2 id="lineage-title" className="mb-2 font-semibold text-kumo-strong">
        Attempts
      </h2>
      <ol className="panel overflow-hidden">
        {lineage.items.map((attempt) => (
          <Row
            key={attempt.pipeline_id}
            attempt={attempt}
            here={attempt.pipeline_id === pipeline.pipeline_id}
          />
        ))}
        {lineage.waiting && (
          <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-kumo-line px-4 py-2.5">
            <span className="w-20 shrink-0 font-medium">Attempt {lineage.items.length + 1}</span>
            <Badge variant="warning">queued</Badge>
            <span className="text-sm text-kumo-subtle">
              The successor waits for quota and begins by itself once there is room.
            </span>
          </li>
        )}
      </ol>
    </section>
  );
}
