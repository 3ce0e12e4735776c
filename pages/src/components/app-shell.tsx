import { Button } from '@cloudflare/kumo/components/button';
import { ListIcon, ShieldCheckIcon, SignOutIcon, XIcon } from '@phosphor-icons/react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useCaller, useSession } from '../api/session.tsx';
import { IncidentBanner } from './incident-banner.tsx';
import { MainNav, NeedsYou } from './main-nav.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

export function Brand() {
  return (
    <span className="flex items-center gap-2 font-semibold text-kumo-strong">
      <ShieldCheckIcon size={24} weight="fill" className="text-kumo-link" aria-hidden="true" />
      Agent Governance
    </span>
  );
}

const HomeLink = () => (
  <Link href="/" className="rounded-md">
    <Brand />
    <span className="sr-only">, home</span>
  </Link>
);

/** Who is signed in, and the way out. */
function Account() {
  const caller = useCaller();
  const { signOut } = useSession();
  return (
    <div className="flex items-center gap-1">
      <p className="min-w-0 flex-1 px-2.5 text-sm leading-tight">
        <span className="block truncate font-medium" title={caller.name}>
          {caller.name}
        </span>
        <span className="block truncate text-kumo-subtle">
          {caller.role} · {caller.tenant}
        </span>
      </p>
      <ThemeToggle />
      <Button
        variant="ghost"
        shape="square"
        icon={SignOutIcon}
        aria-label="Sign out"
        onClick={() => void signOut()}
      />
    </div>
  );
}

/** On narrow screens the navigation is behind a button, and covers the page while it is open. */
function NarrowHeader() {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => setOpen(false);
  useEffect(() => {
    if (!open) return;
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [open]);
  return (
    <header className="sticky top-0 z-20 border-b border-kumo-line bg-kumo-base lg:hidden">
      <div className="flex h-14 items-center justify-between gap-2 px-4">
        <HomeLink />
        <div className="flex items-center gap-1">
          <NeedsYou className="max-sm:[&>span:first-of-type]:sr-only" />
          <Button
            ref={button}
            variant="ghost"
            shape="square"
            icon={open ? XIcon : ListIcon}
            aria-label={open ? 'Close the menu' : 'Open the menu'}
            aria-expanded={open}
            aria-controls="narrow-menu"
            onClick={() => setOpen(!open)}
          />
        </div>
      </div>
      {open && (
        <div
          id="narrow-menu"
          className="flex max-h-[calc(100dvh-3.5rem)] flex-col gap-4 overflow-y-auto border-t border-kumo-line p-4"
        >
          <MainNav onNavigate={close} />
          <div className="border-t border-kumo-line pt-3">
            <Account />
          </div>
        </div>
      )}
    </header>
  );
}

/** Frame of every signed-in page. */
export function AppShell({ children }: { children: ReactNode }) {
  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-kumo-base px-3 py-2 text-kumo-link focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <NarrowHeader />
      <header className="sticky top-0 hidden h-dvh flex-col border-r border-kumo-line bg-kumo-base lg:flex">
        <div className="px-5 pt-5 pb-4">
          <HomeLink />
        </div>
        <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-2.5 py-1">
          <NeedsYou />
          <MainNav />
        </div>
        <div className="border-t border-kumo-line p-2.5">
          <Account />
        </div>
      </header>
      <div className="min-w-0">
        <IncidentBanner />
        <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
          {children}
        </main>
      </div>
    </div>
  );
}
