import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, Redirect, useLocation, useSearchParams } from 'wouter';
import { ags, type Failure, failureOf } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import { AccessSignIn } from '../components/access-sign-in.tsx';
import { SignInPanel } from '../components/sign-in-panel.tsx';

/** Only paths of this site: `//host` and `/\host` would lead elsewhere. */
const safeNext = (next: string | null): string => (next && /^\/(?![/\\])/.test(next) ? next : '/');

export function SignInRoute() {
  const { session, refresh } = useSession();
  const [params] = useSearchParams();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const link = useRef(params.get('token'));

  const signIn = useCallback(
    async (proof: { key: string } | { link_token: string } | { tenant: string }) => {
      setBusy(true);
      setFailure(null);
      try {
        if ('tenant' in proof) await ags.signInThroughAccess(proof.tenant);
        else await ags.signIn(proof);
        await refresh();
      } catch (error) {
        setFailure(failureOf(error));
      } finally {
        setBusy(false);
      }
    },
    [refresh],
  );

  // TEN-3: the token leaves the address bar and the history before anything else happens, and is sent once.
  useEffect(() => {
    const token = link.current;
    if (!token) return;
    link.current = null;
    navigate('/signin', { replace: true });
    void signIn({ link_token: token });
  }, [navigate, signIn]);

  if (session.phase === 'in' && !busy) return <Redirect to={safeNext(params.get('next'))} replace />;

  return (
    <SignInPanel
      title="Sign in"
      intro="With an API key, or the one-time link that your terminal printed."
      label="API key"
      placeholder="ags_…"
      description="It is exchanged for a session cookie and not kept in this browser."
      busy={busy}
      failure={failure}
      onKey={(key) => void signIn({ key })}
      below={
        <>
          No key at hand? An admin of your tenant can create a key or a one-time link for you. Tenants
          themselves are the{' '}
          <Link href="/platform" className="text-kumo-link underline">
            platform admin’s
          </Link>
          .
        </>
      }
    >
      <AccessSignIn busy={busy} onSignIn={(tenant) => void signIn({ tenant })} />
    </SignInPanel>
  );
}
