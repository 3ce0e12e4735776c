import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import { ago, dateTime } from '../models/format.ts';

const NowContext = createContext(0);

/** One clock for all relative times of a page, so that they tick together and only once a second. */
export function ClockProvider({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <NowContext value={now}>{children}</NowContext>;
}

export const useNow = (): number => use(NowContext);

export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={dateTime(at)} className="tabular whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}
