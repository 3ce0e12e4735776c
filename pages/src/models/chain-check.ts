import { type ChainCheck, type ChainHead, EMPTY_CHAIN, verifyChain } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** Events hashed in one go: about 10 ms of work, so that the page stays responsive at 10,000 events. */
export const SLICE = 200;

/** How far the browser has recomputed the chain (LEDG-2). */
export interface ChainProgress {
  head: ChainHead;
  broken: Extract<ChainCheck, { ok: false }> | null;
}

export const CHAIN_START: ChainProgress = { head: EMPTY_CHAIN, broken: null };

/** Checks the next slice. A break is final: what follows it proves nothing. */
export function checkNext(progress: ChainProgress, events: readonly PipelineEvent[]): ChainProgress {
  if (progress.broken) return progress;
  const slice = events.slice(progress.head.seq, progress.head.seq + SLICE);
  const check = verifyChain(slice, progress.head);
  if (!check.ok) return { head: progress.head, broken: check };
  const last = slice.at(-1);
  return last ? { head: { seq: last.seq, hash: last.hash }, broken: null } : progress;
}
