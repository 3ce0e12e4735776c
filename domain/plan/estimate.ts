import type { ResolvedPlan } from './plan.ts';

/**
 * PRE-1, a rough expectation of a run that agrees in its third round: login and revocation, three agents' bootstraps, and two model
 * calls (one with tools) for the planner and for each of two seats in each round.
 */
const ROUNDS = 3;
const CALLS = 2 + ROUNDS * 2 * 2;
const OTHER_STEPS = 5;

/** Micro-USD per token of a mid-priced hosted model ($3 in, $15 out per million); 4 characters to a token, 1,500 tokens an answer. */
const IN_MICROUSD = 3;
const OUT_MICROUSD = 15;
const ANSWER_TOKENS = 1_500;
const PROMPT_TOKENS = 2_000;

export function estimateRun(plan: ResolvedPlan): { steps: number; cost_microusd: number } {
  const context = plan.documents.reduce((sum, d) => sum + d.text.length, 0) / 4;
  const paid = Object.values(plan.models).some((choice) => choice.provider !== 'embedded');
  const cost = CALLS * ((PROMPT_TOKENS + context) * IN_MICROUSD + ANSWER_TOKENS * OUT_MICROUSD);
  return {
    steps: Math.min(CALLS + OTHER_STEPS, plan.limits.steps),
    cost_microusd: paid ? Math.min(Math.ceil(cost), plan.limits.cost_microusd) : 0,
  };
}
