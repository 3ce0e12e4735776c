import type { Icon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';

/** A part of a page that has nothing to show yet, and what will fill it. */
export function Nothing({ icon: Icon, children }: { icon: Icon; children: ReactNode }) {
  return (
    <p className="flex items-center gap-3 p-4 text-sm text-kumo-subtle">
      <Icon size={24} aria-hidden="true" className="shrink-0" />
      {children}
    </p>
  );
}
