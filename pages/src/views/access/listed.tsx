import type { ReactNode } from 'react';

interface Props {
  id: string;
  title: string;
  /** What adds to the list; nothing for who may not. */
  action: ReactNode;
  children: ReactNode;
}

/** One list of the page, with its heading and the button that adds to it. */
export const Listed = ({ id, title, action, children }: Props) => (
  <section aria-labelledby={id}>
    <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
      <h2 id={id} className="font-semibold text-kumo-strong">
        {title}
      </h2>
      {action}
    </div>
    {children}
  </section>
);
