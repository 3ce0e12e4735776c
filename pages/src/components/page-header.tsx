import type { ReactNode } from 'react';
import type { Failure } from '../api/client.ts';
import { timeOfDay } from '../models/format.ts';
import { FailureBanner } from './failure.tsx';
import { useTitle } from './use-title.ts';

interface Props {
  title: string;
  /** What the page is for, in a sentence. */
  children?: ReactNode;
  actions?: ReactNode;
  /** What follows keeps its own distance. */
  flush?: boolean;
}

export function PageHeader({ title, children, actions, flush = false }: Props) {
  useTitle(title);
  return (
    <div className={`flex flex-wrap items-start justify-between gap-x-4 gap-y-3 ${flush ? '' : 'mb-6'}`}>
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold break-words text-kumo-strong">{title}</h1>
        {children && <div className="mt-1 max-w-3xl text-sm text-kumo-subtle">{children}</div>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}

interface StaleProps {
  failure: Failure | null;
  loadedAt: number | null;
  onRetry(): void;
}

/** UI-2: an answer that could not be had, or is older than it looks. Nothing while all is well. */
export function StaleNote({ failure, loadedAt, onRetry }: StaleProps) {
  if (!failure) return null;
  const shown =
    loadedAt === null
      ? failure
      : {
          ...failure,
          detail: `${failure.detail} What you see is from ${timeOfDay(new Date(loadedAt).toISOString())}.`,
        };
  return (
    <div className="mb-4">
      <FailureBanner failure={shown} onRetry={onRetry} />
    </div>
  );
}
