import type { Pipeline } from '#contract/pipeline.ts';
import { ENDED_STATES, PIPELINE_STATES, type PipelineStateName } from '#domain/pipeline/states.ts';

export interface RibbonStep {
  name: PipelineStateName;
  status: 'done' | 'now' | 'failed' | 'ahead';
}

const STAGES = PIPELINE_STATES.filter((s) => !(ENDED_STATES as readonly string[]).includes(s));
/** Agents that run elsewhere bring no report and seek no consensus (GOV-7). */
const EXTERNAL: readonly PipelineStateName[] = ['SPAWN', 'RUNNING'];

/** How many stages a failed run got through, from what it left behind. */
function reached(p: Pipeline): number {
  if (p.mode === 'external') return p.usage.steps > 0 ? EXTERNAL.indexOf('RUNNING') : 0;
  if (p.round > 0) return STAGES.indexOf('ORCHESTRATING');
  if (p.complexity !== null) return STAGES.indexOf('REPORT');
  return p.usage.steps > 0 ? STAGES.indexOf('RUNNING') : 0;
}

/** SPAWN → RUNNING → REPORT → ORCHESTRATING → COMPLETED; FAILED takes the last place when the run failed. */
export function ribbonOf(p: Pipeline): RibbonStep[] {
  const failed = p.state === 'FAILED';
  const completed = p.state === 'COMPLETED';
  const all = p.mode === 'external' ? EXTERNAL : STAGES;
  const at = completed ? all.length : failed ? reached(p) + 1 : all.indexOf(p.state);
  const stages = all.map((name, i): RibbonStep => {
    const here = failed ? 'ahead' : 'now';
    return { name, status: i < at ? 'done' : i === at ? here : 'ahead' };
  });
  const end: RibbonStep = failed
    ? { name: 'FAILED', status: 'failed' }
    : { name: 'COMPLETED', status: completed ? 'done' : 'ahead' };
  return [...stages, end];
}
