import type { ForkRequest } from '#client/index.ts';
import { usageError } from '../../exit.ts';
import { flag, integer } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { sendOnce, spawnOptions } from '../spawn.ts';
import { waitForVerdict } from '../wait.ts';
import { whichArgument, whichPipeline } from './which.ts';

export default defineVerb({
  path: ['pipeline', 'fork'],
  summary: 'A new pipeline from any event of this one',
  description:
    'It takes along what was found, proposed, voted and said up to that event, and no token, approval or unfinished work. Authority and quota are asked for anew, as for a spawn.',
  arguments: [whichArgument],
  options: {
    at: integer('--at <seq>', 'the last event that it takes along', { min: 1, max: 1_000_000_000 }),
    tier: integer('--tier <n>', '0 observer, 1 executor, 2 operator', { min: 0, max: 2 }),
    idempotencyKey: spawnOptions.idempotencyKey,
    wait: flag('--wait', 'watch it, and exit with its exit code'),
  },
  examples: ['ags pipeline logs last --all', 'ags pipeline fork last --at 40 --wait'],
  async handler(context, [given], { at, tier, idempotencyKey, wait }) {
    if (at === undefined)
      throw usageError('From which event? Give --at SEQ.', 'ags pipeline logs PIPELINE --all');
    const client = context.client();
    const source = await whichPipeline(client, given!);
    const request: ForkRequest = {
      pipeline_id: source,
      at,
      ...(tier !== undefined && { tier: tier as 0 | 1 | 2 }),
    };
    const pipeline = await sendOnce((key) => client.fork(request, key), idempotencyKey);
    if (wait) return waitForVerdict(context, pipeline.pipeline_id, {});
    const { style } = context.out;
    context.emit(pipeline, () => [
      `${style.good('✔')} Pipeline ${style.strong(pipeline.pipeline_id)} ${style.faint(`#${pipeline.number}, tier ${pipeline.tier}`)} goes on from event ${at} of ${source}.`,
      style.faint(`  ags pipeline watch ${pipeline.pipeline_id}`),
    ]);
    return;
  },
});
