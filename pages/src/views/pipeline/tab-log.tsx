import { useMemo } from 'react';
import type { Orchestration } from '#contract/pipeline.ts';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { timeOfDay } from '../../models/format.ts';
import { logRows } from '../../models/log.ts';

const COLOR = {
  debug: 'text-kumo-subtle',
  info: 'text-kumo-info',
  warn: 'text-kumo-warning',
  error: 'text-kumo-danger',
} as const;

/** REC-5: log lines and the agents' progress, in the order in which they happened. */
export function LogTab({ run }: { run: Orchestration }) {
  const rows = useMemo(() => logRows(run), [run]);
  if (rows.length === 0) return <p className="text-kumo-subtle">Nothing has been logged yet.</p>;
  return (
    <VirtualRows
      label="Log"
      count={rows.length}
      rowHeight={28}
      follow
      row={(i) => {
        const line = rows[i]!;
        return (
          <div className="flex gap-3 leading-7 text-sm" title={line.message}>
            <span className="text-kumo-subtle tabular">{timeOfDay(line.at)}</span>
            <span className={`w-10 shrink-0 font-mono text-xs leading-7 ${COLOR[line.level]}`}>
              {line.level}
            </span>
            <span className="hidden w-24 shrink-0 truncate text-kumo-subtle sm:inline">{line.source}</span>
            <span className="truncate">{line.message}</span>
          </div>
        );
      }}
    />
  );
}
