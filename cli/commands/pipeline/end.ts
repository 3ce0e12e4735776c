import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'end'],
  summary: 'End an external pipeline well; its agents’ sessions die with it',
  arguments: [whichArgument],
  options: { reason: text('--reason <text>', 'why, for the record') },
  examples: ['ags pipeline end last --reason "the change is done"'],
  async handler(context, [given], { reason }) {
    const client = context.client();
    const pipeline = await client.endPipeline(await whichPipeline(client, given!), reason ?? 'done');
    context.emit(pipeline, () => [
      `${context.out.style.good('✔')} ${pipeline.pipeline_id} ended (${pipeline.state}).`,
    ]);
  },
});
