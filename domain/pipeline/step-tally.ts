import type { StepTally } from '../governance/error-budget.ts';
import type { PipelineState } from './state.ts';

/** ENF-5: steps that ended well, and what its agents did wrong, from its beginning; neither ever falls. */
export const stepTally = ({ usage, agents, counts }: PipelineState): StepTally => ({
  good: usage.steps,
  bad: counts.violations + Object.values(agents).reduce((sum, { errors }) => sum + errors, 0),
});
