import { useCallback, useEffect, useState } from 'react';

export interface TimeTravel {
  /** The event after which everything is shown. */
  seq: number;
  head: number;
  /** False at the live end, where the page follows the run. */
  past: boolean;
  go(seq: number): void;
  toLive(): void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };

/** Arrow keys step by an event wherever they mean nothing else. */
const isFree = (target: EventTarget | null): boolean =>
  !(target instanceof Element) || target === document.body || target.id === 'main';

/** UI-4: the moment of the run that the page shows. */
export function useTimeTravel(head: number): TimeTravel {
  const [picked, setPicked] = useState<number | null>(null);
  const seq = Math.min(picked ?? head, head);
  const go = useCallback((to: number) => setPicked(to >= head ? null : Math.max(1, to)), [head]);
  const toLive = useCallback(() => setPicked(null), []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = STEPS[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (head === 0 || event.defaultPrevented || !isFree(event.target)) return;
      event.preventDefault();
      go(seq + step);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [go, head, seq]);

  return { seq, head, past: seq < head, go, toLive };
}
