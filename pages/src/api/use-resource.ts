import { useEffect, useEffectEvent, useState } from 'react';
import { type Failure, failureOf } from './client.ts';
import { useSessionEnded } from './session.tsx';

export interface Resource<T> {
  data: T | null;
  /** Why the last attempt failed; what is shown is then older than it looks. */
  failure: Failure | null;
  loading: boolean;
  /** When the data came (ms since 1970). */
  loadedAt: number | null;
  reload(): void;
}

interface Options {
  /** Asked again after so many ms, while the page can be seen. */
  every?: number;
  /** False: nothing is asked for. */
  enabled?: boolean;
  /** What was asked before stays until the new answer is there, because it is the same list in another moment. */
  stay?: boolean;
}

/** One answer of the API, kept current. `key` says what is asked for; another key is another question. */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { every, enabled = true, stay = false }: Options = {},
): Resource<T> {
  const [shown, setShown] = useState<{ key: string; data: T; at: number } | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [loading, setLoading] = useState(enabled);
  /** Grows with every wish to ask again. */
  const [turn, setTurn] = useState(0);
  const ask = useEffectEvent(load);
  /** TEN-3: a session that ended elsewhere leads to the sign-in page. */
  const signedOut = useEffectEvent(useSessionEnded());

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is asked, the turn for asking again.
  useEffect(() => {
    if (!enabled) return;
    const asked = new AbortController();
    const run = async () => {
      setLoading(true);
      try {
        const data = await ask(asked.signal);
        if (asked.signal.aborted) return;
        setShown({ key, data, at: Date.now() });
        setFailure(null);
      } catch (error) {
        if (asked.signal.aborted) return;
        const why = failureOf(error);
        if (why.status === 401) signedOut();
        setFailure(why);
      }
      setLoading(false);
    };
    void run();
    const timer =
      every === undefined
        ? undefined
        : setInterval(() => document.visibilityState === 'visible' && void run(), every);
    return () => {
      clearInterval(timer);
      asked.abort();
    };
  }, [key, every, enabled, turn]);

  const current = stay || shown?.key === key ? shown : null;
  return {
    data: current?.data ?? null,
    failure,
    loading,
    loadedAt: current?.at ?? null,
    reload: () => setTurn((n) => n + 1),
  };
}
