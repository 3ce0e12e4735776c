import type { Timeouts } from './types.ts';

/** AGENT-4: ends a call whose first token does not come, or that falls silent. */
export interface Watchdog {
  /** Aborts on silence and when the caller's signal does. */
  signal: AbortSignal;
  /** Rejects then; for what does not heed the signal. */
  aborted: Promise<never>;
  /** Something was produced. */
  touch(): void;
  stop(): void;
  /** Why the signal aborted; null while it has not. */
  reason(): 'cancelled' | 'first_token' | 'idle' | null;
}

export function startWatchdog(caller: AbortSignal, timeouts: Timeouts): Watchdog {
  const controller = new AbortController();
  let reason: ReturnType<Watchdog['reason']> = null;
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  const end = (why: NonNullable<typeof reason>) => {
    reason ??= why;
    controller.abort(new DOMException(why, 'AbortError'));
  };
  const cancel = () => end('cancelled');
  let stopped = false;
  let timer = setTimeout(() => end('first_token'), timeouts.first_token);
  if (caller.aborted) cancel();
  caller.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    aborted,
    touch() {
      if (stopped) return;
      clearTimeout(timer);
      timer = setTimeout(() => end('idle'), timeouts.idle);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      caller.removeEventListener('abort', cancel);
    },
    reason: () => reason,
  };
}
