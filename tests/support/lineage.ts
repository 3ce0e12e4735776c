import { followPipeline } from '#cli/watch/follow.ts';
import { followLineage } from '#cli/watch/lineage.ts';
import type { Client, Orchestration, Pipeline } from '#client/index.ts';
import type { EventType, PipelineEvent } from '#domain/pipeline/event.ts';

export type EventOf<T extends EventType> = Extract<PipelineEvent, { type: T }>;

/** The whole log, typed as it was written. */
export async function logOf(ags: Client, pipelineId: string): Promise<PipelineEvent[]> {
  const events: unknown[] = [];
  for await (const event of ags.allEvents(pipelineId)) events.push(event);
  return events as PipelineEvent[];
}

export const ofType = <T extends EventType>(log: readonly PipelineEvent[], type: T): EventOf<T>[] =>
  log.filter((event): event is EventOf<T> => event.type === type);

/** The only event of its type; throws when there is none or another. */
export function only<T extends EventType>(log: readonly PipelineEvent[], type: T): EventOf<T> {
  const [event, ...more] = ofType(log, type);
  if (!event || more.length > 0)
    throw new Error(`${type} stands ${more.length + (event ? 1 : 0)} times in the log`);
  return event;
}

/** Waits until the pipeline is as asked; a failed consensus, a wait, an end. */
export const when = (
  ags: Client,
  id: string,
  until: (pipeline: Pipeline) => boolean,
): Promise<Orchestration> => followPipeline(ags, id, { until: ({ pipeline }) => until(pipeline) });

/** Waits for the first event of a type. */
export async function whenLogged<T extends EventType>(ags: Client, id: string, type: T): Promise<EventOf<T>> {
  let found: EventOf<T> | undefined;
  const aborter = new AbortController();
  await new Promise<void>((resolve, reject) => {
    ags.watchPipeline(id, {
      signal: aborter.signal,
      onRefused: reject,
      onEvents: (events) => {
        found ??= ofType(events as unknown as PipelineEvent[], type)[0];
        if (found) resolve();
      },
    });
  });
  aborter.abort();
  return found!;
}

/** Every attempt's state at the end of the lineage, the first one first. */
export async function endOfLineage(ags: Client, first: string): Promise<Orchestration[]> {
  const attempts: Orchestration[] = [];
  await followLineage(ags, first, {
    follow: async (id) => {
      const end = await followPipeline(ags, id);
      attempts.push(end);
      return end;
    },
  });
  return attempts;
}

/** Every pipeline of the tenant that says it resumes this one, live or ended. */
export async function successorsOf(ags: Client, predecessor: string): Promise<string[]> {
  const [live, all] = await Promise.all([
    ags.activePipelines({ limit: 1_000 }),
    ags.pipelines({ limit: 1_000 }),
  ]);
  const ids = [...live.items, ...all.items]
    .filter((pipeline) => pipeline.predecessor_id === predecessor)
    .map((pipeline) => pipeline.pipeline_id);
  return [...new Set(ids)];
}
