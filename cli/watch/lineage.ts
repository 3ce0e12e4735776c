import type { Orchestration } from '#client/index.ts';
import { EXIT_CODES } from '#domain/pipeline/states.ts';

/** REC-3: a lineage has at most three attempts; the rest is a margin against a loop. */
const MAX_ATTEMPTS = 10;

/** Follows a pipeline and, where it hands over (exit code 3), its successors. Gives the last one's end. */
export async function followLineage(
  first: string,
  follow: (pipelineId: string) => Promise<Orchestration>,
  onHandover: (from: string, to: string) => void,
): Promise<Orchestration> {
  let pipelineId = first;
  for (let attempt = 1; ; attempt += 1) {
    const orchestration = await follow(pipelineId);
    const { exit_code, successor_id } = orchestration.pipeline;
    if (exit_code !== EXIT_CODES.handed_over || successor_id === null || attempt === MAX_ATTEMPTS) {
      return orchestration;
    }
    onHandover(pipelineId, successor_id);
    pipelineId = successor_id;
  }
}
