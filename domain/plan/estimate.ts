import type { ModelChoice, Price, ResolvedPlan } from './plan.ts';

/**
 * PRE-1, a rough expectation of a run that agrees in its third round: login and revocation, three agents' bootstraps, and two model
 * calls (one with tools) for the planner and for each of two seats in each round.
 */
const ROUNDS = 3;
const CALLS = 2 + ROUNDS * 2 * 2;
const OTHER_STEPS = 5;

/** Where no price is known, that of a mid-priced hosted model; 4 characters to a token, 1,500 tokens an answer. */
const USUAL_PRICE: Price = { input: 3_000_000, output: 15_000_000 };
const ANSWER_TOKENS = 1_500;
const PROMPT_TOKENS = 2_000;

export function estimateRun(plan: ResolvedPlan): { steps: number; cost_microusd: number } {
  const context = plan.documents.reduce((sum, d) => sum + d.text.length, 0) / 4;
  const paid = Object.values(plan.models).filter((choice) => choice.provider !== 'embedded');
  const callCost = ({ price = USUAL_PRICE }: ModelChoice): number =>
    ((PROMPT_TOKENS + context) * price.input + ANSWER_TOKENS * price.output) / 1_000_000;
  const cost = CALLS * Math.max(0, ...paid.map(callCost));
  return {
    steps: Math.min(CALLS + OTHER_STEPS, plan.limits.steps),
    cost_microusd: Math.min(Math.ceil(cost), plan.limits.cost_microusd),
  };
}
