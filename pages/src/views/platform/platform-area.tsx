import { Button, LinkButton } from '@cloudflare/kumo/components/button';
import { SignOutIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import { Link, Route, Switch } from 'wouter';
import { PlatformProvider, usePlatform } from '../../api/platform.tsx';
import { Brand } from '../../components/app-shell.tsx';
import { FailureBanner } from '../../components/failure.tsx';
import { Loading, Skeleton } from '../../components/skeleton.tsx';
import { ThemeToggle } from '../../components/theme-toggle.tsx';
import { timeOfDay } from '../../models/format.ts';
import { PlatformSignIn } from './platform-sign-in.tsx';
import { TenantPage } from './tenant-page.tsx';
import { TenantsPage } from './tenants-page.tsx';

function Frame({ children }: { children: ReactNode }) {
  const { session, signOut } = usePlatform();
  const until = session.phase === 'in' ? session.expires_at : null;
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-kumo-base px-3 py-2 text-kumo-link focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <header className="border-b border-kumo-line bg-kumo-base">
        <div className="mx-auto flex min-h-14 max-w-7xl flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 sm:px-6">
          <Link href="/platform" className="rounded-md">
            <Brand />
            <span className="sr-only">, all tenants</span>
          </Link>
          <p className="min-w-0 flex-1 text-sm leading-tight">
            <span className="block font-medium">Platform admin</span>
            {until && (
              <span className="block text-kumo-subtle max-sm:sr-only">
                signed in until {timeOfDay(until)}
              </span>
            )}
          </p>
          <div className="flex items-center gap-1">
            <LinkButton href="/" variant="ghost" size="sm" className="hidden sm:inline-flex">
              A tenant’s dashboard
            </LinkButton>
            <ThemeToggle />
            <Button
              variant="ghost"
              shape="square"
              icon={SignOutIcon}
              aria-label="Sign out of the platform"
              onClick={() => void signOut()}
            />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
        {children}
      </main>
    </>
  );
}

function Inside() {
  const { session, refresh } = usePlatform();
  switch (session.phase) {
    case 'loading':
      return (
        <main className="mx-auto max-w-7xl p-6">
          <Loading what="the platform">
            <Skeleton className="mb-6 h-10" />
            <Skeleton className="h-80" />
          </Loading>
        </main>
      );
    case 'failed':
      return (
        <main className="mx-auto max-w-xl p-6">
          <h1 className="mb-4 text-xl font-semibold">The platform’s page cannot start</h1>
          <FailureBanner failure={session.failure} onRetry={() => void refresh()} />
        </main>
      );
    case 'out':
      return <PlatformSignIn />;
    case 'in':
      return (
        <Frame>
          <Switch>
            <Route path="/platform/tenants/:tenant">
              {({ tenant }) => <TenantPage key={tenant} tenant={tenant} />}
            </Route>
            <Route>
              <TenantsPage />
            </Route>
          </Switch>
        </Frame>
      );
  }
}

/** UI-1, TEN-1: what belongs to the deployment and to no tenant. Its session opens nothing of a tenant's, and theirs nothing here. */
export const PlatformArea = () => (
  <PlatformProvider>
    <Inside />
  </PlatformProvider>
);
