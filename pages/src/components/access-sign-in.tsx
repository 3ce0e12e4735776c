import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { type FormEvent, useEffect, useState } from 'react';
import { ags } from '../api/client.ts';

interface Props {
  busy: boolean;
  onSignIn(tenant: string): void;
}

/** TEN-3: where the deployment is behind Cloudflare Access, which has let this person through already; nothing elsewhere. */
export function AccessSignIn({ busy, onSignIn }: Props) {
  const [offered, setOffered] = useState(false);
  const [tenant, setTenant] = useState('');
  useEffect(() => {
    let here = true;
    ags
      .signInMethods()
      .then(({ access }) => here && setOffered(access))
      // An API that does not answer says so when somebody signs in.
      .catch(() => {});
    return () => {
      here = false;
    };
  }, []);
  if (!offered) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSignIn(tenant.trim());
  };
  return (
    <form onSubmit={submit} className="mt-6 flex flex-col gap-4 border-t border-kumo-line pt-6">
      <Input
        label="Tenant"
        autoComplete="organization"
        spellCheck={false}
        maxLength={40}
        className="w-full"
        value={tenant}
        onChange={(e) => setTenant(e.target.value)}
        description="Cloudflare Access has told us who you are; you need a live key in this tenant."
        required
      />
      <Button type="submit" size="lg" loading={busy} className="w-full justify-center">
        Sign in with Cloudflare Access
      </Button>
    </form>
  );
}
