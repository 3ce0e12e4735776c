import { Button } from '@cloudflare/kumo/components/button';
import { HandIcon, ShieldCheckIcon, SignOutIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import { Link, useRoute } from 'wouter';
import { useLivePipelines } from '../api/live-pipelines.tsx';
import { useCaller, useSession } from '../api/session.tsx';
import { needsPerson } from '../models/pipeline-list.ts';
import { ThemeToggle } from './theme-toggle.tsx';

export function Brand() {
  return (
    <span className="flex items-center gap-2 font-semibold text-kumo-strong">
      <ShieldCheckIcon size={24} weight="fill" className="text-kumo-link" aria-hidden="true" />
      <span className="hidden sm:inline">Agent Governance</span>
      <span className="sm:hidden">AGS</span>
    </span>
  );
}

/** Frame of every signed-in page. */
export function AppShell({ children }: { children: ReactNode }) {
  const caller = useCaller();
  const { signOut } = useSession();
  const [onList] = useRoute('/');
  const { live } = useLivePipelines();
  const needs = [...live.values()].filter(needsPerson).length;
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-kumo-base px-3 py-2 text-kumo-link focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-20 border-b border-kumo-line bg-kumo-base">
        <div className="mx-auto flex h-14 max-w-7xl items-center gap-2 px-4 sm:gap-6 sm:px-6">
          <Link href="/" className="rounded-md">
            <Brand />
            <span className="sr-only">, home</span>
          </Link>
          <nav aria-label="Main" className="flex flex-1 items-center">
            <Link
              href="/"
              aria-current={onList ? 'page' : undefined}
              className="rounded-md px-3 py-2 font-medium text-kumo-subtle hover:bg-kumo-tint aria-[current]:bg-kumo-tint aria-[current]:text-kumo-strong"
            >
              Pipelines
            </Link>
            {needs > 0 && (
              <Link
                href="/?show=needs"
                className="ml-1 inline-flex items-center gap-1.5 rounded-md px-2 py-1.5 font-medium text-kumo-warning hover:bg-kumo-tint"
              >
                <HandIcon size={18} weight="fill" aria-hidden="true" />
                <span className="sr-only sm:not-sr-only">Needs you</span>
                <span className="tabular">{needs}</span>
              </Link>
            )}
          </nav>
          <p className="hidden text-right text-sm leading-tight sm:block">
            <span className="block font-medium">{caller.name}</span>
            <span className="text-kumo-subtle">
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
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
        {children}
      </main>
    </>
  );
}
