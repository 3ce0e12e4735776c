import {
  type Client,
  type Orchestration,
  type PipelineEvent,
  type StreamStatus,
  UnreachableError,
} from '#client/index.ts';
import { isEnded } from '#domain/pipeline/states.ts';

export interface FollowOptions {
  since?: number;
  onEvents?: (events: PipelineEvent[]) => void;
  onState?: (orchestration: Orchestration) => void;
  onStream?: (status: StreamStatus) => void;
  /** When following ends; default: the pipeline ended, or waits for a person after failed consensus. */
  until?: (orchestration: Orchestration) => boolean;
  /** Milliseconds that the API may be out of reach before following gives up. */
  patienceMs?: number;
  signal?: AbortSignal;
}

/** PIPE-1: exit code 2 while live means that a person has to choose a fallback. */
export const isSettled = ({ pipeline }: Orchestration): boolean =>
  isEnded(pipeline.state) || pipeline.exit_code === 2;

/** Milliseconds: between two readings of the state while events arrive, and when none do (a stream may be blocked on the way). */
const READ_MS = { busy: 150, quiet: 2_000 } as const;
const DEFAULT_PATIENCE_MS = 60_000;

/** Follows a pipeline by its event stream, reading its state as it changes. Gives the last state. */
export async function followPipeline(
  client: Client,
  pipelineId: string,
  options: FollowOptions = {},
): Promise<Orchestration> {
  const until = options.until ?? isSettled;
  let wake: () => void = () => {};
  let pending = false;
  let refusal: Error | null = null;
  let reachedSeq = options.since ?? 0;
  const subscription = client.watchPipeline(pipelineId, {
    since: options.since ?? 0,
    signal: options.signal,
    onEvents: (events) => {
      reachedSeq = events.at(-1)!.seq;
      options.onEvents?.(events);
      pending = true;
      wake();
    },
    onStatus: options.onStream,
    onRefused: (error) => {
      refusal = error;
      wake();
    },
  });
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const patience = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  let lastAnswer = Date.now();
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (refusal) throw refusal;
      pending = false;
      try {
        const orchestration = await client.orchestration(pipelineId, undefined, options.signal);
        lastAnswer = Date.now();
        options.onState?.(orchestration);
        if (until(orchestration)) {
          await caughtUp(() => reachedSeq >= orchestration.pipeline.seq || refusal !== null);
          return orchestration;
        }
      } catch (error) {
        if (!(error instanceof UnreachableError) || Date.now() - lastAnswer > patience) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, READ_MS.busy));
      if (!pending) await pause(READ_MS.quiet);
    }
  } finally {
    subscription.close();
  }
}

/** The state may be read a moment before its last events arrive; waits briefly, as they are only for show. */
async function caughtUp(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 20 && !done(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
