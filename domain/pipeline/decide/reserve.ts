import type { Reservation, StepWork } from '../event.ts';
import { PROMPT_OVERHEAD_TOKENS } from '../rules.ts';
import { type PipelineState, reservedNow } from '../state.ts';

/**
 * PIPE-11: the most that one model call can use. A token is at least one byte of text, so the bytes of what the prompt holds bound
 * its tokens; the answer is bounded by max_tokens, the price by the dearest fallback.
 */
export function callBound(state: PipelineState, work: StepWork): Reservation | null {
  if (work.kind !== 'agent_turn' && work.kind !== 'synthesis') return null;
  const agent = state.agents[work.agent_id];
  const choice = agent && state.spawned?.models[agent.role];
  if (!choice || !state.spawned) return null;
  const bytes = (value: unknown): number => JSON.stringify(value).length;
  const documents = state.spawned.documents.reduce((sum, d) => sum + d.bytes, 0);
  const board = bytes([state.report, state.findings, state.proposals, state.votes, state.messages]);
  const results = agent.legs
    .flat()
    .reduce((sum, id) => sum + (state.actions[id]?.outcome?.result?.length ?? 0), 0);
  const earlier = bytes([state.inherited?.handoff ?? null, state.history.at(-1) ?? null]);
  const input = documents + board + results + earlier + PROMPT_OVERHEAD_TOKENS;
  const price = choice.price ?? { input: 0, output: 0 };
  return {
    tokens: input + choice.max_tokens,
    cost_microusd: Math.ceil((input * price.input + choice.max_tokens * price.output) / 1_000_000),
  };
}

export type Fit = 'fits' | 'wait' | 'never';

/** `wait`: calls under way hold what is missing and may give it back. A limit of 0 is no limit. */
export function fits(state: PipelineState, bound: Reservation): Fit {
  const limits = state.spawned?.limits;
  if (!limits) return 'never';
  const reserved = reservedNow(state);
  const used = {
    tokens: state.usage.tokens_in + state.usage.tokens_out,
    cost_microusd: state.usage.cost_microusd,
  };
  const within = (extra: Reservation): boolean =>
    (['tokens', 'cost_microusd'] as const).every(
      (name) => limits[name] === 0 || used[name] + extra[name] + bound[name] <= limits[name],
    );
  if (within(reserved)) return 'fits';
  return within({ tokens: 0, cost_microusd: 0 }) ? 'wait' : 'never';
}
