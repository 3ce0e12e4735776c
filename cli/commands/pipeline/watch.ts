import { flag } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { waitForVerdict } from '../wait.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'watch'],
  summary: 'Watch a pipeline live until it ends',
  description: 'Shows what happens as it happens. Ctrl-C stops watching, not the pipeline.',
  arguments: [whichArgument],
  options: { exitCode: flag('--exit-code', 'exit with the pipeline’s exit code, like wait') },
  examples: ['ags pipeline watch last', 'ags pipeline watch pl_7k2m9x --exit-code'],
  async handler(context, [given], { exitCode }) {
    const code = await waitForVerdict(context, await whichPipeline(context.client(), given!), {});
    return exitCode ? code : 0;
  },
});
