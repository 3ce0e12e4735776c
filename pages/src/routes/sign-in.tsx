import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react';
import { Redirect, useLocation, useSearchParams } from 'wouter';
import { ags, type Failure, failureOf } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import { AccessSignIn } from '../components/access-sign-in.tsx';
import { Brand } from '../components/app-shell.tsx';
import { FailureBanner } from '../components/failure.tsx';
import { ThemeToggle } from '../components/theme-toggle.tsx';
import { useTitle } from '../components/use-title.ts';

/** Only paths of this site: `//host` and `/\host` would lead elsewhere. */
const safeNext = (next: string | null): string => (next && /^\/(?![/\\])/.test(next) ? next : '/');

export function SignInRoute() {
  useTitle('Sign in');
  const { session, refresh } = useSession();
  const [params] = useSearchParams();
  const [, navigate] = useLocation();
  const [key, setKey] = useState('');
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

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signIn({ key: key.trim() });
  };
  return (
    <main
      id="main"
      tabIndex={-1}
      className="flex min-h-dvh items-center justify-center px-4 py-10 outline-none"
    >
      <div className="w-full max-w-md">
        <div className="mb-6 flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <div className="panel p-6 sm:p-8">
          <h1 className="text-xl font-semibold text-kumo-strong">Sign in</h1>
          <p className="mt-1 text-kumo-subtle">
            With an API key, or the one-time link that your terminal printed.
          </p>
          {failure && (
            <div className="mt-4">
              <FailureBanner failure={failure} />
            </div>
          )}
          <form onSubmit={submit} className="mt-6 flex flex-col gap-4">
            <Input
              label="API key"
              type="password"
              autoComplete="current-password"
              spellCheck={false}
              placeholder="ags_…"
              className="w-full"
              value={key}
              onChange={(e) => setKey(e.target.value)}
              description="It is exchanged for a session cookie and not kept in this browser."
              required
            />
            <Button
              type="submit"
              variant="primary"
              size="lg"
              loading={busy}
              className="w-full justify-center"
            >
              {busy ? 'Signing in…' : 'Sign in'}
            </Button>
          </form>
          <AccessSignIn busy={busy} onSignIn={(tenant) => void signIn({ tenant })} />
        </div>
        <p className="mt-4 text-sm text-kumo-subtle">
          No key at hand? An admin of your tenant can create a key or a one-time link for you.
        </p>
      </div>
    </main>
  );
}
