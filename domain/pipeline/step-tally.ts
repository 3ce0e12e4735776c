import type { StepTally } from '../governance/error-budget.ts';
import type { PipelineState } from './state.ts';

/**
 * ENF-5: steps that ended well and acts of outside agents, and what agents did wrong, from its beginning; neither ever falls. That a tool
 * failed is nobody's error: a test that fails is a developer's day, for agents of ours and for those that run elsewhere.
 */
export const stepTally = ({ usage, agents, counts }: PipelineState): StepTally => ({
  good: usage.steps + counts.outside_acts,
  bad: counts.violations + Object.values(agents).reduce((sum, { errors }) => sum + errors, 0),
});
