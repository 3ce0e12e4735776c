import { expect } from 'vitest';
import { followPipeline } from '#cli/watch/follow.ts';
import { followLineage } from '#cli/watch/lineage.ts';
import type { Client, Orchestration, Pipeline } from '#client/index.ts';
import { hashJson } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
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

/** Ended pipelines are listed from the ledger, which follows a moment later. */
export const LEDGER = { timeout: 20_000, interval: 250 };

/** One handoff, one successor, the hash proven on both sides, both logs unbroken; and the successor agreed. */
export async function expectOneSuccessor(ags: Client, first: string): Promise<void> {
  const attempts = await endOfLineage(ags, first);
  expect(attempts.map(({ pipeline }) => [pipeline.attempt, pipeline.exit_code])).toEqual([
    [1, 3],
    [2, 0],
  ]);
  const successor = attempts[1]!.pipeline.pipeline_id;
  const [before, after] = await Promise.all([logOf(ags, first), logOf(ags, successor)]);
  for (const log of [before, after]) expect(verifyChain(log)).toEqual({ ok: true, count: log.length });
  const sealed = only(before, 'handoff_sealed').body;
  expect(hashJson(sealed.handoff)).toBe(sealed.sha256);
  expect(sealed.successor_id).toBe(successor);
  expect(only(after, 'handoff_loaded').body.sha256).toBe(sealed.sha256);
  expect(ofType(after, 'log_written')[0]?.body.message).toBe(`Resuming from ${first} handoff`);
  expect(ofType(after, 'pipeline_spawned')).toHaveLength(1);
  await expect.poll(() => successorsOf(ags, first), LEDGER).toEqual([successor]);
}

/** REC-2: GAMMA's 60 s had passed, and the synthesis is the blackboard's own. */
export async function expectWrittenByRule(ags: Client, pipelineId: string): Promise<void> {
  const log = await logOf(ags, pipelineId);
  const written = only(log, 'synthesis_written');
  expect(written.body.agent_id).toBeNull();
  expect(written.at >= only(log, 'recovery_started').body.until).toBe(true);
}
