import type { Erasure } from '#client/index.ts';
import type { ChainedEvent } from '#domain/ledger/chain.ts';

/** LEDG-2: only its commitment is left of what was recorded. */
export const isErased = ({ content }: Pick<ChainedEvent, 'content'>): boolean => typeof content === 'string';

/** The word that erased this entry's content: the first, where it was asked for twice. null: not among these. */
export const erasureOf = (
  { pipeline_id, seq }: { pipeline_id: string; seq: number },
  erasures: readonly Erasure[],
): Erasure | null =>
  erasures
    .filter((e) => e.pipeline_id === pipeline_id && e.events.includes(seq))
    .toSorted((a, b) => a.asked_at.localeCompare(b.asked_at))[0] ?? null;
