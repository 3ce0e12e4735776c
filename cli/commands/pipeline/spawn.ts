import { usageError } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { spawnOptions, spawnPlan } from '../spawn.ts';

export default defineVerb({
  path: ['pipeline', 'spawn'],
  summary: 'Start a pipeline from a plan',
  options: { plan: text('--plan <plan>', 'a plan.yaml, a folder with one, or a plan id'), ...spawnOptions },
  examples: [
    'ags pipeline spawn --plan plan.yaml --tier 1',
    'ags pipeline spawn --plan plan_7k2m9x --input ticket=@ticket.md --wait',
  ],
  handler: (context, _args, { plan, ...options }) => {
    if (plan === undefined) throw usageError('Which plan? Give --plan FILE or --plan plan_…');
    return spawnPlan(context, plan, options);
  },
});
