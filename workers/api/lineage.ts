import type { Lineage, Pipeline } from '#contract/pipeline.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import type { Asked } from './endpoint.ts';
import { must, pipelineOf } from './scope.ts';

const entry = ({
  pipeline_id,
  number,
  attempt,
  generation,
  state,
  exit_code,
  reason,
  verdict,
  created_at,
  ended_at,
}: Pipeline): Lineage['items'][number] => ({
  pipeline_id,
  number,
  attempt,
  generation,
  state,
  exit_code,
  reason,
  verdict,
  created_at,
  ended_at,
});

/** REC-4: follows predecessor and successor; a lineage has at most {@link MAX_ATTEMPTS} attempts. */
export async function lineageOf(asked: Asked, pipelineId: string): Promise<Lineage> {
  const { tenant } = asked.caller;
  const read = async (id: string) => (await pipelineOf(asked, id)).read(tenant);
  let first = must(await read(pipelineId));
  for (let n = 1; n < MAX_ATTEMPTS && first.predecessor_id; n++) {
    const before = await read(first.predecessor_id);
    if (!before.ok) break;
    first = before.value;
  }
  const attempts = [first];
  let last = first;
  let waiting: string | null = null;
  while (last.successor_id && attempts.length < MAX_ATTEMPTS) {
    const next = await read(last.successor_id);
    if (!next.ok) {
      // Planned in the predecessor's last commit, and not admitted yet.
      waiting = last.successor_id;
      break;
    }
    last = next.value;
    attempts.push(last);
  }
  return {
    items: attempts.map(entry),
    outcome: { state: last.state, exit_code: last.exit_code },
    waiting,
  };
}
