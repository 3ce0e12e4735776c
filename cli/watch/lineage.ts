import { ApiError, type Client, type Lineage, type Orchestration, UnreachableError } from '#client/index.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import { EXIT_CODES } from '#domain/pipeline/states.ts';

export interface LineageHandlers {
  /** Shows one attempt to its end. */
  follow: (pipelineId: string) => Promise<Orchestration>;
  onHandover?: (from: string, to: string) => void;
  /** The successor is planned and not admitted yet (a full quota); said once. */
  onWaiting?: (successor: string) => void;
  signal?: AbortSignal;
}

export interface FollowedLineage {
  /** The last attempt's end. */
  orchestration: Orchestration;
  lineage: Lineage | null;
}

/** Milliseconds between two looks for a successor; the first comes at once, and a wait is mentioned after `mention` looks. */
const LOOK = { every: 500, mention: 4 } as const;
/** Milliseconds that the API may be out of reach before following gives up. */
const PATIENCE_MS = 60_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the successor exists: its id is on record from the predecessor's last commit on, its object comes after (REC-3). */
async function successorOf(client: Client, predecessor: string, handlers: LineageHandlers): Promise<string> {
  let answered = Date.now();
  for (let looks = 1; ; looks += 1) {
    handlers.signal?.throwIfAborted();
    try {
      const { items, waiting } = await client.lineage(predecessor, handlers.signal);
      answered = Date.now();
      const at = items.findIndex((one) => one.pipeline_id === predecessor);
      const next = items[at + 1];
      if (at >= 0 && next) return next.pipeline_id;
      if (waiting !== null && looks === LOOK.mention) handlers.onWaiting?.(waiting);
    } catch (error) {
      const passing =
        error instanceof UnreachableError || (error instanceof ApiError && error.problem.status >= 500);
      if (!passing || Date.now() - answered > PATIENCE_MS) throw error;
    }
    await pause(LOOK.every);
  }
}

/** CLI-1: follows a pipeline and, where it hands over (exit code 3), its successors to the last attempt of the lineage. */
export async function followLineage(
  client: Client,
  first: string,
  handlers: LineageHandlers,
): Promise<FollowedLineage> {
  let pipelineId = first;
  for (let attempts = 1; ; attempts += 1) {
    const orchestration = await handlers.follow(pipelineId);
    const { exit_code, attempt } = orchestration.pipeline;
    // Attempts are counted here too, so that a server that says otherwise cannot keep this waiting for ever.
    if (exit_code !== EXIT_CODES.handed_over || attempts === MAX_ATTEMPTS) {
      const lineage = attempt > 1 || attempts > 1 ? await client.lineage(pipelineId).catch(() => null) : null;
      return { orchestration, lineage };
    }
    const next = await successorOf(client, pipelineId, handlers);
    handlers.onHandover?.(pipelineId, next);
    pipelineId = next;
  }
}

/** What a person reads while a lineage is followed. */
export const lineageNotes = (
  say: (text: string) => void,
): Pick<LineageHandlers, 'onHandover' | 'onWaiting'> => ({
  onHandover: (from, to) => say(`${from} hands over to ${to}`),
  onWaiting: (successor) => say(`the successor ${successor} waits to be admitted (quota or authority)`),
});
