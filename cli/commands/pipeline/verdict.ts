import type { PipelineEvent } from '#client/index.ts';
import { EXIT } from '../../exit.ts';
import { defineVerb } from '../../verb.ts';
import { recount } from '../../verdict/recount.ts';
import { recountLines } from '../../views/recount.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'verdict'],
  summary: 'Recompute the verdict from the events, and say whether it is the recorded one',
  description:
    'Counts every round again by rules of its own (CONS-2 to CONS-5, CONS-8), apart from the code that the pipeline counted with. Exits 0 when it comes to the same verdict, 1 when not.',
  arguments: [whichArgument],
  examples: ['ags pipeline verdict last', 'ags pipeline verdict 12 --json'],
  async handler(context, [given]) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const { verdict } = await client.consensus(id);
    const events: PipelineEvent[] = [];
    for await (const event of client.allEvents(id)) events.push(event);
    const result = recount(events, verdict);
    context.emit({ pipeline_id: id, ...result }, () => recountLines(result, context.out.style));
    return result.agrees ? EXIT.ok : EXIT.error;
  },
});
