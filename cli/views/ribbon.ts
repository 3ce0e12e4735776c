import type { Pipeline } from '#client/index.ts';
import { PIPELINE_STATES, type PipelineStateName } from '#domain/pipeline/states.ts';
import type { Style } from '../terminal/style.ts';

const PATH: readonly PipelineStateName[] = PIPELINE_STATES.filter((state) => state !== 'FAILED');

/** `✔ SPAWN ─ ● RUNNING ─ ○ REPORT ─ …`; a failed pipeline ends in ✘ where it got to. `reached` is its last live state. */
export function stateRibbon(
  pipeline: Pick<Pipeline, 'state' | 'waiting_for'>,
  reached: Pipeline['state'],
  style: Style,
): string {
  const failed = pipeline.state === 'FAILED';
  const at = PATH.indexOf(failed ? reached : pipeline.state);
  const steps = PATH.map((state, index) => {
    if (index < at || pipeline.state === 'COMPLETED') return style.good(`✔ ${state}`);
    if (index > at) return style.faint(`○ ${state}`);
    if (failed) return style.bad(`✘ ${state}`);
    return pipeline.waiting_for ? style.caution(`⏸ ${state}`) : style.live(`● ${state}`);
  });
  if (failed) steps[steps.length - 1] = style.bad('✘ FAILED');
  return steps.join(style.faint(' ─ '));
}

/** One word with its colour, for lists. */
export function stateWord({ state, waiting_for, exit_code }: Pipeline, style: Style): string {
  if (state === 'COMPLETED') return style.good(state);
  if (state === 'FAILED') return style.bad(state);
  if (exit_code === 2 || waiting_for) return style.caution(state);
  return style.live(state);
}
