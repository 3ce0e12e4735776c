import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { Caller } from '#contract/access.ts';
import { ags, type Failure, failureOf } from './client.ts';

export type Session =
  | { phase: 'loading' }
  | { phase: 'out' }
  | { phase: 'in'; caller: Caller }
  | { phase: 'failed'; failure: Failure };

interface SessionActions {
  session: Session;
  refresh(): Promise<void>;
  signOut(): Promise<void>;
}

const SessionContext = createContext<SessionActions | null>(null);

/** What to do when the API says that the session is over: whose that is depends on the part of the site. */
export const SessionEnded = createContext<() => unknown>(() => undefined);
export const useSessionEnded = (): (() => unknown) => use(SessionEnded);

/** TEN-3: who is signed in, asked once and kept; a 401 anywhere leads back to the sign-in page through `refresh`. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session>({ phase: 'loading' });

  const refresh = useCallback(async () => {
    try {
      setSession({ phase: 'in', caller: await ags.whoami() });
    } catch (error) {
      const failure = failureOf(error);
      setSession(failure.status === 401 ? { phase: 'out' } : { phase: 'failed', failure });
    }
  }, []);

  const signOut = useCallback(async () => {
    try {
      await ags.signOut();
    } finally {
      await refresh();
    }
  }, [refresh]);

  useEffect(() => void refresh(), [refresh]);

  const value = useMemo(() => ({ session, refresh, signOut }), [session, refresh, signOut]);
  return (
    <SessionContext value={value}>
      <SessionEnded value={refresh}>{children}</SessionEnded>
    </SessionContext>
  );
}

export function useSession(): SessionActions {
  const value = use(SessionContext);
  if (!value) throw new Error('useSession needs a SessionProvider above it');
  return value;
}

/** The signed-in caller; only below the routes that need one. */
export function useCaller(): Caller {
  const { session } = useSession();
  if (session.phase !== 'in') throw new Error('useCaller needs a signed-in session');
  return session.caller;
}
