import { CircleNotchIcon, SealCheckIcon, SealWarningIcon } from '@phosphor-icons/react';
import type { ChainProgress } from '../../models/chain-check.ts';
import { exact } from '../../models/format.ts';

/** LEDG-2, checked here in the browser rather than believed. */
export function EvidenceBadge({ chain, head }: { chain: ChainProgress; head: number }) {
  const { broken } = chain;
  if (broken)
    return (
      <span role="alert" className="inline-flex items-center gap-1.5 text-sm font-semibold text-kumo-danger">
        <SealWarningIcon size={18} weight="fill" aria-hidden="true" />
        Chain broken at event {exact(broken.seq)}: {broken.why}
      </span>
    );
  if (chain.head.seq < head)
    return (
      <span className="inline-flex items-center gap-1.5 text-sm text-kumo-subtle tabular">
        <CircleNotchIcon size={18} aria-hidden="true" className="animate-spin" />
        Verifying {exact(chain.head.seq)} of {exact(head)} events…
      </span>
    );
  return (
    <span
      className="inline-flex items-center gap-1.5 text-sm font-medium text-kumo-success tabular"
      title={`Recomputed in this browser. Head ${chain.head.hash}`}
    >
      <SealCheckIcon size={18} weight="fill" aria-hidden="true" />
      {exact(chain.head.seq)} events, chain verified
    </span>
  );
}
