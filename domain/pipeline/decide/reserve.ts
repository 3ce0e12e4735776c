import {
  BLACKBOARD_LIMIT,
  DOCUMENT_LIMITS,
  EARLIER_LIMIT,
  EXCHANGE_LIMIT,
} from '../../agents/prompts/index.ts';
import { isOurs } from '../../agents/roles.ts';
import type { TenantSlice } from '../command.ts';
import type { Reservation, StepWork } from '../event/steps.ts';
import { PROMPT_OVERHEAD_TOKENS } from '../rules.ts';
import { type PipelineState, reservedNow } from '../state.ts';

/**
 * PIPE-11: the most that one step's model calls can use. A token is at least one byte of text, so the bytes of what the prompt holds,
 * where it is not cut, bound its tokens; answers are bounded by max_tokens, the price by the dearest fallback. Two answers: a wrong one
 * may be asked for again (AGENT-3), and its worker does so only while both fit into this.
 */
export function callBound(state: PipelineState, work: StepWork): Reservation | null {
  if (work.kind !== 'agent_turn' && work.kind !== 'synthesis') return null;
  const agent = state.agents[work.agent_id];
  if (!agent || !isOurs(agent.role) || !state.spawned) return null;
  const choice = state.spawned.models[agent.role];
  const documents = state.spawned.documents.reduce(
    (sum, d) => sum + Math.min(d.bytes, BYTES_PER_CHARACTER * DOCUMENT_LIMITS.each),
    0,
  );
  const board = jsonBytes([state.report, state.findings, state.proposals, state.votes, state.messages]);
  const results = agent.legs
    .flat()
    .flatMap((id) => state.actions[id] ?? [])
    .reduce(
      (sum, { request, outcome }) =>
        sum + jsonBytes(request.arguments) + Math.min(utf8Bytes(outcome?.result ?? ''), cap(EXCHANGE_LIMIT)),
      0,
    );
  const earlier = jsonBytes([state.inherited?.handoff ?? null, state.history.at(-1) ?? null]);
  const input =
    utf8Bytes(state.spawned.objective) +
    Math.min(documents, cap(DOCUMENT_LIMITS.all)) +
    Math.min(board, cap(BLACKBOARD_LIMIT)) +
    results +
    Math.min(earlier, cap(EARLIER_LIMIT)) +
    PROMPT_OVERHEAD_TOKENS;
  const output = 2 * choice.max_tokens;
  const price = choice.price ?? { input: 0, output: 0 };
  return {
    tokens: input + output,
    cost_microusd: Math.ceil((input * price.input + output * price.output) / 1_000_000),
  };
}

/** UTF-8 of one UTF-16 unit at most. */
const BYTES_PER_CHARACTER = 3;
const cap = (characters: number): number => BYTES_PER_CHARACTER * characters;
const jsonBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));

/** Bytes of the text in UTF-8. Each half of a surrogate pair counts 3, where both together take 4. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x800) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
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

/** PIPE-11: of the limit of steps. What is claimed counts as used, so that agents side by side cannot overrun it. */
export function stepFits(state: PipelineState, work: StepWork): Fit {
  if (work.kind !== 'agent_turn' && work.kind !== 'action' && work.kind !== 'synthesis') return 'fits';
  const limit = state.spawned?.limits.steps ?? 0;
  const underWay = Object.values(state.steps).filter((s) => s.status === 'claimed' && 'agent_id' in s.work);
  if (state.usage.steps + underWay.length < limit) return 'fits';
  return state.usage.steps < limit ? 'wait' : 'never';
}

const usedBy = ({ usage }: PipelineState): Reservation => ({
  tokens: usage.tokens_in + usage.tokens_out,
  cost_microusd: usage.cost_microusd,
});

/** PIPE-11: what the pipeline would have used of its tenant's budget, at most, once this step's calls were under way too. */
export function needFor(state: PipelineState, work: StepWork): Reservation | null {
  const bound = callBound(state, work);
  if (!bound) return null;
  const [used, reserved] = [usedBy(state), reservedNow(state)];
  return {
    tokens: used.tokens + reserved.tokens + bound.tokens,
    cost_microusd: used.cost_microusd + reserved.cost_microusd + bound.cost_microusd,
  };
}

/** Against the slice alone. `never`: nothing under way could give back what is missing, and the tenant has no more. */
export function fitsSlice(state: PipelineState, bound: Reservation, slice: TenantSlice): Fit {
  const [used, reserved] = [usedBy(state), reservedNow(state)];
  const within = (extra: Reservation): boolean =>
    (['tokens', 'cost_microusd'] as const).every(
      (name) => used[name] + extra[name] + bound[name] <= slice[name],
    );
  if (within(reserved)) return 'fits';
  return slice.used_up && !within({ tokens: 0, cost_microusd: 0 }) ? 'never' : 'wait';
}
