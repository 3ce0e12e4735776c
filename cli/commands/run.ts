import { defineVerb } from '../verb.ts';
import { spawnOptions, spawnPlan } from './spawn.ts';

export default defineVerb({
  path: ['run'],
  summary: 'Run a plan file',
  description:
    'Spawns a pipeline from a plan file, with the files that its context names, or from a stored plan.\n0 means that the agents agreed, not that what they looked at is safe: use --fail-on for that.',
  arguments: [['<plan>', 'a plan.yaml, a folder with one, or a plan id']],
  options: spawnOptions,
  examples: [
    'ags run plans/encrypt-checkout-db/plan.yaml --wait',
    'ags run review.yaml --input diff=@change.patch --wait --fail-on high',
    'ags run plan.yaml --tier 0 --no-auto-continue --json',
  ],
  handler: (context, [plan], options) => spawnPlan(context, plan!, options),
});
