import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { Price } from '#domain/plan/plan.ts';
import type { Prices } from './types.ts';

/** What one answer reports, as the provider layer hands it on. */
export interface ReportedUsage {
  tokens_in: number | undefined;
  tokens_out: number | undefined;
  tokens_cached: number | undefined;
  /** USD, where the provider bills in its answers. */
  cost_usd: number | undefined;
  model: string | undefined;
}

const FREE: Price = { input: 0, output: 0 };
const CHARACTERS_PER_TOKEN = 4;
const estimate = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

/** Rounded up, so that many small calls cannot be free; the subtrahend is below any price and hides binary fractions. */
const microUsd = (usd: number): number => Math.max(0, Math.ceil(usd * 1_000_000 - 1e-6));

/** A count that can be one; anything else is as good as none, and must not give budget back (PIPE-11). */
const count = (reported: number | undefined): number =>
  reported !== undefined && Number.isSafeInteger(reported) && reported > 0 ? reported : 0;

/** Characters of a model's name that are kept. */
const NAME_LENGTH = 200;

/** AGENT-6. An endpoint that reports no tokens (the provider layer says 0) is charged by an estimate, so that limits hold there too (PIPE-11). */
export function usageOf(a: {
  provider: string;
  asked: string;
  reported: ReportedUsage;
  characters_in: number;
  characters_out: number;
  latency_ms: number;
  prices: Prices;
  /** Of a model that is not in the list: what was reserved for it (PIPE-11). */
  price: Price | undefined;
}): Usage {
  const { reported, asked } = a;
  const tokens_in = count(reported.tokens_in) || estimate(a.characters_in);
  const tokens_out = count(reported.tokens_out) || estimate(a.characters_out);
  const model = (reported.model ?? asked).slice(0, NAME_LENGTH);
  const price = a.prices[model] ?? a.prices[asked] ?? a.price ?? FREE;
  return {
    tokens_in,
    tokens_out,
    tokens_cached: count(reported.tokens_cached),
    cost_microusd:
      reported.cost_usd === undefined || reported.cost_usd < 0
        ? Math.ceil((tokens_in * price.input + tokens_out * price.output) / 1_000_000)
        : microUsd(reported.cost_usd),
    provider: a.provider,
    model,
    latency_ms: Math.round(a.latency_ms),
  };
}

/** Both calls of a repaired answer; the model is the one that answered last. */
export const addUsage = (first: Usage | null, second: Usage | null): Usage | null =>
  first === null || second === null
    ? (first ?? second)
    : {
        ...second,
        tokens_in: first.tokens_in + second.tokens_in,
        tokens_out: first.tokens_out + second.tokens_out,
        tokens_cached: first.tokens_cached + second.tokens_cached,
        cost_microusd: first.cost_microusd + second.cost_microusd,
        latency_ms: first.latency_ms + second.latency_ms,
      };
