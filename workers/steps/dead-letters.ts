import { StepMessage } from '#contract/queue.ts';
import type { QueueBatch, QueueMessage } from './consume.ts';
import { askPipeline } from './object-call.ts';
import type { StepDeps } from './ports.ts';

const RETRY_DELAY_S = 30;
const REASON = 'its messages could not be worked on; the queue gave up';

/** PIPE-8: what the step queues gave up on is told to the pipeline and recorded, so that it can be redriven. */
async function bury(message: QueueMessage, queue: string, deps: StepDeps): Promise<void> {
  const hint = StepMessage.safeParse(message.body);
  const about = hint.success ? hint.data : { tenant: null, pipeline_id: null, step_id: null };
  try {
    if (hint.success) {
      const { tenant, pipeline_id, step_id } = hint.data;
      await askPipeline(
        deps,
        tenant,
        pipeline_id,
      )((pipeline) => pipeline.deadLetter(tenant, step_id, REASON));
    }
    await deps.recordDeadLetter({
      ...about,
      queue,
      message_id: message.id,
      at: new Date(deps.clocks.now()).toISOString(),
      reason: hint.success ? REASON : 'the message is not one of a step',
      body: JSON.stringify(message.body) ?? '',
    });
    message.ack();
  } catch {
    deps.log('warn', 'dead_letter_retry', about);
    message.retry({ delaySeconds: RETRY_DELAY_S });
  }
}

/** Never throws. */
export async function handleDeadSteps(batch: QueueBatch, deps: StepDeps): Promise<void> {
  await Promise.all(batch.messages.map((message) => bury(message, batch.queue, deps)));
}
