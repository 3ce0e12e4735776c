import { pipelineIdOf } from '#domain/ids.ts';
import { usageError } from '../../exit.ts';
import { choice, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

const STATUSES = ['succeeded', 'failed'] as const;

export default defineVerb({
  path: ['pipeline', 'resolve'],
  summary: 'Say what became of an action whose outcome is unknown',
  description:
    'An action that must not run twice, and whose worker was lost, waits for a person to look at what really happened. `ags pipeline show` names it.',
  arguments: [['<action>', 'the action’s id, as `ags pipeline show` names it']],
  options: {
    status: choice('--status <status>', 'what became of it', STATUSES),
    reason: text('--reason <text>', 'how you know, for the record'),
  },
  examples: ['ags pipeline resolve ac_… --status succeeded --reason "the ticket is there"'],
  async handler(context, [action], { status, reason }) {
    if (pipelineIdOf(action!) === null)
      throw usageError(`${JSON.stringify(action)} is not an action’s id`, 'ags pipeline show PIPELINE');
    if (status === undefined) throw usageError(`What became of it? Give --status ${STATUSES.join('|')}.`);
    if (reason === undefined) throw usageError('How do you know? Give --reason; it goes on record.');
    const pipeline = await context.client().resolveAction(action!, { status, reason });
    const waits = pipeline.waiting_for ? `waits for ${pipeline.waiting_for}` : 'goes on';
    context.emit(pipeline, () => [
      `${context.out.style.good('✔')} ${action} ${status}, on record; ${pipeline.pipeline_id} ${waits}.`,
    ]);
  },
});
