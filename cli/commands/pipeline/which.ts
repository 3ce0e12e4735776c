import type { Client, Pipeline } from '#client/index.ts';
import { usageError } from '../../exit.ts';

const PIPELINE_ID = /^pl_[a-z0-9_]{4,60}$/;

async function recent(client: Client): Promise<Pipeline[]> {
  const [live, all] = await Promise.all([
    client.activePipelines({ limit: 100 }),
    client.pipelines({ limit: 100 }).catch(() => ({ items: [] })),
  ]);
  const byId = new Map([...all.items, ...live.items].map((pipeline) => [pipeline.pipeline_id, pipeline]));
  return [...byId.values()].sort((a, b) => b.number - a.number);
}

export const whichArgument = ['<pipeline>', 'pl_…, a number as in the list (12 or #12), or "last"'] as const;

/** The id of the pipeline a person means. */
export async function whichPipeline(client: Client, given: string): Promise<string> {
  if (PIPELINE_ID.test(given)) return given;
  const number = /^#?(\d{1,9})$/.exec(given)?.[1];
  if (number === undefined && given !== 'last') {
    throw usageError(
      `${JSON.stringify(given)} is not a pipeline`,
      'Give pl_…, a number from `ags pipeline list`, or "last".',
    );
  }
  const pipelines = await recent(client);
  const found = number === undefined ? pipelines[0] : pipelines.find((one) => one.number === Number(number));
  if (!found)
    throw usageError(
      number === undefined ? 'There is no pipeline yet' : `There is no recent pipeline #${number}`,
      'ags pipeline list --all',
    );
  return found.pipeline_id;
}
