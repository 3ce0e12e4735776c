import * as z from 'zod';
import type { StreamPart } from './provider.ts';
import type { ReportedUsage } from './usage.ts';

/** What has come of an answer so far. */
export interface Received {
  text: string;
  calls: { call_id: string; tool: string; input: string }[];
  /** `length`: cut off at max_tokens; `content-filter`: refused. */
  finish: string;
  /** Characters of reasoning and of tool arguments, which are not kept while they stream. */
  reasoning: number;
  arguments: number;
  reported: ReportedUsage;
  /** The first error that arrived inside the stream. */
  error: unknown;
}

export const nothingYet = (): Received => ({
  text: '',
  calls: [],
  finish: 'other',
  reasoning: 0,
  arguments: 0,
  reported: {
    tokens_in: undefined,
    tokens_out: undefined,
    tokens_cached: undefined,
    cost_usd: undefined,
    model: undefined,
  },
  error: null,
});

export const charactersOf = ({ text, reasoning, arguments: args }: Received): number =>
  text.length + reasoning + args;

const OpenRouterCost = z.object({ openrouter: z.object({ usage: z.object({ cost: z.number() }) }) });

/** Takes in one part of the stream. Empty deltas say nothing and are no progress (AGENT-4); neither is a part without content. */
export function receive(state: Received, part: StreamPart, say: (note: string) => void): void {
  switch (part.type) {
    case 'text-delta':
      state.text += part.delta;
      if (part.delta !== '') say(`answering, ${state.text.length} characters so far`);
      return;
    case 'reasoning-delta':
      state.reasoning += part.delta.length;
      if (part.delta !== '') say(`reasoning, ${state.reasoning} characters so far`);
      return;
    case 'tool-input-start':
      say(`asking for ${part.toolName.slice(0, 80)}`);
      return;
    case 'tool-input-delta':
      state.arguments += part.delta.length;
      if (part.delta !== '') say('writing the arguments of a tool call');
      return;
    case 'tool-call':
      state.calls.push({ call_id: part.toolCallId, tool: part.toolName, input: part.input });
      return;
    case 'response-metadata':
      state.reported.model = part.modelId ?? state.reported.model;
      return;
    case 'error':
      state.error ??= part.error;
      return;
    case 'finish': {
      state.finish = part.finishReason.unified;
      state.reported.tokens_in = part.usage.inputTokens.total;
      state.reported.tokens_out = part.usage.outputTokens.total;
      state.reported.tokens_cached = part.usage.inputTokens.cacheRead;
      const cost = OpenRouterCost.safeParse(part.providerMetadata);
      if (cost.success) state.reported.cost_usd = cost.data.openrouter.usage.cost;
      return;
    }
  }
}
