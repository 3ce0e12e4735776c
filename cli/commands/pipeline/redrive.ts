import { pipelineIdOf } from '#domain/ids.ts';
import { usageError } from '../../exit.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['pipeline', 'redrive'],
  summary: 'Send a step out again that was given up',
  description:
    'A step that every worker failed at is given up, and its pipeline waits. Once what stood in its way is mended, it is tried anew. `ags pipeline log` names it.',
  arguments: [['<step>', 'the step’s id, as `ags pipeline log` names it']],
  options: {},
  examples: ['ags pipeline redrive st_…'],
  async handler(context, [step]) {
    const pipelineId = pipelineIdOf(step!);
    if (pipelineId === null)
      throw usageError(`${JSON.stringify(step)} is not a step’s id`, 'ags pipeline log PIPELINE');
    const pipeline = await context.client().redrive(pipelineId, step!);
    const waits = pipeline.waiting_for ? `waits for ${pipeline.waiting_for}` : 'goes on';
    context.emit(pipeline, () => [
      `${context.out.style.good('✔')} ${step} is sent out again; ${pipeline.pipeline_id} ${waits}.`,
    ]);
  },
});
