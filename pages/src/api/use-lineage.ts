import { useEffect, useState } from 'react';
import type { Lineage, Pipeline } from '#contract/pipeline.ts';
import { ags } from './client.ts';

/** How often a lineage that is still moving is asked for again (ms). */
const AGAIN = 5_000;

/**
 * REC-4: all attempts of this pipeline's lineage, asked for again while a successor waits or works. null before the first answer, and
 * for a pipeline that stands alone.
 */
export function useLineage(p: Pipeline): Lineage | null {
  const [lineage, setLineage] = useState<Lineage | null>(null);
  const alone = p.predecessor_id === null && p.successor_id === null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of state changes this pipeline's line in it.
  useEffect(() => {
    if (alone) return;
    let timer: ReturnType<typeof setTimeout>;
    const asked = new AbortController();
    const ask = async () => {
      try {
        const answer = await ags.lineage(p.pipeline_id, asked.signal);
        setLineage(answer);
        const moving = answer.waiting !== null || answer.items.some((i) => i.ended_at === null);
        if (moving) timer = setTimeout(ask, AGAIN);
      } catch {
        if (!asked.signal.aborted) timer = setTimeout(ask, AGAIN);
      }
    };
    void ask();
    return () => {
      asked.abort();
      clearTimeout(timer);
    };
  }, [p.pipeline_id, alone, p.state, p.successor_id]);

  return alone ? null : lineage;
}

/** The number by which people know a pipeline; null until it is known. */
export function useNumber(pipelineId: string | null): number | null {
  const [number, setNumber] = useState<number | null>(null);
  useEffect(() => {
    if (pipelineId === null) return;
    let over = false;
    ags.pipeline(pipelineId).then(
      (p) => over || setNumber(p.number),
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [pipelineId]);
  return number;
}
