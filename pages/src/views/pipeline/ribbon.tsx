import { CheckIcon, XIcon } from '@phosphor-icons/react';
import type { Pipeline } from '#contract/pipeline.ts';
import { type RibbonStep, ribbonOf } from '../../models/ribbon.ts';

const LOOK: Record<RibbonStep['status'], string> = {
  done: 'bg-kumo-success-tint text-kumo-success',
  now: 'bg-kumo-brand text-white',
  failed: 'bg-kumo-danger-tint text-kumo-danger',
  ahead: 'bg-kumo-fill text-kumo-subtle',
};

const SAYS: Record<RibbonStep['status'], string> = {
  done: 'done',
  now: 'in progress',
  failed: 'ended here',
  ahead: 'not reached',
};

/** PIPE-1's states in order, and where the run is. */
export function Ribbon({ pipeline }: { pipeline: Pipeline }) {
  return (
    <ol aria-label="Stages" className="flex flex-wrap gap-1 sm:flex-nowrap">
      {ribbonOf(pipeline).map(({ name, status }) => (
        <li
          key={name}
          aria-current={status === 'now' ? 'step' : undefined}
          className={`flex min-h-8 flex-auto items-center justify-center gap-1.5 rounded-md px-2.5 text-xs font-semibold tracking-wide sm:flex-1 ${LOOK[status]}`}
        >
          {status === 'done' && <CheckIcon weight="bold" aria-hidden="true" />}
          {status === 'failed' && <XIcon weight="bold" aria-hidden="true" />}
          {name}
          <span className="sr-only">, {SAYS[status]}</span>
        </li>
      ))}
    </ol>
  );
}
