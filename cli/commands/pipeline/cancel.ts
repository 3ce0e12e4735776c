import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'cancel'],
  summary: 'End a pipeline in good order, without a successor',
  arguments: [whichArgument],
  options: { reason: text('--reason <text>', 'why, for the record') },
  examples: ['ags pipeline cancel last --reason "wrong plan"'],
  async handler(context, [given], { reason = 'cancelled from the command line' }) {
    const client = context.client();
    const pipeline = await client.cancel(await whichPipeline(client, given!), reason);
    context.emit(pipeline, () => [
      `${context.out.style.good('✔')} ${pipeline.pipeline_id} is being cancelled.`,
    ]);
  },
});
