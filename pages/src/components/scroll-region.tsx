import type { ReactNode } from 'react';

interface Props {
  label: string;
  className: string;
  children: ReactNode;
}

/** What scrolls by itself must be reachable and scrollable by keyboard (WCAG 2.1.1). */
export function ScrollRegion({ label, className, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
    <section aria-label={label} tabIndex={0} className={`overflow-auto ${className}`}>
      {children}
    </section>
  );
}

/** JSON or tool output, as it is. */
export const Raw = ({ label, className = '', children }: Props) => (
  <ScrollRegion label={label} className={`rounded-md p-3 ${className}`}>
    <pre className="font-mono text-xs break-words whitespace-pre-wrap">{children}</pre>
  </ScrollRegion>
);
