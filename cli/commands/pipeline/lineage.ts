import { defineVerb } from '../../verb.ts';
import { lineageLines } from '../../views/lineage.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'lineage'],
  summary: 'All attempts that a pipeline belongs to, and how they ended',
  arguments: [whichArgument],
  examples: ['ags pipeline lineage last', 'ags pipeline lineage 12 --json'],
  async handler(context, [given]) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const lineage = await client.lineage(id);
    context.emit(lineage, () => lineageLines(lineage, context.out.style, id));
  },
});
