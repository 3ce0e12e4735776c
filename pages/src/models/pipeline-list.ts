import type { Pipeline } from '#contract/pipeline.ts';
import { isEnded, type WaitingFor } from '#domain/pipeline/states.ts';

/** Pipelines by id. Stream and pages overlap; the higher seq is the newer truth. */
export type PipelineMap = ReadonlyMap<string, Pipeline>;

export function mergePipelines(known: PipelineMap, incoming: readonly Pipeline[]): PipelineMap {
  const merged = new Map(known);
  for (const p of incoming) {
    const old = merged.get(p.pipeline_id);
    if (!old || old.seq <= p.seq) merged.set(p.pipeline_id, p);
  }
  return merged;
}

export const SHOWS = ['all', 'needs', 'live', 'ended'] as const;
export type Show = (typeof SHOWS)[number];

export interface ListFilter {
  show: Show;
  /** A state's name, or '' for every state. */
  state: string;
  text: string;
}

const searchable = (p: Pipeline): string =>
  `${p.number} ${p.plan_name} ${p.objective} ${p.verdict ?? ''} ${p.reason ?? ''} ${p.pipeline_id}`.toLowerCase();

/** What a pipeline waits for that only a person can give it. */
const PERSONS: ReadonlySet<string | null> = new Set([
  'continue',
  'approval',
  'fallback',
  'resume',
] satisfies WaitingFor[]);

export const needsPerson = (p: Pipeline): boolean => !isEnded(p.state) && PERSONS.has(p.waiting_for);

const IS: Record<Show, (p: Pipeline) => boolean> = {
  all: () => true,
  needs: needsPerson,
  live: (p) => !isEnded(p.state),
  ended: (p) => isEnded(p.state),
};

/** Newest first; every word of the text must occur. */
export function listPipelines(pipelines: PipelineMap, filter: ListFilter): Pipeline[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return [...pipelines.values()]
    .filter(IS[filter.show])
    .filter((p) => !filter.state || p.state === filter.state)
    .filter((p) => words.every((w) => searchable(p).includes(w)))
    .sort((a, b) => b.number - a.number);
}

export function countShown(pipelines: PipelineMap): Record<Show, number> {
  const all = [...pipelines.values()];
  const counted = SHOWS.map((show) => [show, all.filter(IS[show]).length]);
  return Object.fromEntries(counted) as Record<Show, number>;
}
