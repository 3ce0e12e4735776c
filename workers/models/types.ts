import type * as z from 'zod';
import type { PromptMessages } from '#domain/agents/prompts/index.ts';
import type { Reservation, Usage } from '#domain/pipeline/event/steps.ts';
import type { ModelChoice, Price, Provider } from '#domain/plan/plan.ts';

/** Where each provider is reached; null or absent: this deployment has none. OpenRouter has a default address. */
export type BaseUrls = Partial<Record<Provider, string | null>>;

/** By model name, for providers that do not bill in their answers. */
export type Prices = Readonly<Record<string, Price>>;

export interface ToolOffer {
  name: string;
  description: string;
  /** JSON schema of its arguments. */
  parameters: Record<string, unknown>;
}

export interface ModelRequest<T> {
  choice: ModelChoice;
  apiKey: string;
  baseUrls: BaseUrls;
  messages: PromptMessages;
  tools: readonly ToolOffer[];
  /** False: the model is offered no choice but to answer. */
  allowTools: boolean;
  /** Travels as `response_format.json_schema.name`. */
  schemaName: string;
  schema: z.ZodType<T>;
  /** RUN-5: only sent to the embedded model. */
  embedded?: { misbehave: unknown[]; seat: string; round: number; attempt: number };
  prices?: Prices;
  /** PIPE-11: what was reserved for all calls of the step; null or absent: without end. */
  budget?: Reservation | null;
  /** OPS-1: names whose breakers are open; the others of the choice are asked. */
  avoid?: readonly string[];
  /** Hears how each model that was asked did; null: it answered. */
  onOutcome?(model: string, error: ModelError | null): void;
  /** Aborting it ends the call with `cancelled`. */
  signal: AbortSignal;
  /** Called for content and reasoning only (AGENT-4), with a note that carries none of it. */
  onProgress(note: string): void;
  timeouts?: Timeouts;
  fetch?: typeof fetch;
}

/** AGENT-4, in milliseconds: until the first token, and between two. Keep-alive comments count as silence. */
export interface Timeouts {
  first_token: number;
  idle: number;
}
export const TIMEOUTS: Timeouts = { first_token: 120_000, idle: 60_000 };

/** `arguments` that are no JSON object arrive as `{unparsed}` and are refused by the gate. */
export interface RequestedCall {
  call_id: string;
  tool: string;
  arguments: Record<string, unknown>;
}

export type ModelAnswer<T> = { usage: Usage } & (
  | { kind: 'tool_calls'; calls: RequestedCall[] }
  | { kind: 'output'; value: T }
);

/** AGENT-3: told apart, because each calls for something else: a person, a pause, another try, or blame. */
export const MODEL_ERRORS = [
  'model_not_configured',
  'model_key_refused',
  'model_credits',
  'model_rate_limited',
  'model_timeout',
  'model_unavailable',
  'model_not_found',
  'model_request_refused',
  'model_error_in_stream',
  'model_malformed_stream',
  'model_empty_answer',
  'model_refused',
  'invalid_output',
  'cancelled',
] as const;

export interface ModelError {
  code: (typeof MODEL_ERRORS)[number];
  /** For people; never contains the key or any of the prompt, nor a provider's own words, which may quote both. */
  message: string;
  retryable: boolean;
  retry_after_s: number | null;
  cause: 'agent' | 'dependency';
}

export interface ModelFailure extends ModelError {
  /** What the failed calls used, as far as known. */
  usage: Usage | null;
}
