import { StepMessage } from '#contract/queue.ts';
import type { Assignment } from '#domain/pipeline/assignment.ts';
import type { StepContext } from './context.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type AskPipeline, askPipeline, ObjectUnreachable } from './object-call.ts';
import { failed, type StepOutcome } from './outcome.ts';
import type { StepDeps } from './ports.ts';
import { work } from './work.ts';

/** What of a queue's batch and message is used here. */
export interface QueueMessage {
  id: string;
  body: unknown;
  attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}
export interface QueueBatch {
  queue: string;
  messages: readonly QueueMessage[];
}

/** A worker goes on with what follows its step for this long; a slow model call ends the ride, so that others on its queue get their turn. */
const CHAIN_MS = 3_000;
/** ALPHA, BETA and GAMMA; an invocation has six connections, of which each keeps one to its model and one to Vault or the store. */
const MOST_BESIDE = 3;
const OVERLOADED_DELAY_S = 15;
const UNREACHABLE_DELAY_S = 3;

/** A defect in here must neither lose the step nor spin: it is reported like a failing dependency, with its backoff. */
const unexpected = (): StepOutcome =>
  failed({
    code: 'worker_error',
    message: 'The worker failed unexpectedly; its log has the details.',
    cause: 'dependency',
    retryable: true,
  });

/** A worker that goes on, until a time (ms since the epoch). */
interface Ride {
  deps: StepDeps;
  ask: AskPipeline;
  worker: string;
  until: number;
}

/** Only the kind of an error is logged: its message may quote anything. */
const kindOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : typeof thrown);

async function workOn(assignment: Assignment, ask: AskPipeline, deps: StepDeps): Promise<StepOutcome> {
  const { tenant, step_id, epoch } = assignment;
  const controller = new AbortController();
  const heartbeat = startHeartbeat({
    every_ms: deps.clocks.heartbeat_ms,
    beat: (note) => deps.pipeline(tenant, assignment.pipeline_id).heartbeat(tenant, step_id, epoch, note),
    refused: () => controller.abort(),
  });
  const context: StepContext = {
    assignment,
    deps,
    ask,
    signal: controller.signal,
    progress: heartbeat.progress,
  };
  try {
    return await work(context);
  } catch (thrown) {
    if (thrown instanceof ObjectUnreachable) throw thrown;
    deps.log('error', 'step_worker_error', { tenant, step_id, epoch, error: kindOf(thrown) });
    return unexpected();
  } finally {
    heartbeat.stop();
  }
}

/** Answers with the steps that this worker goes on with, claimed for it in the same commit; the queues have the rest. */
async function report(
  outcome: StepOutcome,
  { tenant, step_id, epoch, trying }: Assignment,
  deps: StepDeps,
  ask: AskPipeline,
  worker: string | null,
): Promise<Assignment[]> {
  if (outcome.kind === 'done') {
    const { result } = outcome;
    const seen = deps.seen.take(tenant, trying ?? []);
    const ack = await ask((pipeline) =>
      pipeline.complete(tenant, step_id, epoch, result, worker, seen, MOST_BESIDE),
    );
    // CRED-4: a token that goes on no record is nobody's; should this fail, it dies with its short lease or its parent.
    if (!ack.accepted && 'accessor' in result) await deps.credentials.revoke(result.accessor);
    return ack.accepted ? [...(ack.next ? [ack.next] : []), ...(ack.beside ?? [])] : [];
  }
  if (outcome.kind === 'failed') {
    const { error } = outcome;
    const seen = deps.seen.take(tenant, trying ?? []);
    await ask((pipeline) => pipeline.fail(tenant, step_id, epoch, error, seen));
  }
  return [];
}

/** Works on a step and on what it leads to, side by side where several things do. Throws after all of it, when the object cannot be asked. */
async function ride(assignment: Assignment, on: Ride): Promise<void> {
  const { deps, ask, worker, until } = on;
  const outcome = await workOn(assignment, ask, deps);
  const stays = deps.clocks.now() < until;
  const next = await report(outcome, assignment, deps, ask, stays ? worker : null);
  const rides = await Promise.allSettled(next.map((one) => ride(one, on)));
  for (const one of rides) if (one.status === 'rejected') throw one.reason;
}

/**
 * One message: claim, work, report. A message is a hint, so whatever the object refuses is simply done with; and when the object
 * cannot be asked, the claim's deadline makes up for it (PIPE-8).
 */
async function consume(message: QueueMessage, worker: string, deps: StepDeps): Promise<void> {
  const hint = StepMessage.safeParse(message.body);
  if (!hint.success) {
    deps.log('error', 'step_message_malformed', { message_id: message.id });
    message.ack();
    return;
  }
  const { tenant, pipeline_id, step_id } = hint.data;
  const ask = askPipeline(deps, tenant, pipeline_id);
  try {
    const claim = await ask((pipeline) => pipeline.claim(tenant, step_id, worker));
    const until = deps.clocks.now() + CHAIN_MS;
    if (claim.claimed) await ride(claim.assignment, { deps, ask, worker, until });
    message.ack();
  } catch (thrown) {
    const overloaded = thrown instanceof ObjectUnreachable && thrown.overloaded;
    deps.log('warn', 'step_retry', { tenant, pipeline_id, step_id, overloaded, error: kindOf(thrown) });
    const spread = 1 + deps.clocks.random();
    message.retry({
      delaySeconds: Math.ceil((overloaded ? OVERLOADED_DELAY_S : UNREACHABLE_DELAY_S) * spread),
    });
  }
}

/** Works on the messages of one batch side by side; each is acknowledged or retried alone. Never throws. */
export async function handleStepBatch(batch: QueueBatch, deps: StepDeps): Promise<void> {
  const worker = `${batch.queue}:${crypto.randomUUID().slice(0, 8)}`;
  await Promise.all(batch.messages.map((message) => consume(message, worker, deps)));
}
