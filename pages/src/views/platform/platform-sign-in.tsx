import { useState } from 'react';
import { Link } from 'wouter';
import { type Failure, failureOf } from '../../api/client.ts';
import { usePlatform } from '../../api/platform.tsx';
import { SignInPanel } from '../../components/sign-in-panel.tsx';

/** TEN-3: whoever is not the platform's admin sees this and nothing behind it. */
export function PlatformSignIn() {
  const { signIn } = usePlatform();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const submit = async (key: string) => {
    setBusy(true);
    setFailure(null);
    try {
      await signIn(key);
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <SignInPanel
      title="Platform admin"
      intro="Tenants and what each may use, with the key that the deployment was set up with. It opens no tenant’s data."
      label="Platform key"
      placeholder="agsp_…"
      description="It is exchanged for a cookie of one hour and not kept in this browser."
      busy={busy}
      failure={failure}
      onKey={(key) => void submit(key)}
      below={
        <>
          Looking for your team’s pipelines?{' '}
          <Link href="/" className="text-kumo-link underline">
            Sign in to a tenant
          </Link>
        </>
      }
    />
  );
}
