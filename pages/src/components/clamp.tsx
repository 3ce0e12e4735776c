import { type ReactNode, useEffect, useId, useRef, useState } from 'react';

interface Props {
  /** What is hidden, as in "Show the whole …". */
  what: string;
  children: ReactNode;
}

/** Long text, cut after about 20 lines until it is asked for, so that columns can be compared side by side. */
export function Clamp({ what, children }: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [long, setLong] = useState(false);

  useEffect(() => {
    const el = box.current;
    if (!el || open) return;
    const observer = new ResizeObserver(() => setLong(el.scrollHeight > el.clientHeight + 8));
    observer.observe(el);
    return () => observer.disconnect();
  }, [open]);

  return (
    <div>
      <div
        ref={box}
        id={id}
        className={`overflow-hidden ${open ? '' : 'max-h-80'} ${long && !open ? '[mask-image:linear-gradient(to_bottom,black_80%,transparent)]' : ''}`}
      >
        {children}
      </div>
      {(long || open) && (
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          className="mt-1 min-h-6 cursor-pointer text-sm text-kumo-link hover:underline"
          onClick={() => setOpen(!open)}
        >
          {open ? 'Show less' : `Show the whole ${what}`}
        </button>
      )}
    </div>
  );
}
