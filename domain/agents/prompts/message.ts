import type { ToolExchange } from '../../pipeline/assignment.ts';

/** A conversation as the domain sees it; `workers/models` turns it into a provider's wire format. */
export type PromptMessage =
  | { role: 'system'; text: string }
  | { role: 'user'; text: string }
  | { role: 'assistant'; text: string; calls: Pick<ToolExchange, 'call_id' | 'tool' | 'arguments'>[] }
  | { role: 'tool'; call_id: string; tool: string; text: string };

/** System first, then user; assistant and tool messages follow in the order of the tool loop. */
export type PromptMessages = PromptMessage[];
