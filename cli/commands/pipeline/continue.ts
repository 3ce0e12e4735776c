import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'continue'],
  summary: 'Let a pipeline go on after its planner’s report',
  arguments: [whichArgument],
  options: { reason: text('--reason <text>', 'why, for the record') },
  examples: ['ags pipeline continue last --reason "report reviewed"'],
  async handler(context, [given], { reason }) {
    const client = context.client();
    const pipeline = await client.continuePipeline(await whichPipeline(client, given!), reason);
    context.emit(pipeline, () => [
      `${context.out.style.good('✔')} ${pipeline.pipeline_id} goes on (${pipeline.state}).`,
    ]);
  },
});
