import { defineVerb } from '../../verb.ts';
import { tokenLines } from '../../views/token.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'token'],
  summary: 'The state of a pipeline’s credentials and of its agents’; never a secret',
  arguments: [whichArgument],
  examples: ['ags pipeline token last', 'ags pipeline token 12 --json'],
  async handler(context, [given]) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    const status = await client.tokenStatus(id);
    context.emit(status, () => tokenLines(status, context.out.style));
  },
});
