import { Button } from '@cloudflare/kumo/components/button';
import { CaretLeftIcon, CaretRightIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Pipeline } from '#contract/pipeline.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { Ago } from '../../components/clock.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { exact, money, providerName } from '../../models/format.ts';
import { reasonText } from '../../models/outcome-text.ts';

/** Rows on the screen at once; 1,000 pipelines stay 40 rows of work (UI-2). */
const ROWS = 40;

/** What a reader wants next to a run's name: how it ended, or how far it is. */
function subline(p: Pipeline): string {
  if (p.verdict) return `Verdict: ${p.verdict}`;
  if (p.state === 'FAILED') return `Failed: ${reasonText(p.reason)}`;
  return p.objective.replaceAll('`', '');
}

/** REC-4: that this is not the first try. */
const tries = (p: Pipeline): string =>
  [
    ...(p.attempt > 1 ? [`attempt ${p.attempt} of ${MAX_ATTEMPTS}`] : []),
    ...(p.generation > 1 ? [`generation ${p.generation}`] : []),
  ].join(', ');

function Row({ pipeline: p }: { pipeline: Pipeline }) {
  return (
    <tr className="relative border-t border-kumo-line hover:bg-kumo-tint">
      <td className="hidden py-3 pl-4 align-top text-kumo-subtle tabular sm:table-cell">#{p.number}</td>
      <td className="max-w-0 py-3 pr-3 pl-4 align-top">
        <Link
          href={`/pipelines/${p.pipeline_id}`}
          className="block truncate font-medium text-kumo-strong before:absolute before:inset-0"
        >
          {p.plan_name} <span className="sr-only">number {p.number}</span>
          {tries(p) && <span className="text-sm font-normal text-kumo-subtle"> · {tries(p)}</span>}
        </Link>
        <p className="line-clamp-2 text-sm break-words text-kumo-subtle sm:line-clamp-1" title={subline(p)}>
          {subline(p)}
        </p>
      </td>
      <td className="py-3 pr-3 align-top">
        <StateBadge pipeline={p} />
      </td>
      <td className="hidden py-3 pr-3 align-top text-sm whitespace-nowrap text-kumo-subtle lg:table-cell">
        {p.providers.map(providerName).join(', ') || '–'}
      </td>
      <td className="hidden py-3 pr-3 text-right align-top text-sm tabular md:table-cell">
        {p.round || '–'}
      </td>
      <td className="hidden py-3 pr-3 text-right align-top text-sm tabular md:table-cell">
        {money(p.usage.cost_microusd)}
      </td>
      <td className="hidden py-3 pr-4 text-right align-top text-sm text-kumo-subtle sm:table-cell">
        <Ago at={isEnded(p.state) && p.ended_at ? p.ended_at : p.updated_at} />
      </td>
    </tr>
  );
}

interface Props {
  rows: Pipeline[];
  loadMore: (() => void) | null;
  loadingMore: boolean;
}

export function PipelineTable({ rows, loadMore, loadingMore }: Props) {
  const [asked, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / ROWS));
  const page = Math.min(asked, pages - 1);
  const from = page * ROWS;
  const shown = rows.slice(from, from + ROWS);
  const head = 'py-2 pr-3 font-medium';
  return (
    <div className="panel overflow-hidden">
      <table className="w-full table-auto text-left">
        <caption className="sr-only">Pipelines, newest first</caption>
        <thead className="text-sm text-kumo-subtle">
          <tr>
            <th scope="col" className={`${head} hidden w-px pl-4 sm:table-cell`}>
              No.
            </th>
            <th scope="col" className={`${head} w-full pl-4`}>
              Plan
            </th>
            <th scope="col" className={head}>
              State
            </th>
            <th scope="col" className={`${head} hidden lg:table-cell`}>
              Model
            </th>
            <th scope="col" className={`${head} hidden text-right md:table-cell`}>
              Round
            </th>
            <th scope="col" className={`${head} hidden text-right md:table-cell`}>
              Cost
            </th>
            <th scope="col" className={`${head} hidden pr-4 text-right sm:table-cell`}>
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((p) => (
            <Row key={p.pipeline_id} pipeline={p} />
          ))}
        </tbody>
      </table>
      {(pages > 1 || loadMore) && (
        <nav
          aria-label="Pages"
          className="flex flex-wrap items-center justify-between gap-2 border-t border-kumo-line px-4 py-2"
        >
          <p className="text-sm text-kumo-subtle tabular" aria-live="polite">
            {exact(from + 1)}–{exact(from + shown.length)} of {exact(rows.length)}
            {loadMore ? ' loaded' : ''}
          </p>
          <div className="flex gap-2">
            {loadMore && page === pages - 1 && (
              <Button size="sm" loading={loadingMore} onClick={loadMore}>
                Load older
              </Button>
            )}
            <Button
              size="sm"
              shape="square"
              icon={CaretLeftIcon}
              aria-label="Newer pipelines"
              disabled={page === 0}
              onClick={() => setPage(page - 1)}
            />
            <Button
              size="sm"
              shape="square"
              icon={CaretRightIcon}
              aria-label="Older pipelines"
              disabled={page >= pages - 1}
              onClick={() => setPage(page + 1)}
            />
          </div>
        </nav>
      )}
    </div>
  );
}
