import { ScalesIcon } from '@phosphor-icons/react';
import type { Dissent } from '#domain/pipeline/event/blackboard.ts';
import { ProseLine } from '../../components/prose.tsx';

/** CONS-8: who did not agree and why, whether there was a verdict or not. */
export function Minority({ dissent, className = '' }: { dissent: readonly Dissent[]; className?: string }) {
  if (dissent.length === 0) return null;
  return (
    <section aria-label="Minority report" className={className}>
      <h3 className="flex items-center gap-2 font-semibold">
        <ScalesIcon size={18} aria-hidden="true" /> Minority report
      </h3>
      <ul className="mt-2 space-y-2 text-sm">
        {dissent.map((d) => (
          <li key={d.seat} className="break-words">
            <span className="font-medium">
              {d.seat} {d.vote === 'reject' ? 'rejected' : 'abstained'}:
            </span>{' '}
            <ProseLine text={d.reason} />
          </li>
        ))}
      </ul>
    </section>
  );
}
