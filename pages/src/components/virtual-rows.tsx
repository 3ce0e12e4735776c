import { type ReactNode, useEffect, useRef, useState } from 'react';

interface Props {
  label: string;
  count: number;
  /** Pixels; every row has this height, or scrolling would lie about where it is. */
  rowHeight: number;
  /** Scrolls to the end when rows are added while the reader is at the end. */
  follow?: boolean;
  row(index: number): ReactNode;
}

const OVERSCAN = 8;

/** A list that renders only what can be seen: 10,000 rows cost as much as 30 (UI-2). */
export function VirtualRows({ label, count, rowHeight, follow = false, row }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const atEnd = useRef(true);

  const measure = () => {
    const el = box.current;
    if (!el) return;
    atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < rowHeight * 2;
    setView({ top: el.scrollTop, height: el.clientHeight });
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the number of rows changes, which is when there is something to follow.
  useEffect(() => {
    const el = box.current;
    if (el && follow && atEnd.current) el.scrollTop = el.scrollHeight;
  }, [count, follow]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    <section
      ref={box}
      onScroll={measure}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1).
      tabIndex={0}
      className="relative max-h-[30rem] overflow-auto"
    >
      <ul style={{ height: count * rowHeight }} className="relative">
        {rows.map((index) => (
          <li
            key={index}
            aria-setsize={count}
            aria-posinset={index + 1}
            className="absolute inset-x-0"
            style={{ top: index * rowHeight, height: rowHeight }}
          >
            {row(index)}
          </li>
        ))}
      </ul>
    </section>
  );
}
