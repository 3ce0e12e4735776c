import {
  BooksIcon,
  FlowArrowIcon,
  GaugeIcon,
  HandIcon,
  HeartbeatIcon,
  type Icon,
  KeyIcon,
  MedalIcon,
  PlugsConnectedIcon,
  PowerIcon,
  RobotIcon,
  ScrollIcon,
  SealCheckIcon,
  ShieldWarningIcon,
  SignatureIcon,
  StampIcon,
} from '@phosphor-icons/react';
import { Link, useLocation } from 'wouter';
import { useLivePipelines } from '../api/live-pipelines.tsx';
import { useCaller } from '../api/session.tsx';
import { isCurrent, navigationFor, type PagePath } from '../models/navigation.ts';
import { needsPerson } from '../models/pipeline-list.ts';

const ICONS: Record<PagePath, Icon> = {
  '/': FlowArrowIcon,
  '/approvals': StampIcon,
  '/agents': RobotIcon,
  '/violations': ShieldWarningIcon,
  '/promotions': MedalIcon,
  '/policies': ScrollIcon,
  '/mcp-servers': PlugsConnectedIcon,
  '/stops': PowerIcon,
  '/ledger': BooksIcon,
  '/witnesses': SignatureIcon,
  '/verify': SealCheckIcon,
  '/access': KeyIcon,
  '/quotas': GaugeIcon,
  '/health': HeartbeatIcon,
};

/** How many pipelines cannot go on without a person. */
export function useNeeds(): number {
  const { live } = useLivePipelines();
  return [...live.values()].filter(needsPerson).length;
}

/** What waits for a person, on every page. */
export function NeedsYou({ className = '' }: { className?: string }) {
  const needs = useNeeds();
  if (needs === 0) return null;
  return (
    <Link
      href="/?show=needs"
      className={`flex min-h-9 items-center gap-2.5 rounded-md px-2.5 font-medium text-kumo-warning hover:bg-kumo-tint ${className}`}
    >
      <HandIcon size={18} weight="fill" aria-hidden="true" />
      <span className="flex-1">Needs you</span>{' '}
      <span className="rounded-full bg-kumo-warning-tint px-2 text-sm tabular">{needs}</span>
    </Link>
  );
}

/** UI-1: the pages, by what people come for. */
export function MainNav({ onNavigate }: { onNavigate?: () => void }) {
  const { role } = useCaller();
  const [path] = useLocation();
  return (
    <nav aria-label="Main" className="flex flex-col gap-5">
      {navigationFor(role).map(({ title, pages }) => (
        <div key={title}>
          <p className="mb-1 px-2.5 text-xs font-medium text-kumo-subtle" id={`nav-${title}`}>
            {title}
          </p>
          <ul aria-labelledby={`nav-${title}`} className="flex flex-col gap-0.5">
            {pages.map(({ path: page, label }) => {
              const Icon = ICONS[page];
              const current = isCurrent(page, path);
              return (
                <li key={page}>
                  <Link
                    href={page}
                    aria-current={current ? 'page' : undefined}
                    onClick={onNavigate}
                    className="flex min-h-9 items-center gap-2.5 rounded-md px-2.5 font-medium text-kumo-subtle hover:bg-kumo-tint hover:text-kumo-strong aria-[current]:bg-kumo-tint aria-[current]:text-kumo-strong"
                  >
                    <Icon
                      size={18}
                      weight={current ? 'fill' : 'regular'}
                      aria-hidden="true"
                      className={current ? 'text-kumo-link' : ''}
                    />
                    {label}
                  </Link>
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </nav>
  );
}
