import { useEffect, useEffectEvent, useState } from 'react';
import type { ApiError, StreamHandlers, StreamStatus, Subscription } from '#client/index.ts';
import { useSession } from './session.tsx';

export interface StreamView {
  status: StreamStatus;
  /** Why the stream was refused for good; null while it goes on. */
  refused: ApiError | null;
}

/**
 * Keeps one of the client's streams open while the component is shown. The client backs off and reconnects by itself;
 * when the network or the tab comes back, waiting out the back-off would only look broken, so it starts over at once.
 */
export function useStream(key: string, subscribe: (handlers: StreamHandlers) => Subscription): StreamView {
  const [view, setView] = useState<StreamView>({ status: 'connecting', refused: null });
  const { refresh } = useSession();
  const open = useEffectEvent(subscribe);
  /** TEN-3: a session that ended elsewhere leads to the sign-in page. */
  const signedOut = useEffectEvent(() => void refresh());

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is streamed; another one is another stream.
  useEffect(() => {
    let status: StreamStatus = 'connecting';
    let refused: ApiError | null = null;
    let subscription: Subscription | null = null;
    /** Numbers the subscriptions: one that was replaced, or left with the page, has nothing more to say. */
    let current = 0;

    const start = () => {
      current += 1;
      const mine = current;
      subscription = open({
        onStatus: (next) => {
          if (mine !== current) return;
          // Connecting after a wake-up is still the same outage to the reader.
          status = next === 'connecting' && status === 'stale' ? 'stale' : next;
          setView({ status, refused });
        },
        onRefused: (error) => {
          refused = error;
          if (error.problem.status === 401) signedOut();
        },
      });
    };
    const wake = () => {
      if (status !== 'stale' || document.visibilityState === 'hidden') return;
      const old = subscription;
      start();
      old?.close();
    };

    start();
    addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    return () => {
      current = -1;
      removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
      subscription?.close();
    };
  }, [key]);

  return view;
}
