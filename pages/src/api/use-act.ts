import { useKumoToastManager } from '@cloudflare/kumo/components/toast';
import { useCallback, useState } from 'react';
import { failureOf } from './client.ts';

export interface Acting {
  busy: boolean;
  /** Does it and says so; false, after saying why, when it was refused. */
  act(work: () => Promise<unknown>, done: string): Promise<boolean>;
}

/** A button's work: one at a time, with its outcome as a toast. */
export function useAct(): Acting {
  const toasts = useKumoToastManager();
  const [busy, setBusy] = useState(false);
  const act = useCallback(
    async (work: () => Promise<unknown>, done: string) => {
      setBusy(true);
      try {
        await work();
        toasts.add({ variant: 'success', title: done });
        return true;
      } catch (error) {
        const { title, detail } = failureOf(error);
        toasts.add({ variant: 'error', title, description: detail });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [toasts],
  );
  return { busy, act };
}
