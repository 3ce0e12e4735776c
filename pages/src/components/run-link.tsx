import { Link } from 'wouter';
import { useLivePipelines } from '../api/live-pipelines.tsx';
import { shortId } from '../models/format.ts';

/** A pipeline by its plan and number where the stream has told them, else by its id: the ledger knows ids only. */
export function RunLink({ id }: { id: string }) {
  const run = useLivePipelines().live.get(id);
  return (
    <Link href={`/pipelines/${id}`} className="text-kumo-link underline" title={id}>
      {run ? `${run.plan_name} #${run.number}` : shortId(id)}
    </Link>
  );
}
