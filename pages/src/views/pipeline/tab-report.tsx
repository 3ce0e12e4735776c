import { Badge } from '@cloudflare/kumo/components/badge';
import type { Orchestration } from '#contract/pipeline.ts';
import { Citations } from '../../components/citation.tsx';
import { Prose, ProseLine } from '../../components/prose.tsx';
import { SeverityBadge } from '../../components/severity-badge.tsx';
import { count } from '../../models/format.ts';

function Documents({ board }: { board: Orchestration['blackboard'] }) {
  return (
    <div>
      <h3 className="font-semibold">Documents</h3>
      {board.problem.documents.length === 0 ? (
        <p className="mt-1 text-sm text-kumo-subtle">The plan brought none.</p>
      ) : (
        <ul className="mt-2 flex flex-col gap-2 text-sm">
          {board.problem.documents.map((d) => (
            <li key={d.name} className="min-w-0">
              <div className="flex flex-wrap items-center gap-2">
                <span className="font-medium break-all">{d.name}</span>
                <Badge variant={d.origin === 'trusted' ? 'secondary' : 'warning'}>{d.origin}</Badge>
              </div>
              <p className="text-kumo-subtle">
                {d.media_type}, {count(d.bytes)} bytes
              </p>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** PIPE-3: what the planner made of the objective. */
export function ReportTab({ board }: { board: Orchestration['blackboard'] }) {
  const { report } = board;
  return (
    <div className="grid gap-6 lg:grid-cols-3">
      <div className="flex flex-col gap-5 lg:col-span-2">
        {report ? (
          <>
            <div>
              <h3 className="flex items-center gap-2 font-semibold">
                Summary <Badge variant="secondary">complexity {report.complexity}</Badge>
              </h3>
              <div className="mt-2 leading-relaxed">
                <Prose text={report.summary} />
              </div>
            </div>
            {report.risks.length > 0 && (
              <div>
                <h3 className="font-semibold">Risks</h3>
                <ul className="mt-2 flex flex-col gap-3">
                  {report.risks.map((risk, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a report never changes.
                    <li key={i}>
                      <p className="flex items-start gap-2">
                        <SeverityBadge severity={risk.severity} />
                        <span className="break-words">
                          <ProseLine text={risk.title} />
                        </span>
                      </p>
                      <div className="mt-1">
                        <Citations citations={risk.citations} />
                      </div>
                    </li>
                  ))}
                </ul>
              </div>
            )}
            {report.tasks.length > 0 && (
              <div>
                <h3 className="font-semibold">Tasks</h3>
                <ol className="mt-2 list-decimal space-y-2 pl-5">
                  {report.tasks.map((task, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a report never changes.
                    <li key={i} className="break-words">
                      <ProseLine text={task.title} />
                      {task.detail && (
                        <p className="text-sm text-kumo-subtle">
                          <ProseLine text={task.detail} />
                        </p>
                      )}
                    </li>
                  ))}
                </ol>
              </div>
            )}
          </>
        ) : (
          <p className="text-kumo-subtle">The planner has written no report so far.</p>
        )}
      </div>
      <Documents board={board} />
    </div>
  );
}
