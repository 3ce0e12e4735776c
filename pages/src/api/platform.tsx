import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { ags, type Failure, failureOf } from './client.ts';
import { SessionEnded } from './session.tsx';

export type PlatformPhase =
  | { phase: 'loading' }
  | { phase: 'out' }
  | { phase: 'in'; expires_at: string | null }
  | { phase: 'failed'; failure: Failure };

interface Platform {
  session: PlatformPhase;
  refresh(): Promise<void>;
  /** Throws what the API refuses with. */
  signIn(key: string): Promise<void>;
  signOut(): Promise<void>;
}

const PlatformContext = createContext<Platform | null>(null);

/** TEN-3: the platform admin's session, which is beside a tenant's and apart from it: neither signs the other in or out. */
export function PlatformProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<PlatformPhase>({ phase: 'loading' });
  const refresh = useCallback(async () => {
    try {
      const { expires_at } = await ags.platformSession();
      setSession({ phase: 'in', expires_at });
    } catch (error) {
      const failure = failureOf(error);
      // 403: somebody of a tenant, who is not the platform's admin.
      const out = failure.status === 401 || failure.status === 403;
      setSession(out ? { phase: 'out' } : { phase: 'failed', failure });
    }
  }, []);
  const signIn = useCallback(async (key: string) => {
    const { expires_at } = await ags.signInToPlatform(key);
    setSession({ phase: 'in', expires_at });
  }, []);
  const signOut = useCallback(async () => {
    try {
      await ags.signOutOfPlatform();
    } finally {
      await refresh();
    }
  }, [refresh]);
  useEffect(() => void refresh(), [refresh]);

  const value = useMemo(() => ({ session, refresh, signIn, signOut }), [session, refresh, signIn, signOut]);
  return (
    <PlatformContext value={value}>
      <SessionEnded value={refresh}>{children}</SessionEnded>
    </PlatformContext>
  );
}

export function usePlatform(): Platform {
  const value = use(PlatformContext);
  if (!value) throw new Error('usePlatform needs a PlatformProvider above it');
  return value;
}
