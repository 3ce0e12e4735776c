import { choice, flag, integer } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { SEVERITY_CHOICES, waitForVerdict } from '../wait.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'wait'],
  summary: 'Wait for a pipeline and exit with its exit code',
  description:
    'Follows a pipeline and its successors. 0 means that the agents agreed, not that what they looked at is safe: use --fail-on for that.',
  arguments: [whichArgument],
  options: {
    failOn: choice(
      '--fail-on <severity>',
      'exit 65 when the verdict rests on such a finding',
      SEVERITY_CHOICES,
    ),
    timeout: integer('--timeout <seconds>', 'give up waiting after this long, exit 69', {
      min: 1,
      max: 7 * 86_400,
    }),
    quiet: flag('--quiet', 'no progress'),
  },
  examples: [
    'ags pipeline wait last --quiet',
    'ags pipeline wait pl_7k2m9x --timeout 600 --fail-on high --json',
  ],
  handler: async (context, [given], options) =>
    waitForVerdict(context, await whichPipeline(context.client(), given!), options),
});
