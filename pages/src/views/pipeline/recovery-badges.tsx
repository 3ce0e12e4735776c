import { Badge } from '@cloudflare/kumo/components/badge';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Orchestration } from '#contract/pipeline.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import { useNumber } from '../../api/use-lineage.ts';
import { shortId } from '../../models/format.ts';

function PipelineLink({ id }: { id: string }) {
  const number = useNumber(id);
  return (
    <Link href={`/pipelines/${id}`} className="text-kumo-link underline" title={id}>
      {number === null ? shortId(id) : `#${number}`}
    </Link>
  );
}

/** REC-4: where this run comes from, what ended it early, and what follows it. Nothing for a run that stands alone. */
export function RecoveryBadges({ run }: { run: Orchestration }) {
  const { pipeline: p, recovery: r } = run;
  const marks: [string, ReactNode][] = [];
  if (p.attempt > 1 || r.trigger)
    marks.push([
      'attempt',
      <Badge key="a" variant={p.attempt === MAX_ATTEMPTS ? 'warning' : 'info'}>
        attempt {p.attempt} of {MAX_ATTEMPTS}
      </Badge>,
    ]);
  if (p.generation > 1)
    marks.push([
      'generation',
      <Badge key="g" variant="info">
        generation {p.generation}
      </Badge>,
    ]);
  if (r.resumed_from)
    marks.push([
      'resumed',
      <span key="r" title={`Its handoff was read and proven by its hash ${r.resumed_from.sha256}`}>
        resumed from <PipelineLink id={r.resumed_from.pipeline_id} />
      </span>,
    ]);
  if (r.forked_from)
    marks.push([
      'forked',
      <span key="f">
        forked from <PipelineLink id={r.forked_from.pipeline_id} /> at event {r.forked_from.at_seq}
      </span>,
    ]);
  if (r.synthesis)
    marks.push([
      'synthesis',
      <Badge key="s" variant="outline">
        synthesis {r.synthesis.agent_id ? 'by GAMMA' : 'by rule, without a model'}
      </Badge>,
    ]);
  if (p.successor_id)
    marks.push([
      'successor',
      <span key="n">
        succeeded by <PipelineLink id={p.successor_id} />
      </span>,
    ]);
  if (r.handoff_sha256)
    marks.push([
      'handoff',
      <span key="h" className="text-kumo-subtle" title={r.handoff_sha256}>
        handoff <code className="font-mono text-xs">{r.handoff_sha256.slice(0, 12)}…</code>
      </span>,
    ]);
  if (marks.length === 0) return null;
  return (
    <ul aria-label="Recovery" className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
      {marks.map(([key, mark]) => (
        <li key={key}>{mark}</li>
      ))}
    </ul>
  );
}
